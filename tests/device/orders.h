/* orders.h -- memory for results in every order, with gaps, and what is in it. */
#ifndef DEVICE_ORDERS_H
#define DEVICE_ORDERS_H

#include "device_support.h"

enum { UNTOUCHED = 0x5a };

/* Strides of a batch; `gap`: places between neighbours, `back`: the axis backwards. */
struct order {
    const char *name;
    int axes[3]; /* 0 runs, 1 saves, 2 columns: slowest first */
    int64_t gap;
    bool back[3];
};

enum { N_ORDERS = 8, BACKWARDS = N_ORDERS - 1 /* the one that is */ };
extern const struct order orders[N_ORDERS];

/* An output of that order, and the block that it is in. */
struct memory {
    odec_output output;
    unsigned char *block;
    struct odec_run_record *records;
    size_t bytes, n_records;
    int64_t n[3], stride[3];
    size_t scalar;
};

/* Full of UNTOUCHED; `take` is malloc or like it, and what it gives goes back where it came
 * from. */
struct memory memory_of(const struct order *order, const struct trial *trial,
                        int64_t record_stride, void *(*take)(size_t bytes));

/* Every result is where it should be, and everything else as it was; values or records that the
 * output does not name are nowhere. */
void assert_memory(struct memory *m, const struct outcome *reference);

#endif
