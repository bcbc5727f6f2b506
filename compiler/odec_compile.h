/* odec_compile.h -- the compiler: a model's text in, a program out.
 *
 * Diagnostics are text in the style of clang's, all of one compilation at once; they belong
 * to the program or, where there is none, to the diagnostics object.
 */
#ifndef ODEC_COMPILE_H
#define ODEC_COMPILE_H

#include "odec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the caller wants of a model; unset members leave it to the model's solve block. */
typedef struct odec_spec {
    size_t size;           /* sizeof(odec_spec) */
    const char *method;    /* NULL: the model's, else auto */
    const char *precision; /* "double", "float"; NULL: the model's, else double */
    const char *outputs;   /* "x,y"; NULL: all states, then all outs */
    const odec_save *save; /* NULL: the model's, else final */
    double dt;             /* fixed step; NAN: the model's, else adaptive */
    double t0, t1;         /* time span, for the method `auto`; NAN: the model's */
    double rtol;           /* NAN: the model's, else 1e-6 (in float 1e-4) */
    bool units_strict;     /* a mismatch of units is an error */
    bool color;            /* diagnostics for a terminal */
    /* a stage's name ("ast", "graph", ...): its text goes to the result; NULL */
    const char *dump;
    /* Memory; NULL: malloc and free. For tests and applications with their own. */
    void *(*allocate)(void *user, size_t bytes);
    void (*release)(void *user, void *pointer);
    void *user;
    double dt_max; /* no adaptive step will be longer; NAN: the model's, else none */
} odec_spec;

#define ODEC_SPEC_INIT                                                           \
    {                                                                            \
        .size = sizeof(odec_spec), .dt = NAN, .t0 = NAN, .t1 = NAN, .rtol = NAN, \
        .dt_max = NAN                                                            \
    }

/* A compilation: the program (NULL where it failed), its diagnostics, the dump asked for. */
typedef struct odec_compilation odec_compilation;

/* Compiles text (length bytes, named file_name in diagnostics). Without a spec (NULL)
 * everything is left to the model. Returns ODEC_OK, ODEC_ERROR_MODEL, ODEC_ERROR_ARGUMENT
 * where the spec does not say its size or asks for what this version does not know (of
 * either see the diagnostics), or ODEC_ERROR_MEMORY. *out is set also where the model or
 * the spec is wrong, NULL only where memory ran out. */
ODEC_API odec_status odec_compile(const char *file_name, const char *text,
                                  size_t length, const odec_spec *spec,
                                  odec_compilation **out);
ODEC_API const odec_program *odec_compilation_program(const odec_compilation *c);
/* "" where there are none. */
ODEC_API const char *odec_compilation_diagnostics(const odec_compilation *c);
ODEC_API int odec_compilation_n_warnings(const odec_compilation *c);
ODEC_API const char *odec_compilation_dump(const odec_compilation *c);
ODEC_API void odec_compilation_destroy(odec_compilation *c);

/* The integration methods by name, "auto" the first; NULL past the last. */
const char *odec_method_name(int i);

/* What a diagnostic's code means, or NULL. */
ODEC_API const char *odec_explain(const char *code);

#ifdef __cplusplus
}
#endif
#endif
