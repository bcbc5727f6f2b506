"""peer_diffrax.py RUNS REPEATS -- Lorenz as in bench.sh, by diffrax: tsit5 in double at
rtol = atol = 1e-8, t 0..10, rho 0..21, the final states alone, all runs under one vmap.

Prints "diffrax-VERSION,-PLATFORM RUNS ATTEMPTS SECONDS": the median of the repeats after the
one that compiles. Where memory is short it takes half the runs, and half of them again.
"""

import statistics
import sys
import time

import diffrax
import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp  # noqa: E402, with 64 bits


def lorenz(t, y, rho):
    u, v, w = y  # three arrays: faster than one of three
    return 10.0 * (v - u), u * (rho - w) - v, u * v - 8 / 3 * w


def solve(rho):
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lorenz),
        diffrax.Tsit5(),
        t0=0.0,
        t1=10.0,
        dt0=None,
        y0=(jnp.float64(1), jnp.float64(0), jnp.float64(0)),
        args=rho,
        saveat=diffrax.SaveAt(t1=True),
        stepsize_controller=diffrax.PIDController(rtol=1e-8, atol=1e-8),
        max_steps=16384,
        throw=False,
    )
    good = solution.result == diffrax.RESULTS.successful
    return solution.ys, good, solution.stats["num_steps"]


def measure(n_runs, n_repeats):
    batch = jax.jit(jax.vmap(solve))
    rho = jnp.linspace(0.0, 21.0, n_runs)
    seconds = []
    for _ in range(1 + n_repeats):
        before = time.perf_counter()
        _, good, n_steps = jax.block_until_ready(batch(rho))
        seconds.append(time.perf_counter() - before)
    if not good.all():
        sys.exit("not all of diffrax's runs are successful")
    return int(n_steps.sum()), statistics.median(seconds[1:])


def main():
    n_runs, n_repeats = int(sys.argv[1]), int(sys.argv[2])
    while True:
        try:
            n_attempts, seconds = measure(n_runs, n_repeats)
            break
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or n_runs < 2:
                raise
            n_runs //= 2
    platform = jax.devices()[0].device_kind.replace(" ", "-")
    print(f"diffrax-{diffrax.__version__},-{platform} {n_runs} {n_attempts} {seconds:.6f}")


main()
