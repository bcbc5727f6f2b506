"""peer_diffrax.py RUNS REPEATS [points] -- Lorenz as in bench.sh, by diffrax: tsit5 in double at
rtol = atol = 1e-8, t 0..10, rho 0..21, the final states alone, all runs under one vmap. With
points: SciML's Lorenz, t 0..1, at 1e-6 .. 1e-9, a line of peer_problems.report() each.

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


def solve(rho, t1=10.0, tolerance=1e-8):
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lorenz),
        diffrax.Tsit5(),
        t0=0.0,
        t1=t1,
        dt0=None,
        y0=(jnp.float64(1), jnp.float64(0), jnp.float64(0)),
        args=rho,
        saveat=diffrax.SaveAt(t1=True),
        stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
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


def name():
    platform = jax.devices()[0].device_kind.replace(" ", "-")
    return f"diffrax-{diffrax.__version__},-{platform}"


def points(n_runs, n_repeats):
    import numpy as np
    from peer_problems import lorenz as batch_of
    from peer_problems import report

    rho = batch_of(n_runs)[1]
    for tolerance in (1e-8, 1e-6, 1e-7, 1e-9):
        batch = jax.jit(jax.vmap(lambda r: solve(r, 1.0, tolerance)[0]))  # noqa: B023, used at once
        on_device, kernel, host = jnp.asarray(rho), [], []
        for _ in range(1 + n_repeats):
            before = time.perf_counter()
            jax.block_until_ready(batch(on_device))
            kernel.append(time.perf_counter() - before)
            before = time.perf_counter()
            final = np.stack([np.asarray(y) for y in batch(jnp.asarray(rho))]).reshape(3, -1).T
            host.append(time.perf_counter() - before)
        report("lorenz", name(), tolerance, statistics.median(kernel[1:]), statistics.median(host[1:]), final)


def main():
    n_runs, n_repeats = int(sys.argv[1]), int(sys.argv[2])
    if sys.argv[3:] == ["points"]:
        return points(n_runs, n_repeats)
    while True:
        try:
            n_attempts, seconds = measure(n_runs, n_repeats)
            break
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error) or n_runs < 2:
                raise
            n_runs //= 2
    print(f"{name()} {n_runs} {n_attempts} {seconds:.6f}")


main()
