/* distribute.c -- see distribute.h.
 *
 * A capacity is a double, a whole multiple of 2^e for the least exponent e in the list:
 * below 2^2150 of these units. So every quota is a quotient of two whole numbers of a
 * few dozen words at most, and nothing is rounded:
 *
 *     n_runs * units[i] = quota[i] * sum(units) + rest[i],   0 <= rest[i] < sum(units)
 */
#include "distribute.h"

#include <math.h>
#include <stdlib.h>

/* A whole number, least word first. 2150 bits of a capacity, 31 of the number of
 * devices and 63 of the number of runs are 2244: 36 words. */
enum { MAX_WORDS = 36 };
struct big {
    uint64_t word[MAX_WORDS];
};

static void big_add(struct big *a, const struct big *b, int n) {
    unsigned carry = 0;
    for (int i = 0; i < n; i++) {
        unsigned __int128 sum = (unsigned __int128)a->word[i] + b->word[i] + carry;
        a->word[i] = (uint64_t)sum;
        carry = (unsigned)(sum >> 64);
    }
}

static void big_subtract(struct big *a, const struct big *b, int n) {
    unsigned borrow = 0;
    for (int i = 0; i < n; i++) {
        unsigned __int128 difference =
            (unsigned __int128)a->word[i] - b->word[i] - borrow;
        a->word[i] = (uint64_t)difference;
        borrow = (difference >> 64) != 0;
    }
}

static struct big big_times(const struct big *a, uint64_t factor, int n) {
    struct big product = {{0}};
    uint64_t carry = 0;
    for (int i = 0; i < n; i++) {
        unsigned __int128 p = (unsigned __int128)a->word[i] * factor + carry;
        product.word[i] = (uint64_t)p;
        carry = (uint64_t)(p >> 64);
    }
    return product;
}

static int big_compare(const struct big *a, const struct big *b, int n) {
    for (int i = n - 1; i >= 0; i--) {
        if (a->word[i] != b->word[i]) {
            return a->word[i] < b->word[i] ? -1 : 1;
        }
    }
    return 0;
}

/* value * 2^shift, value below 2^53. */
static struct big big_of(uint64_t value, int shift) {
    struct big big = {{0}};
    int word = shift / 64, bit = shift % 64;
    big.word[word] = value << bit;
    if (bit > 11) {
        big.word[word + 1] = value >> (64 - bit);
    }
    return big;
}

/* Leaves what is left of a after dividing by b: the quotient, known to be at most
 * `most`. */
static int64_t big_divide(struct big *a, const struct big *b, int64_t most, int n) {
    int64_t lo = 0, hi = most; /* lo * b <= a */
    while (lo < hi) {
        int64_t middle = hi - (hi - lo) / 2;
        struct big product = big_times(b, (uint64_t)middle, n);
        if (big_compare(&product, a, n) <= 0) {
            lo = middle;
        } else {
            hi = middle - 1;
        }
    }
    struct big product = big_times(b, (uint64_t)lo, n);
    big_subtract(a, &product, n);
    return lo;
}

/* What device i's quota leaves over, for sorting. */
struct rest {
    struct big units;
    int32_t device;
    int n_words;
};

static int compare_rests(const void *a, const void *b) {
    const struct rest *x = a, *y = b;
    int order = big_compare(&y->units, &x->units, x->n_words); /* largest first */
    return order ? order : (x->device > y->device) - (x->device < y->device);
}

static odec_status check_capacities(struct odec_context *context, int32_t n_devices,
                                    const char *const *names,
                                    const double *capacities) {
    bool any = false;
    for (int32_t i = 0; i < n_devices; i++) {
        double capacity = capacities[i];
        FAIL_IF(!isfinite(capacity), context, ODEC_ERROR_ARGUMENT,
                "the capacity of device %s is %s, which is no finite number", names[i],
                isnan(capacity) ? "nan"
                : capacity > 0  ? "inf"
                                : "-inf");
        FAIL_IF(capacity < 0, context, ODEC_ERROR_ARGUMENT,
                "the capacity of device %s is %g, which is negative", names[i],
                capacity);
        any = any || capacity > 0;
    }
    FAIL_IF(!any, context, ODEC_ERROR_ARGUMENT,
            "none of %d devices has any capacity: all are 0", n_devices);
    return ODEC_OK;
}

/* A capacity as mantissa * 2^exponent; mantissa 0 for 0. */
static uint64_t mantissa_of(double capacity, int *exponent) {
    int e;
    double m = frexp(capacity, &e);
    *exponent = e - 53;
    return (uint64_t)ldexp(m, 53);
}

/* The capacities in whole units, at the place of the rests. Returns their words. */
static int fill_units(int32_t n_devices, const double *capacities, struct rest *rests) {
    int least = INT32_MAX, largest = INT32_MIN, exponent;
    for (int32_t i = 0; i < n_devices; i++) {
        if (mantissa_of(capacities[i], &exponent) > 0) {
            least = exponent < least ? exponent : least;
            largest = exponent > largest ? exponent : largest;
        }
    }
    int bits = (largest - least + 53) + 31 + 63;
    int n_words = (bits + 63) / 64;
    for (int32_t i = 0; i < n_devices; i++) {
        uint64_t mantissa = mantissa_of(capacities[i], &exponent);
        int shift = mantissa > 0 ? exponent - least : 0;
        rests[i] = (struct rest){big_of(mantissa, shift), i, n_words};
    }
    return n_words;
}

odec_status distribute_capacity(struct odec_context *context, int64_t n_runs,
                                int32_t n_devices, const char *const *names,
                                const double *capacities, int64_t *counts) {
    FAIL_IF(n_runs < 0 || n_devices < 1, context, ODEC_ERROR_ARGUMENT,
            "%lld runs cannot be distributed to %d devices", (long long)n_runs,
            n_devices);
    TRY(check_capacities(context, n_devices, names, capacities));
    struct rest *rests = heap_take(context->heap, (size_t)n_devices, sizeof *rests);
    if (rests == NULL) {
        return context_out_of_memory(context);
    }
    int n_words = fill_units(n_devices, capacities, rests);
    struct big sum = {{0}};
    for (int32_t i = 0; i < n_devices; i++) {
        big_add(&sum, &rests[i].units, n_words);
    }
    int64_t left = n_runs;
    for (int32_t i = 0; i < n_devices; i++) {
        rests[i].units = big_times(&rests[i].units, (uint64_t)n_runs, n_words);
        counts[i] = big_divide(&rests[i].units, &sum, n_runs, n_words);
        left -= counts[i];
    }
    /* The rests are `left` times the sum in all, each below the sum: more than `left`
     * of them are not 0. */
    qsort(rests, (size_t)n_devices, sizeof *rests, compare_rests);
    for (int64_t i = 0; i < left; i++) {
        counts[rests[i].device]++;
    }
    heap_give(rests);
    return ODEC_OK;
}

void distribute_uniform(int64_t n_runs, int32_t n_devices, int64_t *counts) {
    for (int32_t i = 0; i < n_devices; i++) {
        counts[i] = n_runs / n_devices + (i < n_runs % n_devices);
    }
}
