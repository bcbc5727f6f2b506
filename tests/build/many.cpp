// many.cpp -- many generated solvers in one program of C++17, after headers that have macros for
// their names. many.sh makes headers.h, which includes all of theirs, and models.def: a MODEL(NAME) each.
#include <cassert>
#include <cerrno>
#include <climits>
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <sys/param.h>
#include <unistd.h>

#include "headers.h"

namespace {

odec_status keep(void *user, const odec_portion *portion) {
    *static_cast<double *>(user) = *static_cast<const double *>(portion->values);
    return ODEC_OK;
}

// The first column at the end of one run, NaN where it cannot be had.
double solved(odec_context *context, const odec_program &program, const odec_source *pars) {
    double found = NAN;
    odec_solver *solver = nullptr;
    odec_batch batch = odec_batch();
    batch.size = sizeof batch;
    batch.source_size = sizeof(odec_source);
    batch.t0 = batch.t1 = batch.rtol = batch.dt = batch.dt_max = NAN;
    batch.n_runs = 1;
    batch.pars = pars;
    odec_save final = odec_save();
    final.size = sizeof final;
    batch.save = &final;
    odec_sink sink = odec_sink();
    sink.size = sizeof sink;
    sink.write = keep;
    sink.user = &found;
    if (odec_solver_create(context, &program, nullptr, &solver) == ODEC_OK) {
        odec_solve(solver, &batch, &sink, nullptr);
    }
    odec_solver_destroy(solver);
    return found;
}

} // namespace

int main() {
    odec_context *context = nullptr;
    if (odec_context_create(&context) != ODEC_OK) {
        return 2;
    }
#define MODEL(name)                                                      \
    {                                                                    \
        name##_pars pars = name##_PARS_INIT;                             \
        odec_source sources[name##_n_pars + 1];                          \
        name##_uniform(&pars, sources);                                  \
        std::printf("%s %.17g\n", #name, solved(context, name##_program, sources)); \
    }
#include "models.def"
    std::fputs(odec_context_error(context), stderr);
    odec_context_destroy(context);
    return 0;
}
