/* emit.h -- graph -> the text of a kernel: entry points. */
#ifndef ODEC_EMIT_H
#define ODEC_EMIT_H

#include "methods.h"
#include "model.h"
#include "target.h"

struct lowered;
struct sparse_lu;

/* emit.c: graph -> the model's part of the kernel text. */
struct kernel_spec {
    const struct model *model;
    const symbol_list *columns;
    const struct method *method;
    const struct sparse_lu *lu; /* NULL: an explicit method */
    bool adaptive, saves, is_float;
    bool stops; /* runs stop on their way, each at instants of its own */
};
struct emitted {
    char *sizes;   /* #define N_STATES ... */
    char *library; /* #include of the elementary functions used */
    char *model;   /* model_rhs and the other functions */
    char *method;  /* #include of the tableau */
    char *family;  /* #include of what takes its steps */
    int flops_rhs, flops_linear, live_values;
    int64_t workspace_bytes; /* of a lane's arrays in the kernel: workspace.h */
    int64_t suspended_bytes; /* of a lane between two launches: suspend.h */
};
void emit(struct arena *arena, const struct kernel_spec *spec,
          const struct lowered *lowered, struct emitted *out);

/* template.c: the whole kernel text. */
char *template_fill(struct arena *arena, const struct kernel_spec *spec,
                    const struct emitted *parts, odec_target target);

/* The text of NAME_device.cuh (device.c) */
struct device_parts;
char *template_device(struct arena *arena, const struct kernel_spec *spec,
                      const struct emitted *parts, const struct device_parts *device);

/* The kernels that the runtime needs on a device beside a model's; NULL: none. */
char *template_tools(struct arena *arena, odec_target target);

/* The text of a file of kernels/ or templates/, part of the library; NULL: no such file. */
const char *embedded_text(const char *name);

#endif
