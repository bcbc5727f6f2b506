/* backends.c -- the table of backends. */
#include "backend.h"

#define BACKEND(kind) extern const struct backend backend_##kind;
#include "backends.def"

const struct backend *const backends[N_BACKENDS] = {
#define BACKEND(kind) &backend_##kind,
#include "backends.def"
};
