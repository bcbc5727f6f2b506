/* application.c -- integrates the model named and prints its final state. Its own functions have
 * names that odec's have inside of it, and neither calls the other's.
 */
#include <odec_compile.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN(name)    \
    void name(void); \
    void name(void) { abort(); }
OWN(check)
OWN(parse)
OWN(fuse)
OWN(pool_create)
OWN(hoist)
OWN(lower)
OWN(emit)

static odec_status print_final(void *user, const odec_portion *portion) {
    const odec_program *program = user;
    const double *values = portion->values;
    for (int32_t k = 0; k < program->n_columns; k++) {
        printf("%.17g%c", values[k], k + 1 < program->n_columns ? ',' : '\n');
    }
    return ODEC_OK;
}

static char *read_file(const char *path, size_t *length) {
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    *length = fread(text, 1, sizeof text, file);
    fclose(file);
    return text;
}

static odec_status solve(odec_context *context, const odec_program *program) {
    odec_solver *solver = NULL;
    odec_status status = odec_solver_create(context, program, NULL, &solver);
    if (status == ODEC_OK) {
        odec_batch batch = ODEC_BATCH_INIT;
        odec_sink sink = ODEC_SINK_INIT;
        odec_result result = ODEC_RESULT_INIT;
        batch.n_runs = 1;
        sink.write = print_final;
        sink.user = (void *)program;
        status = odec_solve(solver, &batch, &sink, &result);
    }
    odec_solver_destroy(solver);
    return status;
}

int main(int argc, char **argv) {
    odec_compilation *compilation = NULL;
    odec_context *context = NULL;
    size_t length = 0;
    char *text = argc == 2 ? read_file(argv[1], &length) : NULL;
    if (text == NULL || odec_context_create(&context) != ODEC_OK) {
        return 2;
    }
    odec_spec spec = ODEC_SPEC_INIT;
    odec_save save = ODEC_SAVE_INIT;
    spec.save = &save;
    odec_status status = odec_compile(argv[1], text, length, &spec, &compilation);
    if (status == ODEC_OK) {
        status = solve(context, odec_compilation_program(compilation));
    }
    if (status != ODEC_OK) {
        fprintf(stderr, "%s: %s\n", odec_status_text(status),
                odec_context_error(context));
    }
    odec_context_destroy(context);
    odec_compilation_destroy(compilation);
    return status != ODEC_OK;
}
