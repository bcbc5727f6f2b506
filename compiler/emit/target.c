/* target.c -- the table of targets. */
#include "target.h"

const struct target targets[ODEC_N_TARGETS] = {
#define TARGET(name, adaptive, fixed, tools, ...) \
    [ODEC_TARGET_##name] = {adaptive, fixed, tools, __VA_ARGS__},
#include "targets.def"
};
