/* arrays.c -- see arrays.h. */
#include "arrays.h"

#include <string.h>

/* Where in the arguments an array's pointer is. */
static const size_t pointers[ODEC_N_ARRAY_ROLES] = {
#define POINTER(ROLE, name, element) \
    [ODEC_ARRAY_##ROLE] = offsetof(struct odec_args, name),
    ODEC_ARRAYS(POINTER)
#undef POINTER
};

const odec_array *arrays_next(const struct odec_program *program,
                              enum odec_target target, odec_array_kind kind,
                              const odec_array *last) {
    const odec_array *end = program->arrays + program->n_arrays;
    const odec_array *array = last ? last + 1 : program->arrays;
    while (array < end && !(array->kind == kind && array->targets >> target & 1)) {
        array++;
    }
    return array < end ? array : NULL;
}

int64_t array_bytes(const odec_array *array, int64_t n_saves) {
    return array->bytes + array->bytes_per_save * n_saves;
}

struct array_offsets arrays_place(const struct odec_program *program,
                                  enum odec_target target, odec_array_kind kind,
                                  int64_t n_saves, int64_t times, size_t alignment,
                                  uint32_t without) {
    struct array_offsets offsets = {.bytes = 0};
    for (const odec_array *a = NULL; (a = arrays_next(program, target, kind, a));) {
        const bool is_here = !(without >> a->role & 1);
        const size_t bytes = is_here ? (size_t)(array_bytes(a, n_saves) * times) : 0;
        offsets.at[a->role] = offsets.bytes;
        offsets.bytes += (bytes + alignment - 1) / alignment * alignment;
    }
    return offsets;
}

size_t arrays_seen_bytes(const struct odec_program *program, enum odec_target target) {
    const odec_array *a = NULL;
    while ((a = arrays_next(program, target, ODEC_SHARED, a)) &&
           a->role != ODEC_ARRAY_SEEN) {
    }
    return a ? (size_t)a->bytes : 0;
}

void arrays_seen_add(size_t bytes, const int *from, int *to) {
    for (size_t i = 0; i < bytes / sizeof *to; i++) {
        to[i] |= from[i];
    }
}

void arrays_bind(const struct odec_program *program, enum odec_target target,
                 odec_array_kind kind, const struct array_offsets *offsets,
                 uintptr_t base, struct odec_args *args) {
    for (const odec_array *a = NULL; (a = arrays_next(program, target, kind, a));) {
        const void *at = (const void *)(base + offsets->at[a->role]);
        memcpy((char *)args + pointers[a->role], &at, sizeof at);
    }
}
