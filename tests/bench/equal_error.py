#!/usr/bin/env python3
"""Prints what work_precision_*.csv says at equal error, as Markdown: for each point of a peer,
how many times longer it takes than odec's fastest method takes to that error.

    equal_error.py IN.csv [error_max|error_rms]

odec's time between two of its points is interpolated in the logarithms of error and time.
Where a peer's error is larger than odec's largest, that point's time stands ("at least" the
ratio is what odec has); where it is smaller than odec's smallest, there is no ratio: "-".
"""

import math
import sys

from plot_work_precision import read


def time_at(curve, error, column):
    """The curve's microseconds at the error, or None where all its errors are larger."""
    points = sorted((float(row[column]), float(row["us_per_run"])) for row in curve)
    if error >= points[-1][0]:
        return min(us for _, us in points)
    for (e0, us0), (e1, us1) in zip(points, points[1:]):
        if e0 <= error < e1:
            share = math.log(error / e0) / math.log(e1 / e0)
            return math.exp(math.log(us0) + share * math.log(us1 / us0))
    return None


def cell(row, ours, column):
    error = float(row[column])
    times = {name: time_at(curve, error, column) for name, curve in ours.items()}
    times = {name: us for name, us in times.items() if us is not None}
    if not times:
        return f"- ({error:.1e})"
    name = min(times, key=times.get)
    return f"{float(row['us_per_run']) / times[name]:.3g} ({error:.1e}, {name[len('odec '):]})"


def table(problem, curves, column):
    ours = {name: rows for name, rows in curves.items() if name.startswith("odec ")}
    peers = {name: rows for name, rows in curves.items() if name not in ours}
    yield f"| {problem} | " + " | ".join(peers) + " |"
    yield "| --- |" + " --- |" * len(peers)
    for rtol in dict.fromkeys(row["rtol"] for rows in peers.values() for row in rows):
        cells = []
        for rows in peers.values():
            of_rtol = [row for row in rows if row["rtol"] == rtol]
            cells.append(cell(of_rtol[0], ours, column) if of_rtol else "")
        yield f"| {rtol} | " + " | ".join(cells) + " |"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    column = sys.argv[2] if len(sys.argv) == 3 else "error_max"
    _, problems = read(sys.argv[1])
    print("\nA peer's time over odec's at equal error (the error, odec's method), by the peer's rtol:\n")
    for problem, curves in problems.items():
        print("\n".join(table(problem, curves, column)) + "\n")


if __name__ == "__main__":
    main()
