// scan.cpp -- a parameter scan with a solver that was generated when this program was built: for
// which a and b does the Brusselator oscillate? Theory says: where b > 1 + a^2.

#include <cmath>
#include <cstdio>
#include <vector>

#include "brusselator.h"

namespace {

constexpr int n_a = 61, n_b = 41, n_runs = n_a * n_b;
constexpr double a_lo = 0.5, a_hi = 2, b_lo = 0.5, b_hi = 4;

// Final states, one row a run.
odec_status solve(odec_context *context, std::vector<double> &out) {
    odec_solver *solver = nullptr;
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    options.device = "cpu";
    odec_status status =
        odec_solver_create(context, &brusselator_program, &options, &solver);
    if (status == ODEC_OK) {
        // b runs through its points n_a times, a stays for n_b runs.
        odec_source pars[brusselator_n_pars] = {};
        odec_source &a = pars[brusselator_par_a], &b = pars[brusselator_par_b];
        a.kind = b.kind = ODEC_SOURCE_GRID;
        a.lo = a_lo, a.hi = a_hi, a.n = n_a, a.repeat = n_b;
        b.lo = b_lo, b.hi = b_hi, b.n = n_b, b.repeat = 1;
        odec_batch batch = ODEC_BATCH_INIT;
        odec_output output = ODEC_OUTPUT_INIT;
        batch.n_runs = n_runs;
        batch.pars = pars;
        output.values = out.data();
        batch.output = &output;
        status = odec_solve(solver, &batch, nullptr, nullptr);
    }
    odec_solver_destroy(solver);
    return status;
}

// Prints a map and counts where it is not as theory says, but for near the border, where it takes
// longer than we waited.
int compare(const std::vector<double> &out) {
    int n_wrong = 0, n_oscillate = 0;
    for (int i = 0; i < n_a; i++) {
        for (int k = 0; k < n_b; k++) {
            const double a = odec_grid_point(a_lo, a_hi, n_a, false, i);
            const double b = odec_grid_point(b_lo, b_hi, n_b, false, k);
            const double *end = &out[(i * n_b + k) * brusselator_n_outputs];
            const double distance = std::hypot(end[brusselator_output_x] - a,
                                               end[brusselator_output_y] - b / a);
            const bool oscillates = distance > 1e-3;
            const double beyond = b - 1 - a * a;
            n_wrong += std::fabs(beyond) > 0.2 && oscillates != (beyond > 0);
            n_oscillate += oscillates;
            std::putchar(oscillates ? '#' : '.');
        }
        std::putchar('\n');
    }
    std::printf("%d of %d oscillate, %d are not as theory says\n", n_oscillate, n_runs,
                n_wrong);
    return n_wrong > 0 || n_oscillate == 0 || n_oscillate == n_runs;
}

} // namespace

int main() {
    odec_context *context = nullptr;
    std::vector<double> out(n_runs * brusselator_n_outputs);
    if (odec_context_create(&context) != ODEC_OK) {
        return 1;
    }
    const odec_status status = solve(context, out);
    if (status != ODEC_OK) {
        std::fprintf(stderr, "scan: %s\n", odec_context_error(context));
    }
    odec_context_destroy(context);
    return status != ODEC_OK || compare(out);
}
