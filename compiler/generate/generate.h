/* generate.h -- a program as C: NAME.h and NAME.c, which link to odec's runtime alone.
 *
 *   NAME.h   what an application sees: indices, parameters, sizes, the program
 *   NAME.c   compiled once for each level of levels.def, the kernel; and once without, the
 *            program with a table of the kernels
 *
 * Texts depend on the program and the name alone: no path, date, host or locale is in them.
 */
#ifndef ODEC_GENERATE_H
#define ODEC_GENERATE_H

#include "odec.h"

enum { GENERATE_NAME = 256 }; /* of a name, with its NUL */

/* NAME from a model's path: the file's name without its ending, as an identifier of C. False:
 * there is no letter and no digit in it, or it is too long. */
bool generate_name(const char *path, char out[GENERATE_NAME]);
/* Is it one already? */
bool generate_is_name(const char *name);
/* Whose header NAME.h would hide, or NULL: "the system", "the compiler", "odec". */
const char *generate_hides(const char *name);

/* Both texts, NUL-terminated. */
struct generated {
    const char *header, *source;
    struct arena *arena; /* theirs */
};

/* ODEC_ERROR_MEMORY, or ODEC_ERROR_ARGUMENT where the program has no text for the CPU; then
 * there is nothing to release. */
odec_status generate(const odec_program *program, const char *name,
                     struct generated *out);
void generated_release(struct generated *generated); /* all zero is fine */

#endif
