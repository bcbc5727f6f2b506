/* output.h -- where results are, in whatever order: in a device's memory or the caller's.
 *
 * A place is that of some run; those of the runs after it follow by its strides. Both
 * ends of a copy are places, and so is what is summed up.
 */
#ifndef ODEC_OUTPUT_H
#define ODEC_OUTPUT_H

#include "context.h"

/* What the results of one run are. */
struct shape {
    int64_t n_saves, n_columns;
    size_t scalar; /* bytes of one value */
};

struct place {
    char *values;                                   /* NULL: none here */
    int64_t run_stride, save_stride, column_stride; /* in values */
    struct odec_run_record *records;                /* NULL: none here */
    int64_t record_stride;
};

/* Values in C order, records without gaps. */
struct place place_in_order(const struct shape *shape, void *values,
                            struct odec_run_record *records);
/* Are the values in C order? */
bool place_is_in_order(const struct place *place, const struct shape *shape);

/* That of the run `n` runs later. */
struct place place_after(const struct place *place, const struct shape *shape,
                         int64_t n);

/* n runs, of which either end may lack values or records: these are left out. Ends that
 * are the same memory stay as they are. */
void place_copy(const struct place *to, const struct place *from,
                const struct shape *shape, int64_t n);
/* The run's values `first` .. first + n - 1 in C order, one after another. */
void place_gather(void *to, const struct place *from, const struct shape *shape,
                  int64_t first, int64_t n);

/* The batch's output, checked, as the places of run 0: the host's, and the one in a GPU's
 * memory, which the host cannot look at. Nowhere without one. */
odec_status output_resolve(struct odec_context *context, const struct odec_batch *batch,
                           const struct shape *shape, struct place *out,
                           struct place *device);

#endif
