"""peer_gradsolve.py RUNS REPEATS [cpu] -- SciML's Lorenz (peer_problems.py) by GRADSOLVE's CUDA kernel,
its fastest: rtol = atol = 1e-6 .. 1e-9 in double, a line of peer_problems.report() each.

Kernel: a call with all arrays on the device; host: its own solve(), from host to host. Medians
after the call that compiles. cpu: its host build instead, to try this script.
"""

import statistics
import sys
import time

import gradsolve  # jax with 64 bits
import jax
import jax.numpy as jnp
import numpy as np
from gradsolve.cuda._ffi_bridge import make_runner
from peer_problems import lorenz, report


class Lorenz:
    name, dim, t0, t1, is_stiff = "diffeqgpu_lorenz", 3, 0.0, 1.0, False

    def f_jax(self, t, y, p):
        return jnp.stack(
            [10 * (y[1] - y[0]), y[0] * (p[0] - y[2]) - y[1], y[0] * y[1] - 8.0 / 3 * y[2]]
        )


def median_time(call, n_repeats):
    seconds, answer = [], None
    for _ in range(1 + n_repeats):
        before = time.perf_counter()
        answer = jax.block_until_ready(call())
        seconds.append(time.perf_counter() - before)
    return statistics.median(seconds[1:]), answer


def main():
    n_runs, n_repeats = int(sys.argv[1]), int(sys.argv[2])
    device = sys.argv[3] if len(sys.argv) > 3 else "cuda"
    y0, rho = lorenz(n_runs)
    problem, run = Lorenz(), make_runner("lorenz", 3, "float64", device)
    on_device = jnp.asarray(y0), jnp.asarray(rho)
    rows = np.ascontiguousarray(y0.T)
    for rtol in (1e-6, 1e-7, 1e-8, 1e-9):
        kernel, answer = median_time(lambda: run(*on_device, 1.0, rtol, rtol, 100000), n_repeats)

        def whole():
            return gradsolve.solve(
                problem, rows, rho[:, None], engine="cuda_tsit5", rtol=rtol, atol=rtol, device=device
            ).y_final

        host, _ = median_time(whole, n_repeats)
        report("lorenz", f"GRADSOLVE-{gradsolve.__version__}", rtol, kernel, host, np.asarray(answer[0]).T)


main()
