/* measure.h -- how fast devices are, by solves of a small model. */
#ifndef ODEC_MEASURE_H
#define ODEC_MEASURE_H

#include "odec.h"

/* Why a device could not be measured, "" where it was or was not to be. */
struct measured {
    char failure[512];
};

/* Measures the device: its rate is in its odec_device_state then. False: ^C came. */
bool measure_device(odec_context *context, const char *name, struct measured *out);

#endif
