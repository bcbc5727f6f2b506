/* method_rows.h -- what tests expect of each method: one row for each of methods.def
 * (unit_lists holds that), which every test that goes through the methods reads.
 */
#ifndef METHOD_ROWS_H
#define METHOD_ROWS_H

/* Error against tolerance, of an embedded pair. */
#define NOT_TRIED \
    { 0, 0, 0, 0, 0 }
struct adaptive_row {
    int first, last; /* tolerances 10^-first .. 10^-last */
    double lo, hi;   /* of the slope */
    double power;    /* the error is at most 100 tol^power */
};

struct method_row {
    const char *name;
    /* with fixed steps: numeric_order */
    double order;       /* at steps, */
    double homogeneous; /* and at those of y' = A y, where it may be higher; */
    double dense;       /* between steps */
    double noise;       /* of rounding errors, in units of euler's */
    double dt;          /* the largest of those tried */
    /* with adaptive steps: numeric_adaptive */
    struct adaptive_row in_double, in_float;
    /* DETEST by this tolerance, and the error it may have; 0: not tried:
     * numeric_reference */
    double detest_tolerance, detest_bound;
};

/* clang-format off */
static const struct method_row method_rows[] = {
    {"euler",  1, 1, 1, 1, 0x1p-6, NOT_TRIED, NOT_TRIED, 0, 0},
    {"heun",   2, 2, 2, 1, 0x1p-5, {4,  8, 0.5, 1.0, 1}, {2, 4, 0.5, 1.0, 1}, 0, 0},
    {"bs3",    3, 3, 3, 1, 0x1p-4, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.7, 1.3, 1}, 1e-9,  3e-7},
    {"rk4",    4, 4, 4, 1, 0x1p-3, NOT_TRIED, NOT_TRIED, 0, 0},
    {"dopri5", 5, 5, 5, 1, 0x1p-2, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.7, 1.3, 1}, 1e-11, 2e-8},
    {"tsit5",  5, 5, 5, 1, 0x1p-2, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.7, 1.3, 1}, 1e-11, 2e-8},
    /* In float it is at 1e-2 already as good as a float can be: bounded by the
       tolerance, not led by it. */
    {"vern7",  7, 7, 7, 1, 0x1p-1, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.0, 1.3, 1}, 1e-12, 1e-8},
    /* Its estimate is of order 3, of a step's error; what adds up over all steps is of
       order 2. */
    {"rosenbrock23",
               2, 2, 2, 1, 0x1p-5, {4,  8, 0.5, 1.0, 2. / 3}, {2, 4, 0.5, 1.0, 2. / 3},
               0, 0},
    {"rodas4", 4, 4, 4, 10, 0x1p-2, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.7, 1.3, 1}, 0, 0},
    /* R(z) = exp(z) - 1e-5 z^7: the term in z^6 is there to 4e-14. The stages are some
       hundred times as large as what they add up to. */
    {"rodas5p", 5, 6, 5, 10, 0x1p-2, {4, 10, 0.7, 1.3, 1}, {2, 5, 0.7, 1.3, 1}, 0, 0},
};
/* clang-format on */

enum { N_METHOD_ROWS = sizeof method_rows / sizeof *method_rows };

#endif
