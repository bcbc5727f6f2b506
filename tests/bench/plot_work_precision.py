#!/usr/bin/env python3
"""Draws work_precision_*.csv as an SVG: one panel a problem, error against time a run.

    plot_work_precision.py IN.csv OUT.svg [error_max|error_rms]

Both axes are logarithmic. Lower and further left is better. Standard library alone.
"""

import csv
import math
import sys
from html import escape

PANEL_WIDTH, PANEL_HEIGHT = 440, 330  # of the axes' rectangle
LEFT, TOP, RIGHT, BOTTOM = 78, 34, 22, 56  # around it
HEAD = 54  # title and comment above the legend and the panels
LEGEND_STEP, LEGEND_ROW = 170, 22
FONT = "font-family='Helvetica, Arial, sans-serif'"

# Told apart by colour and by mark, for those who do not see the colours.
STYLES = {
    "odec rosenbrock23": ("#0072b2", "square"),
    "odec rodas4": ("#009e73", "triangle"),
    "odec rodas5p": ("#d55e00", "circle"),
    "odec tsit5": ("#d55e00", "circle"),
    "odec vern7": ("#0072b2", "square"),
    "CVODE BDF": ("#000000", "diamond"),
    "LSODA": ("#cc79a7", "valley"),
    "heyoka": ("#000000", "diamond"),
    "DOP853": ("#cc79a7", "valley"),
    "ERKStep tsit5": ("#009e73", "triangle"),
    "ERKStep order 8": ("#8c6d00", "kite"),
}


def read(path):
    """The comment on the first line, and {problem: {solver: [row]}} in the file's order."""
    with open(path, newline="", encoding="utf-8") as file:
        lines = file.readlines()
    comment = " ".join(line[1:].strip() for line in lines if line.startswith("#"))
    problems = {}
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        problems.setdefault(row["problem"], {}).setdefault(row["solver"], []).append(row)
    return comment, problems


def decades(values):
    """The exponents of the powers of ten around the values."""
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def number(exponent):
    """10^exponent, with the exponent raised."""
    if -1 <= exponent <= 3:
        return f"{10.0 ** exponent:g}"
    return f"10<tspan dy='-5' font-size='9'>{exponent}</tspan>"


def mark(kind, x, y, colour):
    r = 4.0
    if kind == "circle":
        return f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{r}' fill='{colour}'/>"
    corners = {
        "square": [(-r, -r), (r, -r), (r, r), (-r, r)],
        "triangle": [(0, -1.25 * r), (1.15 * r, 0.9 * r), (-1.15 * r, 0.9 * r)],
        "valley": [(0, 1.25 * r), (1.15 * r, -0.9 * r), (-1.15 * r, -0.9 * r)],
        "diamond": [(0, -1.3 * r), (1.3 * r, 0), (0, 1.3 * r), (-1.3 * r, 0)],
        "kite": [(0, -1.5 * r), (0.7 * r, 0), (0, 1.5 * r), (-0.7 * r, 0)],
    }[kind]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f"<polygon points='{points}' fill='{colour}'/>"


def text(x, y, words, size=12, anchor="middle", extra=""):
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' text-anchor='{anchor}' "
        f"{FONT} {extra}>{words}</text>"
    )


class Panel:
    """One problem's axes at x0, y0: the corner of the panel, not of the rectangle."""

    def __init__(self, x0, y0, title, solvers, column):
        self.x, self.y = x0 + LEFT, y0 + TOP
        self.title, self.solvers, self.column = title, solvers, column
        rows = [row for curve in solvers.values() for row in curve]
        self.x_range = decades([float(row["us_per_run"]) for row in rows])
        self.y_range = decades([float(row[column]) for row in rows])

    def place(self, row):
        return (
            self.across(math.log10(float(row["us_per_run"]))),
            self.up(math.log10(float(row[self.column]))),
        )

    def across(self, exponent):
        low, high = self.x_range
        return self.x + (exponent - low) / (high - low) * PANEL_WIDTH

    def up(self, exponent):
        low, high = self.y_range
        return self.y + (high - exponent) / (high - low) * PANEL_HEIGHT

    def grid(self):
        bottom, right = self.y + PANEL_HEIGHT, self.x + PANEL_WIDTH
        for e in range(self.x_range[0], self.x_range[1] + 1):
            x = self.across(e)
            yield f"<path d='M{x:.1f} {self.y}V{bottom + 5}' stroke='#ccc'/>"
            yield text(x, bottom + 19, number(e))
            if e < self.x_range[1]:
                for k in range(2, 10):
                    minor = self.across(e + math.log10(k))
                    yield f"<path d='M{minor:.1f} {bottom}v-4' stroke='#888'/>"
        for e in range(self.y_range[0], self.y_range[1] + 1):
            y = self.up(e)
            yield f"<path d='M{self.x - 5} {y:.1f}H{right}' stroke='#ccc'/>"
            yield text(self.x - 9, y + 4, number(e), anchor="end")
        yield (
            f"<rect x='{self.x}' y='{self.y}' width='{PANEL_WIDTH}' "
            f"height='{PANEL_HEIGHT}' fill='none' stroke='#444'/>"
        )

    def draw(self):
        yield from self.grid()
        middle, half = self.x + PANEL_WIDTH / 2, self.y + PANEL_HEIGHT / 2
        yield text(middle, self.y - 10, escape(self.title), 14, extra="font-weight='bold'")
        yield text(middle, self.y + PANEL_HEIGHT + 40, "microseconds a run, one core")
        x = self.x - 54
        words = "largest error at the end" if self.column == "error_max" else "rms error"
        yield text(x, half, words, extra=f"transform='rotate(-90 {x} {half})'")
        for solver, rows in self.solvers.items():
            colour, kind = style(solver)
            places = [self.place(row) for row in rows]
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            yield (
                f"<polyline points='{points}' fill='none' stroke='{colour}' "
                "stroke-width='1.6'/>"
            )
            for row, (x, y) in zip(rows, places):
                tip = escape(f"{solver}, rtol {row['rtol']}")
                yield f"<g><title>{tip}</title>{mark(kind, x, y, colour)}</g>"


def style(solver):
    return STYLES.get(solver, ("#888888", "circle"))


def legend_rows(solvers, width):
    fit = max(1, width // LEGEND_STEP)
    return [solvers[i : i + fit] for i in range(0, len(solvers), fit)]


def legend(rows, width):
    for k, row in enumerate(rows):
        x, y = (width - LEGEND_STEP * len(row)) / 2, HEAD + k * LEGEND_ROW
        for solver in row:
            colour, kind = style(solver)
            yield f"<path d='M{x:.1f} {y + 4}h34' stroke='{colour}' stroke-width='1.6'/>"
            yield mark(kind, x + 17, y + 4, colour)
            yield text(x + 42, y + 8, escape(solver), anchor="start")
            x += LEGEND_STEP


def tolerances(problems):
    """The loosest and the tightest, as they are written."""
    written = {row["rtol"] for curves in problems.values() for rows in curves.values() for row in rows}
    return max(written, key=float), min(written, key=float)


def draw(comment, problems, column):
    cell_width, cell_height = LEFT + PANEL_WIDTH + RIGHT, TOP + PANEL_HEIGHT + BOTTOM
    columns = min(2, len(problems))
    width = columns * cell_width
    solvers = dict.fromkeys(s for curves in problems.values() for s in curves)
    rows = legend_rows(list(solvers), width)
    head = HEAD + len(rows) * LEGEND_ROW
    height = head + math.ceil(len(problems) / columns) * cell_height
    yield (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}'>"
    )
    yield f"<rect width='{width}' height='{height}' fill='white'/>"
    loose, tight = tolerances(problems)
    yield text(width / 2, 22, f"Work and precision, rtol {loose} .. {tight}", 16)
    yield text(width / 2, 40, escape(comment), 11, extra="fill='#555'")
    yield from legend(rows, width)
    for i, (problem, curves) in enumerate(problems.items()):
        x0, y0 = i % columns * cell_width, head + i // columns * cell_height
        yield from Panel(x0, y0, problem, curves, column).draw()
    yield "</svg>"


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    column = sys.argv[3] if len(sys.argv) == 4 else "error_max"
    comment, problems = read(sys.argv[1])
    if not problems:
        sys.exit(f"{sys.argv[1]}: no rows")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join(draw(comment, problems, column)) + "\n")


if __name__ == "__main__":
    main()
