/* half.c -- solves one run of the model NAME, and prints the first column's bits. */
#include <stdio.h>
#include <string.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define HEADER_(a) TEXT_(a.h)
#define HEADER(a) HEADER_(a)
#include HEADER(NAME)

int JOIN(solve_, NAME)(odec_context *context);
int JOIN(solve_, NAME)(odec_context *context) {
    enum { N = JOIN(NAME, _n_outputs) };
    double values[N];
    odec_solver *solver = NULL;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_output output = ODEC_OUTPUT_INIT;
    batch.n_runs = 1;
    batch.t0 = 0;
    batch.t1 = 10;
    odec_save final = ODEC_SAVE_INIT;
    final.kind = ODEC_SAVE_FINAL;
    batch.save = &final;
    output.values = values;
    batch.output = &output;
    odec_status status =
        odec_solver_create(context, &JOIN(NAME, _program), NULL, &solver);
    if (status == ODEC_OK) {
        status = odec_solve(solver, &batch, NULL, NULL);
    }
    odec_solver_destroy(solver);
    if (status != ODEC_OK) {
        fprintf(stderr, "%s\n", odec_context_error(context));
        return 1;
    }
    unsigned long long bits;
    memcpy(&bits, values, sizeof bits);
    printf("%s %llx ", TEXT(NAME), bits);
    return 0;
}
