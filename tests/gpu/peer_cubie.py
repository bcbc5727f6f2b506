"""peer_cubie.py RUNS REPEATS -- both problems of peer_problems.py by CuBIE, a line of
peer_problems.report() each: van der Pol in float at its published rtol 1e-3, atol 1e-6, by its
published rk45 and by tsit5; Lorenz in double at rtol = atol = 1e-6 .. 1e-9 by tsit5.

Kernel: the GPU's own clock about the launches; host: its solve(), from host to host. Medians
after the call that compiles.
"""

import statistics
import sys
import time

import cubie
import numpy as np
from peer_problems import PROBLEMS, report

EQUATIONS = {
    "lorenz": (
        ["dx = 10.0*(y - x)", "dy = x*(rho - z) - y", "dz = x*y - 8.0/3.0*z"],
        {"x": 1.0, "y": 0.0, "z": 0.0},
        {"rho": 28.0},
    ),
    "van_der_pol": (["dx = v", "dv = mu*(1 - x*x)*v - x"], {"x": 1.0, "v": 0.0}, {"mu": 1.5}),
}


def kernel_seconds(solver):
    events = [e for e in solver.kernel._cuda_events if e.name.startswith("kernel_chunk")]
    return sum(event.elapsed_time_ms() for event in events) * 1e-3


def measure(problem, n_runs, n_repeats, method, rtol, atol):
    batch, _, t1, _, kind = PROBLEMS[problem]
    equations, states, parameters = EQUATIONS[problem]
    y0, par = batch(n_runs)
    y0, par = y0.astype(kind), par.astype(kind)[None, :]
    system = cubie.create_ODE_system(equations, states=states, parameters=parameters, precision=kind)
    solver = cubie.Solver(
        system, algorithm=method, rtol=rtol, atol=atol, output_types=["state"], time_logging_level="silent"
    )
    # Its states are in an order of its own.
    order = [system.states.names.index(name) for name in states]
    inputs = np.empty_like(y0)
    inputs[order] = y0
    kernels, hosts = [], []
    for _ in range(1 + n_repeats):
        before = time.perf_counter()
        result = solver.solve(inputs, par, duration=t1, grid_type="verbatim")
        hosts.append(time.perf_counter() - before)
        kernels.append(kernel_seconds(solver))
    # [saves][states][runs]
    final = np.asarray(result.as_numpy["time_domain_array"])[-1, order, :].T
    who = f"CuBIE-{cubie.__version__},-{method}" + ("-float" if problem == "van_der_pol" else "")
    report(problem, who, rtol, statistics.median(kernels[1:]), statistics.median(hosts[1:]), final)


def main():
    n_runs, n_repeats = int(sys.argv[1]), int(sys.argv[2])
    for method in ("rk45", "tsit5"):
        measure("van_der_pol", n_runs, n_repeats, method, 1e-3, 1e-6)
    for rtol in (1e-8, 1e-6, 1e-7, 1e-9):
        measure("lorenz", n_runs, n_repeats, "tsit5", rtol, rtol)


main()
