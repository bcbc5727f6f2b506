/* backend.c -- the table of backends, and which of them a device's name means. */
#include "backend.h"

#include <string.h>

static const struct backend *const backends[] = {&backend_cpu};

odec_status backend_find(struct odec_context *context, const char *device,
                         const struct backend **out) {
    if (device == NULL || strcmp(device, "auto") == 0) {
        *out = &backend_cpu;
        return ODEC_OK;
    }
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(device, backends[i]->name) == 0) {
            *out = backends[i];
            return ODEC_OK;
        }
    }
    FAIL_IF(strncmp(device, "cuda", 4) == 0 && (device[4] == '\0' || device[4] == ':'),
            context, ODEC_ERROR_ARGUMENT, "the device '%s' is not available yet",
            device);
    return context_fail(context, ODEC_ERROR_ARGUMENT,
                        "unknown device '%s': one of auto, cpu", device);
}
