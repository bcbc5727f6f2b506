/* solve.c -- a program around a generated solver, whose name is MODEL: solves a batch, in which one
 * state's initial value is swept, and prints its digest. The bits are those of `odec run`, although
 * this application has set for itself that subnormal numbers are zero.
 *
 *   solve RUNS [STATE LO HI]
 */
#include <stdio.h>
#include <stdlib.h>

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(what) JOIN(MODEL, what)
#define QUOTE_(a) #a
#define QUOTE(a) QUOTE_(a)
#include QUOTE(MODEL.h)

static void flush_subnormals(void) {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040); /* FTZ, DAZ */
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(UINT64_C(1) << 24)); /* FZ */
#endif
}

static odec_status solve(odec_context *context, int argc, char **argv) {
    odec_source pars[OF(_n_pars) + 1], states[OF(_n_states)] = {{.stride = 0}};
    const OF(_pars) values = OF(_PARS_INIT);
    odec_batch batch = ODEC_BATCH_INIT;
    odec_result result = ODEC_RESULT_INIT;
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_solver *solver = NULL;
    OF(_uniform)(&values, pars);
    batch.n_runs = atoi(argv[1]);
    batch.pars = pars;
    batch.states = states;
    batch.save = OF(_program).save;
    if (argc > 4) {
        states[atoi(argv[2])] = (odec_source){.kind = ODEC_SOURCE_GRID,
                                              .lo = atof(argv[3]),
                                              .hi = atof(argv[4]),
                                              .n = batch.n_runs,
                                              .repeat = 1};
    }
    options.device = "cpu";
    odec_status status = odec_solver_create(context, &OF(_program), &options, &solver);
    if (status == ODEC_OK) {
        status = odec_solver_device_info(solver, 0, &info);
        fprintf(stderr, "%s\n", info.description);
    }
    if (status == ODEC_OK) {
        status = odec_solve(solver, &batch, NULL, &result);
    }
    if (status == ODEC_OK) {
        printf("%s\n", result.digest);
    } else {
        fprintf(stderr, "error: %s\n", odec_context_error(context));
    }
    odec_solver_destroy(solver);
    return status;
}

int main(int argc, char **argv) {
    odec_context *context;
    if (argc < 2 || odec_context_create(&context) != ODEC_OK) {
        return 2;
    }
    flush_subnormals();
    const odec_status status = solve(context, argc, argv);
    odec_context_destroy(context);
    return status != ODEC_OK;
}
