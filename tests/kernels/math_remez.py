"""math_remez.py -- the minimax polynomials of kernels/math_*.h, made anew.

    python3 tests/math_remez.py          (needs mpmath; some minutes)

Remez's exchange algorithm with a weight (Muller, Elementary Functions, 3rd ed., ch. 3): the
polynomial p of degree n that minimises max |w(x) (g(x) - p(x))| on [a, b] takes its largest
weighted error n + 2 times with alternating signs; a linear system gives p for n + 2 abscissae,
whose places move to the extrema found on a fine grid until they rest. The first coefficients
are then rounded to the format one after the other, and the rest refitted.
"""
import struct

from mpmath import mp, mpf, matrix, lu_solve

mp.prec = 300


def value(coefficients, x):
    s = mpf(0)
    for c in reversed(coefficients):
        s = s * x + c
    return s


def remez(g, w, a, b, n, fixed=(), rounds=12):
    """Coefficients and the largest weighted error; the lowest coefficients may be given."""
    a, b, free = mpf(a), mpf(b), n + 1 - len(fixed)
    points = max(40 * (n + 2), 600) | 1
    xs = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * i / points) for i in range(points + 1)]
    values, weights = [g(x) for x in xs], [w(x) for x in xs]
    floor = max(weights) / 10**5
    weights = [max(v, floor) for v in weights]
    at = sorted({round(points * i / free) for i in range(free + 1)})
    for _ in range(rounds):
        A, B = matrix(free + 1, free + 1), matrix(free + 1, 1)
        for row, i in enumerate(at):
            for j in range(free):
                A[row, j] = xs[i] ** (j + len(fixed))
            A[row, free] = (-1) ** row / weights[i]
            B[row] = values[i] - value(fixed, xs[i])
        solution = lu_solve(A, B)
        coefficients = list(fixed) + [solution[j] for j in range(free)]
        error = [weights[i] * (values[i] - value(coefficients, x)) for i, x in enumerate(xs)]
        extrema = []
        for i, e in enumerate(error):
            if extrema and (e > 0) == (error[extrema[-1]] > 0):
                if abs(e) > abs(error[extrema[-1]]):
                    extrema[-1] = i
            else:
                extrema.append(i)
        while len(extrema) > free + 1:
            extrema.pop(0 if abs(error[extrema[0]]) < abs(error[extrema[-1]]) else -1)
        if len(extrema) < free + 1 or extrema == at:
            break
        at = extrema
    return coefficients, max(abs(e) for e in error)


def rounded(c, single):
    return mpf(struct.unpack("f", struct.pack("f", float(c)))[0] if single else float(c))


def worst(g, w, coefficients, a, b):
    xs = [mpf(a) + (mpf(b) - a) * (i + mpf(0.5)) / 801 for i in range(801)]
    return max(abs(w(x) * (g(x) - value(coefficients, x))) for x in xs)


def fit(name, g, w, a, b, n, single, lead=2):
    exact, bound = remez(g, w, a, b, n)
    best = [rounded(c, single) for c in exact]
    error, fixed = worst(g, w, best, a, b), []
    for k in range(min(lead, n)):
        fixed.append(rounded(exact[k], single))
        try:
            exact, _ = remez(g, w, a, b, n, fixed, rounds=4)
        except ZeroDivisionError:
            break
        if not all(mp.isfinite(c) for c in exact):
            break
        trial = [rounded(c, single) for c in exact]
        trial_error = worst(g, w, trial, a, b)
        if trial_error < error:
            best, error = trial, trial_error
    digits = "%.9g" if single else "%r"
    print("%s, %s, degree %d: 2^%.2f, rounded 2^%.2f" % (
        name, "float" if single else "double", n, mp.log(bound, 2), mp.log(error, 2)))
    print("    " + ", ".join(digits % float(c) for c in best), flush=True)


def at_zero(g, limit):
    return lambda x: g(x) if abs(x) > mpf(10) ** -30 else mpf(limit)


def in_square(g, limit):
    """g as a function of z = x^2."""
    return at_zero(lambda z: g(mp.sqrt(z)), limit)


def main():
    ln2, root2 = mp.log(2), mp.sqrt(2)
    half = ln2 / 2 * (1 + mpf(2) ** -10)
    quarter = (mp.pi / 4 * (1 + mpf(2) ** -8)) ** 2
    s_max = ((root2 - 1) / (root2 + 1)) ** 2 * mpf("1.001")
    for single in (True, False):
        def degree(f, d):
            return f if single else d
        tail = at_zero(lambda x: (mp.expm1(x) - x) / x**2, 0.5)
        fit("exp: (e^r - 1 - r)/r^2", tail, lambda r: r * r * mp.exp(-r), -half, half,
            degree(4, 9), single)
        fit("expm1: (e^r - 1 - r)/r^2", tail, abs, -half, half, degree(5, 10), single)
        fit("2^r: (2^r - 1)/r", at_zero(lambda r: mp.expm1(r * ln2) / r, ln2), abs,
            -mpf("0.5005"), mpf("0.5005"), degree(6, 10), single, 3)
        fit("log: (log(1+f) - f + f^2/2)/f^3",
            at_zero(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, mpf(1) / 3),
            lambda f: f * f, 1 / root2 - 1, root2 - 1, degree(7, 18), single)
        fit("log2: (log2((1+s)/(1-s))/s - (2 + 2z/3)/ln2)/z^2, z = s^2",
            in_square(lambda s: (2 * mp.atanh(s) / s - 2 - 2 * s * s / 3) / s**4 / ln2,
                      mpf(2) / 5 / ln2),
            lambda z: z * z / 2 * ln2, 0, s_max, degree(2, 6), single)
        fit("sin: (sin r/r - 1)/z", in_square(lambda r: (mp.sin(r) / r - 1) / r**2, -mpf(1) / 6),
            abs, 0, quarter, degree(2, 5), single)
        fit("cos: (cos r - 1 + z/2)/z^2",
            in_square(lambda r: (mp.cos(r) - 1 + r * r / 2) / r**4, mpf(1) / 24),
            lambda z: z * z, 0, quarter, degree(2, 5), single)
        fit("asin: (asin x/x - 1)/z", in_square(lambda x: (mp.asin(x) / x - 1) / x**2, mpf(1) / 6),
            abs, 0, 0.25, degree(4, 11), single)
        fit("atan: (atan x/x - 1)/z",
            in_square(lambda x: (mp.atan(x) / x - 1) / x**2, -mpf(1) / 3), abs, 0, 0.25,
            degree(5, 11), single)
        fit("m^(-1/3)", lambda m: m ** (-mpf(1) / 3), lambda m: mpf(1), 1, 2, degree(3, 5),
            single, 0)
        slope = 2 / mp.sqrt(mp.pi)
        fit("erf x/x - 1", in_square(lambda x: mp.erf(x) / x - 1, slope - 1),
            lambda z: mpf(1), 0, 1, degree(6, 12), single)

        def scaled_erfc(t):
            x = 3 * (1 + t) / (1 - t)
            return mp.exp(x * x) * mp.erfc(x) * (1 + 2 * x)
        lo, hi = mpf("0.74"), mpf(11 if single else 28)
        fit("e^(x^2) erfc(x) (1 + 2x), t = (x-3)/(x+3)", scaled_erfc,
            lambda t: 1 / scaled_erfc(t), (lo - 3) / (lo + 3), (hi - 3) / (hi + 3),
            degree(9, 21), single, 6)


if __name__ == "__main__":
    main()
