/* arrays.h -- where a kernel's arrays are, by role: the one place where the program's list
 * of arrays, a device's memory and a kernel's arguments meet.
 */
#ifndef ODEC_ARRAYS_H
#define ODEC_ARRAYS_H

#include "context.h"

/* By role; 0 where the program has no such array for the target. */
struct array_offsets {
    size_t at[ODEC_N_ARRAY_ROLES];
    size_t bytes; /* of all */
};

/* The first of the target's arrays of one kind, given NULL, or the one after the last one
 * given; NULL: that was all. Every array has a role of its own (see odec_solve). */
const odec_array *arrays_next(const struct odec_program *program,
                              enum odec_target target, odec_array_kind kind,
                              const odec_array *last);

/* Per run, in all, or per lane. Sizes here are within a plan's budget: none overflows. */
int64_t array_bytes(const odec_array *array, int64_t n_saves);

/* The target's arrays of one kind, one after another, each at a multiple of `alignment`:
 * its bytes `times` over. Those of the roles in `without`, bits 1u << role, are elsewhere and
 * take nothing. */
struct array_offsets arrays_place(const struct odec_program *program,
                                  enum odec_target target, odec_array_kind kind,
                                  int64_t n_saves, int64_t times, size_t alignment,
                                  uint32_t without);

/* Of ODEC_ARRAY_SEEN; 0: the program has none for the target. */
size_t arrays_seen_bytes(const struct odec_program *program, enum odec_target target);
/* What is 1 in `from` is so in `to`. */
void arrays_seen_add(size_t bytes, const int *from, int *to);

/* Points args to those arrays, which are at base + offset. */
void arrays_bind(const struct odec_program *program, enum odec_target target,
                 odec_array_kind kind, const struct array_offsets *offsets,
                 uintptr_t base, struct odec_args *args);

#endif
