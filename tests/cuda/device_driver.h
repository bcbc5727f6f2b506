/* device_driver.h -- a caller of NAME_device.cuh, for device_steps.c: the header comes before it,
 * included with -include, and MODEL is its namespace. All but parameters is in doubles, whatever a
 * scalar is. As CUDA's text (__CUDACC__, by host_words.h)
 * its functions are one thread's; else they are the host's.
 */
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace model = MODEL;
using model::scalar;

#define SHOW extern "C" __attribute__((visibility("default")))

enum { N = model::n_states };

SHOW int driver_error_order(void) { return model::error_order; }

static void start(model::run &r, double t0, double par, scalar *y) {
    scalar p[model::n_pars + !model::n_pars];
    model::defaults(p);
    if (model::n_pars) {
        p[0] = (scalar)par;
    }
    model::prepare(r, p, t0);
    model::initial((scalar)t0, p, y);
}

/* What has passed since t as odec's kernels have it: in float of two parts each. */
static scalar since(double a, double b) {
    const scalar a_hi = (scalar)a, b_hi = (scalar)b;
    return (a_hi - b_hi) + ((scalar)(a - (double)a_hi) - (scalar)(b - (double)b_hi));
}

/* n steps of dt on odec's grid of fixed steps, from t0: states after each to out [n][n_states],
 * and within each, where `due` [n] has passed since t0, to within. */
SHOW void driver_steps(double t0, double par, double dt, int n, const double *due,
                       double *out, double *within) {
    model::run r;
    model::workspace w;
    scalar y[N], y1[N], inside[N];
    start(r, t0, par, y);
    model::begin(w, r, 0, y);
    for (int i = 0; i < n; i++) {
        const double t = __builtin_fma(i, dt, 0);
        model::step(w, r, (scalar)t, (scalar)dt, y, y1);
        model::complete(w);
        model::dense(w, since(due[i], t) / (scalar)dt, inside);
        model::accept(w);
        for (int k = 0; k < N; k++) {
            out[i * N + k] = y[k] = y1[k];
            within[i * N + k] = inside[k];
        }
    }
}

/* One step of h: the estimates of the states' errors, their squared norm, and the solution. */
SHOW double driver_error(double par, double h, double rtol, const double *atol,
                         double *e, double *y0, double *end) {
    model::run r;
    model::workspace w;
    scalar y[N], y1[N];
    double norm = 0;
    start(r, 0, par, y);
    model::begin(w, r, 0, y);
    model::step(w, r, 0, (scalar)h, y, y1);
    scalar errors[N] = {};
#ifdef HAS_ERROR
    model::error(w, errors);
    norm = model::squared_error(w, rtol, atol);
#else
    (void)rtol, (void)atol;
#endif
    for (int k = 0; k < N; k++) {
        e[k] = errors[k];
        y0[k] = y[k];
        end[k] = y1[k];
    }
    return norm;
}

/* dy = f at (t, y) */
SHOW void driver_rhs(double par, double t, const double *y, double *dy) {
    model::run r;
    scalar start_y[N], at[N], f[N];
    start(r, 0, par, start_y);
    for (int k = 0; k < N; k++) {
        at[k] = (scalar)y[k];
    }
    model::rhs(r, (scalar)t, at, f);
    for (int k = 0; k < N; k++) {
        dy[k] = f[k];
    }
}

#ifdef HAS_JACOBIAN
/* The Jacobian as a full matrix [row][column] and df/dt, and the solution x of (J - d I) x = b. */
SHOW int driver_jacobian(double par, double t, const double *y, double d,
                         const double *b, double *full, double *per_time, double *x) {
    model::run r;
    scalar start_y[N], at[N], f[N], ft[model::n_time + !model::n_time],
        lu[model::n_factors];
    scalar solution[N];
    start(r, 0, par, start_y);
    for (int k = 0; k < N; k++) {
        at[k] = (scalar)y[k];
        solution[k] = (scalar)b[k];
        per_time[k] = 0;
    }
    for (int k = 0; k < N * N; k++) {
        full[k] = 0;
    }
    model::jacobian(r, (scalar)t, at, f, ft, lu);
    for (int k = 0; k < model::n_jacobian; k++) {
        full[model::jacobian_row(k) * N + model::jacobian_column(k)] =
            lu[model::jacobian_place(k)];
    }
    for (int k = 0; k < model::n_time; k++) {
        per_time[model::time_row(k)] = ft[k];
    }
    const bool good = model::factor((scalar)d, lu);
    model::solve(lu, solution);
    for (int k = 0; k < N; k++) {
        x[k] = solution[k];
    }
    return good;
}
#endif
