/* odec_compile.h -- the compiler: a model's text in, a program out.
 *
 *   odec_table *table;
 *   odec_status status = odec_run_text(text, NULL, &table);
 *   if (status == ODEC_OK) {
 *       printf("%s is %g at %g\n", table->columns[0], table->values[0], table->times[0]);
 *   } else {
 *       fputs(table ? table->error : odec_status_text(status), stderr);
 *   }
 *   odec_table_destroy(table);
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

/* A value in place of the model's own: of a parameter, or by the name "x(0)" of state x at t0. */
typedef struct odec_default {
    const char *name;
    double value;
} odec_default;

/* What the caller wants of a model; unset members leave it to the model's solve block. */
typedef struct odec_spec {
    size_t size;           /* sizeof(odec_spec) */
    const char *method;    /* NULL: the model's, else auto */
    const char *precision; /* "double", "float"; NULL: the model's, else double */
    const char *outputs;   /* "x,y"; NULL: all states, then all outs */
    const odec_save *save; /* NULL: the model's, else final */
    double dt;             /* fixed step; NAN: the model's, else adaptive */
    double t0, t1;     /* time span; NAN: the model's; t0 beside a t1 alone: else 0 */
    double rtol;       /* NAN: the model's, else 1e-6 (in float 1e-4) */
    bool units_strict; /* a mismatch of units is an error */
    bool color;        /* diagnostics for a terminal */
    /* a stage's name ("ast", "graph", ...): its text goes to the result; NULL */
    const char *dump;
    /* Memory; NULL: malloc and free. For tests and applications with their own. */
    void *(*allocate)(void *user, size_t bytes);
    void (*release)(void *user, void *pointer);
    void *user;
    double dt_max; /* no adaptive step will be longer; NAN: the model's, else none */
    /* What the program's batches have where they say nothing themselves: [n_defaults] */
    const odec_default *defaults;
    size_t n_defaults;
    size_t default_size; /* sizeof(odec_default): from one to the next */
    /* An identifier NAME, "": the model's own name: odec_compilation_device gives the model's
     * functions in a namespace NAME_device. NULL: it does not. */
    const char *device_name;
} odec_spec;

#define ODEC_SPEC_INIT                                                             \
    {                                                                              \
        .size = sizeof(odec_spec), .dt = ODEC_NAN, .t0 = ODEC_NAN, .t1 = ODEC_NAN, \
        .rtol = ODEC_NAN, .dt_max = ODEC_NAN, .default_size = sizeof(odec_default) \
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
/* The model's functions for CUDA kernels of the application's own, a header in C++17 whose head
 * says how it is used: for nvcc, for NVRTC, and for a host's compiler. NULL where the spec has
 * no device_name, or the model is wrong. */
ODEC_API const char *odec_compilation_device(const odec_compilation *c);
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

/* ---- names of the model ---- */

/* What a name is. Texts stand as long as the library. */
typedef struct odec_name {
    size_t size; /* sizeof(odec_name) */
    const char *
        kind; /* "constant", "parameter", "state", "function", "intermediate", "output" */
    const char *article; /* before that: "a", "an" */
    int32_t line;        /* where it is defined, from 1 */
    double number; /* its value, where that is written as a number alone; else NAN */
} odec_name;

#define ODEC_NAME_INIT \
    { .size = sizeof(odec_name) }

/* Why a name is no parameter, for one. ODEC_ERROR_ARGUMENT: the model has no such name, or there
 * is no model, or `out` does not say its size. */
ODEC_API odec_status odec_compilation_name(const odec_compilation *c, const char *name,
                                           odec_name *out);

/* ---- the simple call: a model's text and arrays in, arrays out ---- */

/* A value that the runs have: of a parameter "k", or of a state at t0, "x(0)". */
typedef struct odec_setting {
    const char *name;
    double value;         /* every run's, where there is no column */
    const double *column; /* run r has column[r * stride]; NULL: `value` */
    int64_t stride;       /* in doubles; 0: 1, they follow one another */
} odec_setting;

/* What is to be run; unset members leave it to the model, as in odec_spec and odec_batch. */
typedef struct odec_run_options {
    size_t size;           /* sizeof(odec_run_options), */
    size_t setting_size;   /* and of odec_setting: from one in a list to the next */
    const char *file_name; /* the text's name in diagnostics; NULL: "model" */
    int64_t n_runs;
    const odec_setting
        *settings; /* [n_settings]; a name that is not there: the model's */
    int64_t n_settings;
    double t0, t1;
    const char *method, *precision, *outputs;
    double rtol, atol; /* atol: every state's */
    double dt, dt_max;
    int64_t max_attempts;
    const odec_save *save;
    const odec_solver_options *solver; /* device, threads, cache; NULL: as it comes */
    /* The caller's own memory for the values, with room for `capacity` of them; NULL: it is
     * the table's. */
    double *values;
    int64_t capacity;
} odec_run_options;

#define ODEC_RUN_OPTIONS_INIT                                                   \
    {                                                                           \
        .size = sizeof(odec_run_options), .setting_size = sizeof(odec_setting), \
        .n_runs = 1, .t0 = ODEC_NAN, .t1 = ODEC_NAN, .rtol = ODEC_NAN,          \
        .atol = ODEC_NAN, .dt = ODEC_NAN, .dt_max = ODEC_NAN                    \
    }

/* What came of it; the library makes it, and later versions add members at its end. All
 * of it is the table's, but for `values` where the caller gave memory. */
typedef struct odec_table {
    size_t size;       /* what the library knows of this struct */
    const char *error; /* why there are no values; "" where there are */
    const char
        *diagnostics; /* of the model, its warnings too; "" where there are none */
    const odec_compilation *compilation; /* NULL where the options were refused */
    int64_t n_runs, n_saves, n_columns;  /* 0 where there are no values */
    const char *const *columns;          /* [n_columns] names */
    const double *times;                 /* [n_saves] */
    /* [n_runs][n_saves][n_columns], double in float programs too; NaN from where a run
     * failed on */
    const double *values;
    const struct odec_run_record *records; /* [n_runs] status, time reached, steps */
    const odec_result *result;
} odec_table;

/* Compiles text (NUL-terminated) and integrates n_runs runs of it, in one call; what is to
 * be solved often is better compiled once (odec_compile, odec_solver_create). options may be
 * NULL: one run, as the model says. A status of odec_compile, odec_solver_create or
 * odec_solve, table->error in words; runs that fail have their status in `records`, and are
 * no error. *out is set also after a failure, NULL only where memory ran out for itself. */
ODEC_API odec_status odec_run_text(const char *text, const odec_run_options *options,
                                   odec_table **out);
ODEC_API void odec_table_destroy(odec_table *table);

/* The integration methods by name, "auto" the first; NULL past the last. */
ODEC_API const char *odec_method_name(int i);

/* What a diagnostic's code means, or NULL. */
ODEC_API const char *odec_explain(const char *code);
/* The codes that there are, in order; NULL past the last. */
ODEC_API const char *odec_diagnostic_code(int i);

#ifdef __cplusplus
}
#endif
#endif
