/* writing.h -- what both texts are made of. */
#ifndef ODEC_WRITING_H
#define ODEC_WRITING_H

#include "mem.h"
#include "odec.h"

/* What both texts are about. */
struct writing {
    struct arena *arena;
    const char *name;
    const odec_program *program;
    const char **members; /* [n_pars] of the struct of parameters */
    unsigned long long
        mark; /* of both texts, which ends the names that the linker sees */
};

void write_header(const struct writing *w, struct text *out); /* header.c: NAME.h */
void write_source(const struct writing *w, struct text *out); /* source.c: NAME.c */

/* writing.c: a number that reads back the same in C and C++, INFINITY or NAN. */
const char *written_number(struct arena *arena, double x);
/* The inside of a comment, " lorenz: attractor [1/s]", as much as is given of it. */
void write_about(struct text *out, const odec_quantity *quantity);
/* A string literal, in plain ASCII on one line. */
void write_string(struct text *out, const char *text);
/* The same for long ones: a literal for each of its lines, indented. */
void write_long_string(struct text *out, const char *text, const char *indent);

#endif
