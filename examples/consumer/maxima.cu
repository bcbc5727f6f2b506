/* maxima.cu -- a CUDA kernel of one's own around a step that odec has generated: how long the
 * Lorenz system takes from one maximum of z to the next, over rho, one value a thread.
 *
 * A maximum is where z' goes through zero from above. It is looked for in every step, and located
 * by bisection within the step's dense output; the step's error estimate decides how long the next
 * one is.
 *
 *   odec build examples/lorenz.ode -o made --device
 *   nvcc -std=c++17 -Imade examples/consumer/maxima.cu -o maxima && ./maxima
 */
#include "lorenz_device.cuh"

namespace model = lorenz_device;

enum { RHO = 1, Z = 2 }; /* where the head of lorenz_device.cuh says that they are */

struct maxima_args {
    double lo, hi; /* of rho */
    double t_begin, t_end; /* maxima before t_begin do not count */
    double *periods;       /* [n] mean time from one to the next */
    int n;
};

/* Where in the step taken last z' = 0, as a part of it. */
static __device__ double locate(const model::workspace &w, const model::run &r, double t,
                                double h) {
    double before = 0, after = 1;
    double y[model::n_states], dy[model::n_states];
    for (int i = 0; i < 40; i++) {
        const double middle = (before + after) / 2;
        model::dense(w, middle, y);
        model::rhs(r, t + middle * h, y, dy);
        (dy[Z] > 0 ? before : after) = middle;
    }
    return before;
}

static __device__ double mean_period(double rho, double t_begin, double t_end) {
    const double atol[model::n_states] = {1e-9, 1e-9, 1e-9};
    double p[model::n_pars], y[model::n_states], y1[model::n_states];
    double dy[model::n_states], dy1[model::n_states];
    double t = 0, h = 1e-3, first = 0, last = 0;
    int n_maxima = 0;
    model::run r;
    model::workspace w;
    model::defaults(p);
    p[RHO] = rho;
    model::prepare(r, p);
    model::initial(t, p, y);
    model::begin(w, r, t, y);
    model::rhs(r, t, y, dy);
    while (t < t_end) {
        model::step(w, r, t, h, y, y1);
        const double error = model::squared_error(w, 1e-9, atol);
        if (!(error <= 1)) { /* a NaN is not good either */
            h /= 2;
            continue;
        }
        model::rhs(r, t + h, y1, dy1);
        if (t >= t_begin && dy[Z] > 0 && dy1[Z] <= 0) {
            model::complete(w);
            last = t + h * locate(w, r, t, h);
            first = n_maxima++ == 0 ? last : first;
        }
        model::accept(w);
        for (int i = 0; i < model::n_states; i++) {
            y[i] = y1[i];
            dy[i] = dy1[i];
        }
        t += h;
        h = error < 1e-4 ? 2 * h : h;
    }
    return n_maxima > 1 ? (last - first) / (n_maxima - 1) : 0;
}

extern "C" __global__ void maxima(const __grid_constant__ struct maxima_args args) {
    const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < args.n) {
        const double rho = args.lo + (args.hi - args.lo) * i / (args.n - 1);
        args.periods[i] = mean_period(rho, args.t_begin, args.t_end);
    }
}

#ifndef __CUDACC_RTC__ /* an application that compiles this text by NVRTC has its own */
#include <cstdio>

static bool is_good(cudaError_t error) {
    if (error != cudaSuccess) {
        fprintf(stderr, "maxima: %s\n", cudaGetErrorString(error));
    }
    return error == cudaSuccess;
}

int main() {
    enum { N = 1024, BLOCK = 128 };
    maxima_args args = {25, 200, 20, 120, nullptr, N};
    if (!is_good(cudaMallocManaged(&args.periods, N * sizeof(double)))) {
        return 1;
    }
    maxima<<<N / BLOCK, BLOCK>>>(args);
    const bool good = is_good(cudaGetLastError()) && is_good(cudaDeviceSynchronize());
    for (int i = 0; good && i < N; i += N / 8) {
        printf("rho = %6.2f: %.6f from one maximum to the next\n",
               args.lo + (args.hi - args.lo) * i / (N - 1), args.periods[i]);
    }
    cudaFree(args.periods);
    return good ? 0 : 1;
}
#endif
