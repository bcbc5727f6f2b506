"""peer_heyoka.py MODEL LO HI N STRIDE T1 TOLERANCE TURNS -- the explicit benches' runs by
heyoka: every STRIDE-th point of the sweep LO .. HI of N, from the model's initial values.

Prints a line, "BATCH OVERHEAD STEPS US US ..", and the final states as raw doubles, a run
after the other: runs at once, microseconds of a run that are Python's calls (measured by a
span of no steps, and not in what follows), steps a run, microseconds a run of each turn
(CPU time, one thread).

Batch mode with the expressions unrolled (compact_mode off) and without compensated sums
(high_accuracy off); of the batch sizes that the processor suggests the fastest is taken.
"""

import sys
import time

import heyoka as hy
import numpy as np


def lorenz():
    x, y, z = hy.make_vars("x", "y", "z")
    rho = hy.par[0]
    return [(x, 10.0 * (y - x)), (y, x * (rho - z) - y), (z, x * y - (8.0 / 3) * z)], [1.0, 0.0, 0.0]


def hodgkin_huxley():
    V, m, h, n = hy.make_vars("V", "m", "h", "n")
    exp = hy.exp

    def vtrap(x):  # its removable singularity is met by no step
        return x / (1.0 - exp(-x))

    current = 120.0 * m**3 * h * (V - 50.0) + 36.0 * n**4 * (V + 77.0) + 0.3 * (V + 54.387)
    return [
        (V, hy.par[0] - current),
        (m, vtrap((V + 40.0) / 10.0) * (1.0 - m) - 4.0 * exp(-(V + 65.0) / 18.0) * m),
        (h, 0.07 * exp(-(V + 65.0) / 20.0) * (1.0 - h) - h / (1.0 + exp(-(V + 35.0) / 10.0))),
        (n, 0.1 * vtrap((V + 55.0) / 10.0) * (1.0 - n) - 0.125 * exp(-(V + 65.0) / 80.0) * n),
    ], [-65.0, 0.053, 0.596, 0.318]


MODELS = {"lorenz": lorenz, "hodgkin_huxley": hodgkin_huxley}


class Runner:
    def __init__(self, model, swept, tolerance, batch, wide):
        equations, start = MODELS[model]()
        self.batch = batch
        self.swept = swept.reshape(-1, batch)
        self.start = np.tile(np.array(start)[:, None], (1, batch))
        self.solver = hy.taylor_adaptive_batch(
            equations,
            self.start,
            tol=tolerance,
            pars=self.swept[0][None, :],
            compact_mode=False,
            high_accuracy=False,
            force_avx512=wide,
        )

    def turn(self, t1):
        """Seconds of CPU, final states [runs][states], steps of all runs."""
        solver, ends, n_steps = self.solver, [], 0
        state, pars = solver.state, solver.pars  # views
        begin = time.process_time()
        for swept in self.swept:
            state[:] = self.start
            pars[0] = swept
            solver.set_time(0.0)
            solver.propagate_until(t1)
            ends.append(state.copy())
            n_steps += sum(result[3] for result in solver.propagate_res)
        seconds = time.process_time() - begin
        if any(result[0] != hy.taylor_outcome.time_limit for result in solver.propagate_res):
            sys.exit("heyoka did not reach the end")
        return seconds, np.concatenate([end.T for end in ends]), n_steps


def main():
    model = sys.argv[1]
    low, high = float(sys.argv[2]), float(sys.argv[3])
    n, stride = int(sys.argv[4]), int(sys.argv[5])
    t1, tolerance, n_turns = float(sys.argv[6]), float(sys.argv[7]), int(sys.argv[8])
    i = np.arange(0, n, stride)
    swept = low + (high - low) * i / (n - 1)
    kinds = [(4, False), (8, False), (8, True)]
    runners = [Runner(model, swept, tolerance, *kind) for kind in kinds if len(swept) % kind[0] == 0]
    runner = min(runners, key=lambda r: min(r.turn(t1)[0] for _ in range(2)))
    overhead = min(runner.turn(0.0)[0] for _ in range(3))
    turns = [runner.turn(t1) for _ in range(n_turns)]
    per_run = 1e6 / len(swept)
    us = [(seconds - overhead) * per_run for seconds, _, _ in turns]
    print(runner.batch, overhead * per_run, turns[0][2] / len(swept), *us, flush=True)
    sys.stdout.buffer.write(np.ascontiguousarray(turns[0][1]).tobytes())


main()
