/* cc.h -- the system's C compiler, or another one: found at run time, run without a shell.
 *
 * The text goes in on standard input and the shared object comes back as bytes;
 * arguments are ours and, before them, options that were named with it (cc_find.c). Of the
 * environment it gets what it needs to find its own. All files that it makes are in one directory
 * (cc_directory.h).
 */
#ifndef ODEC_CC_H
#define ODEC_CC_H

#include "bytes.h"
#include "context.h"

struct cc {
    const char *title; /* in messages: "the C compiler" */
    const char *input; /* what it calls its standard input */
    char *path;        /* what is executed */
    char *real_path;   /* where the links of the compiler end, for the cache key */
    char **
        words; /* what comes before our flags, as in "gcc -m64"; NULL at its end, or NULL */
    const char
        *named; /* [named_bytes] the words as they were named, for the cache key */
    size_t named_bytes;
    int64_t size, mtime_ns;                      /* of that file */
    bool (*waiting)(void *user, double seconds); /* see odec_solver_options; or NULL */
    void *waiting_user;
    double most_seconds; /* the compiler's; 0: no limit */
};

/* asked: a name to look for on PATH or a path, perhaps with options; NULL: $ODEC_CC, else gcc,
 * clang, cc. */
odec_status cc_find(struct odec_context *context, const char *asked, struct cc *out);
/* One of another kind, by a name to look for on PATH or a path; of the title and the input that
 * the caller has put into *out. *is_there false, and nothing to release: there is no such
 * one. */
odec_status cc_find_named(struct odec_context *context, const char *name,
                          struct cc *out, bool *is_there);
void cc_release(struct cc *cc);

/* flags: NULL-terminated, without input and output. ODEC_CANCELLED where waiting said
 * so. */
odec_status cc_build(struct odec_context *context, const struct cc *cc,
                     const char *const *flags, const char *text, struct bytes *out);
/* What it prints when it is called with these flags alone. */
odec_status cc_ask(struct odec_context *context, const struct cc *cc,
                   const char *const *flags, struct bytes *out);

#endif
