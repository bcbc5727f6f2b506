/* programs.c -- see programs.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs.h"

struct choice_text choice_text(const struct choice *c) {
    struct choice_text text;
    snprintf(text.at, sizeof text.at, "%s %s %s %s %s", c->model, c->method,
             c->adaptive ? "adaptive" : "fixed", c->is_float ? "float" : "double",
             c->saves ? "saves" : "final");
    return text;
}

char *read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        const long n = ftell(f);
        rewind(f);
        text = n >= 0 ? calloc((size_t)n + 1, 1) : NULL;
        if (text && fread(text, 1, (size_t)n, f) != (size_t)n) {
            free(text);
            text = NULL;
        }
    }
    if (f) {
        fclose(f);
    }
    if (!text) {
        fprintf(stderr, "cannot read %s\n", path);
    }
    return text;
}

const odec_program *compile_choice(const char *source, const struct choice *c,
                                   odec_compilation **out) {
    const odec_save save = {.size = sizeof(odec_save),
                            .kind = c->saves ? ODEC_SAVE_EVERY : ODEC_SAVE_FINAL,
                            .dt = 0.1};
    odec_spec spec = ODEC_SPEC_INIT;
    spec.method = c->method;
    spec.precision = c->is_float ? "float" : "double";
    spec.save = &save;
    if (c->adaptive) {
        spec.rtol = c->is_float ? 1e-4 : 1e-6;
    } else {
        spec.dt = 0.01;
    }
    const odec_status status =
        odec_compile(c->model, source, strlen(source), &spec, out);
    const odec_program *program = *out ? odec_compilation_program(*out) : NULL;
    if (status != ODEC_OK || !program) {
        fprintf(stderr, "%s: %s", choice_text(c).at,
                *out ? odec_compilation_diagnostics(*out) : "out of memory\n");
        odec_compilation_destroy(*out);
        *out = NULL;
        return NULL;
    }
    return program;
}
