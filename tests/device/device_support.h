/* device_support.h -- a batch on simulated devices, and what came of it.
 *
 *   struct trial trial = {.sim = "devices=2", .device = "cuda", .n_runs = 100};
 *   struct outcome o;
 *   trial_run(&trial, &o);
 *   assert_same_bits(&o, &reference) ...
 *   outcome_release(&o);
 *
 * The model is small and its runs differ in length. A sink collects every run and
 * counts how often it came. Whatever happens, the simulated driver must have no
 * complaint when a trial is over, and a watchdog ends a test that hangs.
 */
#ifndef DEVICE_SUPPORT_H
#define DEVICE_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "odec_compile.h"
#include "simgpu/sim.h"

enum { MAX_TRIAL_DEVICES = 16 };

struct trial {
    const char *sim; /* settings of the simulated driver; NULL: as it is configured */
    const char *device; /* NULL: "cuda" */
    const char *model;  /* NULL: the one of all trials */
    const char *method; /* NULL: tsit5 */
    bool is_float, fixed_steps;
    int64_t n_saves; /* 0: the final state alone */
    bool in_order;   /* the sink wants runs in order */
    int64_t n_runs;
    int64_t expected_runs; /* the solver option n_runs */
    int64_t memory_bytes, chunk_runs;
    int32_t n_buffers;
    int32_t n_threads; /* 0: 1 */
    odec_distribution distribution;
    const double *capacities;
    int32_t n_capacities;
    bool columns;        /* parameters from the caller's columns, not grids */
    double sink_seconds; /* that the sink sleeps for each portion */
    bool (*progress)(void *user, int64_t runs_done, int64_t n_runs);
    void *user;
    /* changes the batch as it likes; its `pars` are the test's, to be written */
    void (*prepare)(const struct trial *trial, odec_solver *solver, odec_batch *batch);
    void (*around)(bool begins); /* called before and after odec_solve */
    const odec_output *output;   /* the batch's */
    bool no_sink;
};

struct outcome {
    odec_status status;
    char error[512];
    odec_result result;
    int64_t n_runs;
    size_t run_bytes;
    unsigned char *values;           /* [n_runs][run_bytes] */
    struct odec_run_record *records; /* [n_runs] */
    unsigned char *times;            /* [n_runs]: how often each run came */
    unsigned below_atol;             /* bit i: state i was never above its atol */
    int32_t n_devices;               /* 0: there was no solver */
    struct {
        char name[16], failure[256];
        int64_t n_runs;
    } devices[MAX_TRIAL_DEVICES];
    bool created; /* the solver */
};

/* Group setup: opens the simulated driver, makes a cache for kernels, starts the
 * watchdog. */
int device_begin(void **state);
int device_end(void **state);

/* The program of a trial; it lives until device_end. */
const odec_program *trial_program(const struct trial *trial);

/* A solver for the trial, and its batch through it. */
odec_status trial_open(const struct trial *trial, odec_context *context,
                       odec_solver **out);
void trial_solve(const struct trial *trial, odec_context *context, odec_solver *solver,
                 struct outcome *out);

/* The same, without a look at the solver's devices afterwards: it may be gone. */
void trial_solve_alone(const struct trial *trial, odec_context *context,
                       odec_solver *solver, struct outcome *out);

/* Both in a context of their own; then nothing may be left on the devices. */
void trial_run(const struct trial *trial, struct outcome *out);
void outcome_release(struct outcome *outcome);

/* The same trial on the CPU alone, in one piece. */
void trial_on_cpu(const struct trial *trial, struct outcome *out);

/* Every run came once, and all bits are those of the other. */
void assert_same_bits(const struct outcome *outcome, const struct outcome *reference);
/* No run came twice, and those that came have the other's bits. How many came. */
int64_t assert_partial(const struct outcome *outcome, const struct outcome *reference);

/* Runs that the device of this name did. */
int64_t runs_of(const struct outcome *outcome, const char *name);

/* main() of a test program: all tests, or those whose names match the argument. */
int run_device_tests(int argc, char **argv, const struct CMUnitTest *tests, size_t n);
#define RUN_DEVICE_TESTS(argc, argv, tests) \
    run_device_tests(argc, argv, tests, sizeof tests / sizeof tests[0])

#endif
