/* stops.h -- a program as it would be if its runs stopped on their way. */
#ifndef STOPS_H
#define STOPS_H

#include "odec_compile.h"

/* The CPU's text of the trial's program, written for runs each of which stops at instants of its
 * own: events and edges in time will be such. It knows none but the run's end. The text is the
 * caller's to free. */
struct trial;
char *text_with_stops(const struct trial *trial, const odec_program *program);

#endif
