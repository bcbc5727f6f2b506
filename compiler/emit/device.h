/* device.h -- a model's functions for kernels of the user's own. */
#ifndef ODEC_DEVICE_H
#define ODEC_DEVICE_H

#include "emit.h"

struct jacobian;

/* What fills the template's holes beside what every kernel has. */
struct device_parts {
    const char *name, *names, *precision, *stepper, *tables;
    const char *push, *undef, *pop; /* macros put aside, made nothing, given back */
};

/* The text of NAME_device.cuh; name "": the model's. */
char *device_text(struct arena *arena, const struct kernel_spec *spec,
                  const struct emitted *parts, const struct jacobian *jacobian,
                  const char *name);

#endif
