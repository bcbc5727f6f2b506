/* path.h -- where a file's name leads, and what makes a change of its directory last. */
#ifndef ODEC_PATH_H
#define ODEC_PATH_H

/* The name that a file of this name has once links are followed, also those to nothing that is
 * there yet. malloc'd; NULL: see errno. */
char *path_follow(const char *path);

/* The directory that the name is in; malloc'd, NULL: there is no memory. */
char *path_directory(const char *path);

/* What names its directory has now outlasts a loss of power. 0, or what errno says; where
 * directories cannot be flushed, 0. */
int path_sync_directory(const char *path);

#endif
