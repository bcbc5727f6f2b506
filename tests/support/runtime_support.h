/* runtime_support.h -- what the tests of the runtime without the compiler share: a
 * kernel written by hand, and a context and a directory that a program's tests have in
 * common.
 *
 * The kernel is exponential decay, x' = -k x, by rk4 in four steps to each save time. A
 * run with k = 13 fails, one with k = 77 never ends unless it is stopped.
 */
#ifndef RUNTIME_SUPPORT_H
#define RUNTIME_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec.h"

/* For cmocka's group setup and teardown. */
int runtime_begin(void **state);
int runtime_end(void **state);

extern odec_context *context;

/* A path in the program's directory; the fourth call after it overwrites it. */
char *in_directory(const char *name);

odec_program decay_program(void);

/* Two threads, and the program's own kernel cache. */
odec_solver_options test_options(void);

/* Fails the test with the context's words where there is none. */
odec_solver *open_solver(const odec_program *program,
                         const odec_solver_options *options);

/* A sweep of k over 0 .. 2. */
odec_source sweep_k(int64_t n);
odec_batch batch_of(int64_t n_runs, const odec_source *k);
/* So many save times, both ends among them. */
odec_save saves_of(int64_t n);

/* A sink that takes everything and looks at nothing. */
odec_status look_away(void *user, const odec_portion *portion);

#endif
