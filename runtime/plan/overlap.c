/* overlap.c -- see overlap.h.
 *
 * Mostly each stride, by size, reaches beyond all that the ones before it span: C order, and
 * what only leaves gaps. Others can tile too,
 *
 *   strides 3 and 4, n 4 and 3:   0 3 6 9 | 4 7 10 13 | 8 11 14 17
 *
 * and then it is a question of numbers: elements i and j meet where sum s_k (i_k - j_k) = 0,
 * with |i_k - j_k| < n_k and not all 0. Signs of strides do not matter. Of the dimension with
 * the fewest elements each difference z is tried; for the others a x + b y = c z is solved as
 * Diophantus' equation is: x is known modulo b/gcd(a, b), y by x.
 */
#include "overlap.h"

#include <stdlib.h>

__extension__ typedef __int128 wide;

int64_t overlap_span(const struct dimension *d, int n_dimensions, int64_t most) {
    int64_t span = 0, more;
    for (int i = 0; i < n_dimensions; i++) {
        if (d[i].n > 1 &&
            (d[i].stride < -most || d[i].stride > most ||
             __builtin_mul_overflow(llabs(d[i].stride), d[i].n - 1, &more) ||
             __builtin_add_overflow(span, more, &span) || span > most)) {
            return -1;
        }
    }
    return span;
}

static void swap(struct dimension *a, struct dimension *b) {
    const struct dimension before = *a;
    *a = *b;
    *b = before;
}

/* By stride; false: one does not reach beyond all that those before it span. */
static bool is_nested(struct dimension *d, int n) {
    int64_t span = 0;
    for (int i = 0; i < n; i++) {
        for (int j = i + 1; j < n; j++) {
            if (d[j].stride < d[i].stride) {
                swap(&d[i], &d[j]);
            }
        }
        if (d[i].stride <= span) {
            return false;
        }
        span += d[i].stride * (d[i].n - 1);
    }
    return true;
}

/* g = gcd(a, b), and *inverse * a/g = 1 modulo b/g, in 0 .. b/g - 1. */
static int64_t gcd(int64_t a, int64_t b, int64_t *inverse) {
    wide r = a, next = b, s = 1, t = 0;
    while (next != 0) {
        const wide quotient = r / next, rest = r % next, u = s - quotient * t;
        r = next, next = rest;
        s = t, t = u;
    }
    const int64_t modulus = b / (int64_t)r;
    *inverse = (int64_t)((s % modulus + modulus) % modulus);
    return (int64_t)r;
}

static wide floor_div(wide a, wide b) { return a / b - (a % b < 0); }

/* Is a x + b y = r with |x| < n_x, |y| < n_y, but for x = y = 0? a and b have no common
 * divisor. */
static bool meets(int64_t a, int64_t n_x, int64_t b, int64_t n_y, int64_t inverse,
                  int64_t r) {
    if (r == 0) {
        return b < n_x && a < n_y; /* x = b, y = -a are the smallest */
    }
    const wide reach = (wide)b * (n_y - 1), most_x = n_x - 1;
    const wide by_y_least = -floor_div(-(r - reach), a);
    const wide by_y_most = floor_div(r + reach, a);
    const wide least = by_y_least > -most_x ? by_y_least : -most_x;
    const wide most = by_y_most < most_x ? by_y_most : most_x;
    const wide x = (wide)(r % b) * inverse % b; /* and every b further */
    const wide first = x + -floor_div(-(least - x), b) * b;
    return first <= most;
}

static bool any_meets(struct dimension *d, int n) {
    if (d[0].stride == 0) { /* the smallest */
        return true;
    }
    if (n == 1) {
        return false;
    }
    for (int i = 0; i < n - 1; i++) { /* the fewest last */
        if (d[i].n < d[n - 1].n) {
            swap(&d[i], &d[n - 1]);
        }
    }
    int64_t inverse;
    const int64_t g = gcd(d[0].stride, d[1].stride, &inverse);
    const int64_t a = d[0].stride / g, b = d[1].stride / g;
    const int64_t c = n == 3 ? d[2].stride : 0, n_z = n == 3 ? d[2].n : 1;
    for (int64_t z = 0; z < n_z; z++) {
        if (c * z % g == 0 && meets(a, d[0].n, b, d[1].n, inverse, c * z / g)) {
            return true;
        }
    }
    return false;
}

bool overlap_is_there(const struct dimension *given, int n_dimensions) {
    struct dimension d[OVERLAP_MOST];
    int n = 0;
    for (int i = 0; i < n_dimensions; i++) {
        if (given[i].n > 1) {
            d[n++] = (struct dimension){given[i].n, llabs(given[i].stride)};
        }
    }
    return !is_nested(d, n) && any_meets(d, n);
}
