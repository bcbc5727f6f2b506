"""peer_problems.py -- the batches on which bench.sh compares odec with its peers, and the
error of what either computes.

    peer_problems.py PROBLEM RUNS FINAL.npy   prints what report() says of odec's file

Problems: "lorenz", which SciML publishes: rho evenly in 0 .. 21, from (1, 0, 0), t 0 .. 1, in
double; "van_der_pol", which CuBIE publishes: every mu of 1 .. 3 with every x(0) of 1 .. 2, as many of
the one as of the other, v(0) = 0, t 0 .. 20, in float.
"""

import sys

import numpy as np

N_CHECKED = 1024  # runs whose error is looked at, evenly over the batch


def grid(low, high, n):
    return low + (high - low) * np.arange(n) / max(n - 1, 1)


def lorenz(n_runs):
    """Initial values [3][runs] and the parameter [runs]."""
    return np.tile(np.array([[1.0], [0.0], [0.0]]), n_runs), grid(0.0, 21.0, n_runs)


def van_der_pol(n_runs):
    side = int(round(n_runs**0.5))
    mu = np.repeat(grid(1.0, 3.0, side), side)
    x = np.tile(grid(1.0, 2.0, side), side)
    return np.stack([x, np.zeros(side * side)]), mu


def lorenz_rhs(y, rho):
    return np.stack([10 * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - 8.0 / 3 * y[2]])


def van_der_pol_rhs(y, mu):
    return np.stack([y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]])


# name: batch, right-hand side, end of time, number of the reference's steps, type
PROBLEMS = {
    "lorenz": (lorenz, lorenz_rhs, 1.0, 40, np.float64),
    "van_der_pol": (van_der_pol, van_der_pol_rhs, 20.0, 400, np.float32),
}


def reference(rhs, y, par, t1, n_steps):
    """Gragg's midpoint rule, extrapolated to order 16 in long double; y: [states][runs]."""
    y, par, h = y.astype(np.longdouble), par.astype(np.longdouble), np.longdouble(t1) / n_steps
    for _ in range(n_steps):
        table = []
        for row in range(1, 9):
            n = 2 * row
            before, now = y, y + h / n * rhs(y, par)
            for _ in range(n - 1):
                before, now = now, before + 2 * h / n * rhs(now, par)
            entry = [(before + now + h / n * rhs(now, par)) / 2]
            for k, old in enumerate(table):
                ratio = np.longdouble(row) / (row - k - 1)
                entry.append(entry[k] + (entry[k] - old) / (ratio**2 - 1))
            table = entry
        y = table[-1]
    return y


def errors(problem, final):
    """Median of |y - ref|/|ref| and largest |y - ref|/(1 + |ref|). final: [runs][states]."""
    batch, rhs, t1, n_steps, _ = PROBLEMS[problem]
    y, par = batch(len(final))
    rows = np.unique(np.linspace(0, len(final) - 1, N_CHECKED).astype(int))
    exact = reference(rhs, y[:, rows], par[rows], t1, n_steps).T
    off = np.abs(final[rows].astype(np.longdouble) - exact)
    return float(np.median(off / np.maximum(np.abs(exact), 1e-30))), float(np.max(off / (1 + np.abs(exact))))


def report(problem, who, rtol, kernel, host, final):
    """One line, "point WHO RTOL KERNEL HOST MEDIAN LARGEST", at once: seconds, then errors."""
    median, largest = errors(problem, np.asarray(final))
    written = f"{rtol:.0e}".replace("e-0", "e-")
    print(f"point {who.replace(' ', '_')} {written} {kernel:.6g} {host:.6g} {median:.3g} {largest:.3g}", flush=True)


def main():
    problem, final = sys.argv[1], np.load(sys.argv[3])
    if len(final) != int(sys.argv[2]):
        sys.exit(f"{sys.argv[3]} has {len(final)} runs")
    median, largest = errors(problem, final.reshape(len(final), -1))
    print(f"{median:.3g} {largest:.3g}")


if __name__ == "__main__":
    main()
