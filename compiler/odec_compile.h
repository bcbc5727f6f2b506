/* odec_compile.h -- the compiler: a model's text in, a program out.
 *
 * Diagnostics belong to the compilation: as text in the style of clang's, all of them at
 * once, and as data, for an editor or a window.
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

/* Compiles text (length bytes, named file_name in diagnostics, NULL: "model"). Without a spec (NULL)
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
ODEC_API int odec_compilation_n_errors(const odec_compilation *c);
ODEC_API int odec_compilation_n_warnings(const odec_compilation *c);
ODEC_API const char *odec_compilation_dump(const odec_compilation *c);
ODEC_API void odec_compilation_destroy(odec_compilation *c);

/* ---- diagnostics as data: what the text says ---- */

typedef enum odec_severity {
    ODEC_SEVERITY_ERROR,
    ODEC_SEVERITY_WARNING,
    ODEC_SEVERITY_NOTE
} odec_severity;

/* A diagnostic, or a note that belongs to one. Texts are the compilation's, UTF-8, without
 * colours, "" where there is none. Lines and columns count from 1, columns in characters
 * (code points); an end is just behind the last character. A diagnostic that is about the
 * spec has no place: 0 in all of them. */
typedef struct odec_diagnostic {
    size_t size; /* sizeof(odec_diagnostic) */
    odec_severity severity;
    int32_t belongs_to; /* a note: which diagnostic it explains; else -1 */
    const char *code;   /* "E0203", for odec_explain; a note that explains has none */
    const char *file;   /* the file_name of odec_compile */
    int32_t line, column;
    int32_t end_line, end_column;
    int64_t start, end; /* bytes of the text, from 0 */
    const char *text;   /* the message */
    const char *hint;   /* what may have been meant, what to write instead */
} odec_diagnostic;

#define ODEC_DIAGNOSTIC_INIT \
    { .size = sizeof(odec_diagnostic) }

/* In order of place, each followed by its notes, as in the text, which shows the first 50
 * diagnostics; of so many errors that nobody reads them the first 1000 are here. */
ODEC_API int32_t odec_compilation_n_diagnostics(const odec_compilation *c);
/* ODEC_ERROR_ARGUMENT: there is no diagnostic i, or `out` does not say its size. */
ODEC_API odec_status odec_compilation_diagnostic(const odec_compilation *c, int32_t i,
                                                 odec_diagnostic *out);

/* The integration methods by name, "auto" the first; NULL past the last. */
ODEC_API const char *odec_method_name(int i);

/* What a diagnostic's code means, or NULL. */
ODEC_API const char *odec_explain(const char *code);

#ifdef __cplusplus
}
#endif
#endif
