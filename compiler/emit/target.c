/* target.c -- the table of targets. */
#include "target.h"

const struct target targets[ODEC_N_TARGETS] = {
#define TARGET(name, refill, woven, tools, ...) \
    [ODEC_TARGET_##name] = {refill, woven, tools, __VA_ARGS__},
#include "targets.def"
};
