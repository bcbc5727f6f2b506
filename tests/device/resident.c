/* resident.c -- sources and results in the caller's memory on the GPU, on his stream: the bits
 * are the CPU's, nothing of them passes the host, what comes before in the stream and after it
 * keeps its order, and under every fault there is a whole result or an error.
 *
 *   resident CODE[,async]   for every n the n-th call of the driver fails
 *   resident test_...       one of the tests below
 *
 * The caller is an application of CUDA's driver: it has retained the primary context, too.
 */
#include <unistd.h>

#include "cuda_api.h"
#include "orders.h"

static struct cuda_api cuda; /* the caller's; its libraries stay loaded */

/* ---- the caller ---- */

enum { MAX_BLOCKS = 16, FIRST_VALUE = 3 /* scalars before the column's first */ };

static struct caller {
    /* what is to be done */
    const struct order *order;     /* NULL: results are the host's */
    bool sources, values, records; /* in the GPU's memory */
    bool sink;                     /* beside the output */
    bool start;                    /* the first state's start too */
    int64_t stride;                /* of the columns */
    bool default_stream;
    size_t slow_bytes; /* that the stream has to copy first */
    bool copies;       /* the output's memory, before and after odec_solve */

    /* what is there */
    bool is_open; /* all went well so far */
    bool is_retained, is_current;
    CUresult error; /* that he met */
    CUcontext context;
    CUstream stream, own;
    CUdeviceptr blocks[MAX_BLOCKS];
    int n_blocks;
    void *pinned[MAX_BLOCKS];
    int n_pinned;
    struct memory memory;
    size_t taken_bytes; /* of the device's */
    odec_sizing sizing; /* that the solver told of the batch */
    void *pinned_before, *pinned_after;
    unsigned char before[2880], after[2880]; /* with `copies` */
} caller;

/* A call of the caller's own, which a fault may hit: after that he goes no further. */
static bool note(CUresult result) {
    caller.error = result;
    return caller.is_open = result == CUDA_SUCCESS;
}
#define CALL(call) (caller.is_open && note(cuda.driver.call))

static void *take_device(size_t bytes) {
    static char nothing[1 << 20]; /* for a test to go on with */
    CUdeviceptr at = 0;
    assert_true(caller.n_blocks < MAX_BLOCKS);
    if (!CALL(memory_allocate(&at, bytes))) {
        assert_true(bytes <= sizeof nothing);
        return nothing;
    }
    caller.blocks[caller.n_blocks++] = at;
    caller.taken_bytes += bytes;
    return (void *)(uintptr_t)at; /* a simulated device's addresses are the host's */
}

static void *take_pinned(size_t bytes) {
    void *at = NULL;
    assert_true(caller.n_pinned < MAX_BLOCKS);
    if (CALL(pinned_allocate(&at, bytes, 0))) {
        caller.pinned[caller.n_pinned++] = at;
    }
    return at;
}

static CUdeviceptr address(const void *at) { return (CUdeviceptr)(uintptr_t)at; }

static void caller_enter(void) {
    CUdevice device;
    caller.is_open = true;
    (void)CALL(init(0));
    (void)CALL(device_get(&device, 0));
    caller.is_retained = CALL(context_retain(&caller.context, device));
    caller.is_current = CALL(context_push(caller.context));
    (void)CALL(stream_create(&caller.own, CU_STREAM_NON_BLOCKING));
    caller.stream = caller.default_stream ? NULL : caller.own;
}

/* Gives back what it can; of a dead context it can give nothing. */
static void caller_leave(void) {
    CUcontext popped;
    CUresult result = caller.error;
    if (caller.own && !cuda_is_fatal(result)) {
        result = cuda.driver.stream_synchronize(caller.stream);
    }
    if (caller.copies && caller.is_open) {
        memcpy(caller.before, caller.pinned_before, sizeof caller.before);
        memcpy(caller.after, caller.pinned_after, sizeof caller.after);
    }
    for (int i = 0; i < caller.n_blocks && !cuda_is_fatal(result); i++) {
        result = cuda.driver.memory_free(caller.blocks[i]);
    }
    for (int i = 0; i < caller.n_pinned && !cuda_is_fatal(result); i++) {
        result = cuda.driver.pinned_free(caller.pinned[i]);
    }
    if (caller.own && !cuda_is_fatal(result)) {
        cuda.driver.stream_destroy(caller.own);
    }
    if (caller.is_current) {
        cuda.driver.context_pop(&popped);
    }
    if (caller.is_retained) {
        cuda.driver.context_release(0);
    }
}

/* ---- a batch ---- */

/* The value of run i of n, in parameter k and in the first state. */
static double value_of(int64_t i, int64_t n, bool is_state) {
    return is_state ? odec_grid_point(-1, 1.5, n, false, i)
                    : odec_grid_point(0.1, 200, n, true, i);
}

/* The column as the caller's memory has it, `stride` scalars apart, from the run that is first
 * there. */
static void fill_column(char *to, const struct trial *trial, int64_t stride,
                        bool is_state) {
    const int64_t n = trial->n_runs;
    for (int64_t i = 0; i < n; i++) {
        const double value = value_of(i, n, is_state);
        const int64_t at =
            FIRST_VALUE + (stride < 0 ? (i - n + 1) * stride : i * stride);
        if (trial->is_float) {
            ((float *)(void *)to)[at] = (float)value;
        } else {
            ((double *)(void *)to)[at] = value;
        }
    }
}

static size_t scalar_of(const struct trial *trial) {
    return trial->is_float ? sizeof(float) : sizeof(double);
}

/* A column that the stream brings to the device. */
static odec_source device_column(const struct trial *trial, bool is_state) {
    const int64_t stride = caller.stride;
    const size_t n = (size_t)trial->n_runs;
    const size_t bytes =
        (FIRST_VALUE + (n - 1) * (size_t)llabs(stride) + 1) * scalar_of(trial);
    char *pinned = take_pinned(bytes), *device = take_device(bytes);
    if (!caller.is_open) {
        return (odec_source){.kind = ODEC_SOURCE_DEFAULT};
    }
    fill_column(pinned, trial, stride, is_state);
    (void)CALL(copy_in(address(device), pinned, bytes, caller.stream));
    const int64_t first = FIRST_VALUE + (stride < 0 ? (int64_t)(n - 1) * -stride : 0);
    return (odec_source){.kind = ODEC_SOURCE_DEVICE,
                         .device = device + (size_t)first * scalar_of(trial),
                         .stride = stride};
}

static odec_source host_column(const struct trial *trial, bool is_state) {
    static double columns[2][1 << 16];
    double *column = columns[is_state];
    assert_true(trial->n_runs <= 1 << 16);
    for (int64_t i = 0; i < trial->n_runs; i++) {
        column[i] = value_of(i, trial->n_runs, is_state);
    }
    return (odec_source){.kind = ODEC_SOURCE_COLUMN, .column = column, .stride = 1};
}

static odec_source states[2];

static void prepare_sources(const struct trial *trial, odec_batch *batch,
                            odec_source (*column)(const struct trial *, bool)) {
    *(odec_source *)batch->pars = column(trial, false);
    if (caller.start) {
        states[0] = column(trial, true);
        states[1] = (odec_source){.kind = ODEC_SOURCE_DEFAULT};
        batch->states = states;
    }
}

static void prepare_reference(const struct trial *trial, odec_solver *solver,
                              odec_batch *batch) {
    (void)solver;
    prepare_sources(trial, batch, host_column);
}

/* What is there of values when the stream comes to it. */
static void copy_output(void **pinned) {
    *pinned = take_pinned(sizeof caller.before);
    (void)CALL(copy_out(*pinned, address(caller.memory.output.values),
                        sizeof caller.before, caller.stream));
}

/* Long work of an engine that odec needs at a batch's end alone: what is after it in the stream
 * waits, and nothing else. */
static void delay(void) {
    const size_t bytes = caller.slow_bytes;
    if (bytes > 0) {
        char *pinned = take_pinned(bytes), *device = take_device(bytes);
        (void)CALL(copy_out(pinned, address(device), bytes, caller.stream));
    }
}

static void prepare(const struct trial *trial, odec_solver *solver, odec_batch *batch) {
    caller_enter();
    delay();
    prepare_sources(trial, batch, caller.sources ? device_column : host_column);
    if (caller.order) {
        caller.memory = memory_of(caller.order, trial, 2, take_device);
        odec_output *output = &caller.memory.output;
        output->values = caller.values ? output->values : NULL;
        output->records = caller.records ? output->records : NULL;
        output->on_device = (caller.values ? ODEC_VALUES_ON_DEVICE : 0) |
                            (caller.records ? ODEC_RECORDS_ON_DEVICE : 0);
        batch->output = output;
    }
    batch->stream = caller.stream;
    if (caller.copies) {
        copy_output(&caller.pinned_before);
    }
    if (solver && caller.is_open) { /* it does not look at the memory */
        caller.sizing = (odec_sizing)ODEC_SIZING_INIT;
        assert_int_equal(
            odec_solver_sizing(solver, batch, trial->no_sink, 0, &caller.sizing),
            ODEC_OK);
    }
    if (!caller.is_open) {
        batch->n_runs = 0; /* a fault of the caller's own: odec is not to run */
    }
}

/* What the caller's memory has when odec_solve returns, without any wait. */
static void keep_memory(void) {
    struct memory *m = &caller.memory;
    unsigned char *block = malloc(m->bytes);
    struct odec_run_record *records = malloc(m->n_records * sizeof *records);
    assert_true(block && records);
    memcpy(block, m->block, m->bytes);
    memcpy(records, m->records, m->n_records * sizeof *records);
    if (m->output.values) {
        m->output.values = block + ((unsigned char *)m->output.values - m->block);
    }
    m->block = block;
    m->records = records;
}

static void around(bool begins) {
    if (!begins) {
        if (caller.copies) {
            copy_output(&caller.pinned_after);
        }
        if (caller.order && caller.is_open) {
            keep_memory();
        }
        caller_leave();
    }
}

/* Do values stay on the device? */
static bool stay(void) { return caller.order && caller.values && !caller.sink; }

/* The trial, by the caller as he is. */
static void run(const struct caller *as, const struct trial *given,
                struct outcome *out) {
    struct trial trial = *given;
    caller = *as;
    caller.stride = caller.stride ? caller.stride : 1;
    trial.device = trial.device ? trial.device : "cuda:0";
    trial.prepare = prepare;
    trial.around = around;
    trial.no_sink = stay();
    trial_run(&trial, out);
}

static void reference_of(const struct caller *as, const struct trial *given,
                         struct outcome *out) {
    struct trial trial = *given;
    caller = *as;
    trial.prepare = prepare_reference;
    trial_on_cpu(&trial, out);
}

static void forget_memory(void) {
    if (caller.order && caller.is_open) {
        free(caller.memory.block);
        free(caller.memory.records);
    }
}

/* All that odec_solve promises of what it has done. */
static void assert_whole(const struct outcome *o, const struct outcome *reference) {
    if (o->status != ODEC_OK) {
        fail_msg("%s: %s", caller.order ? caller.order->name : "no order", o->error);
    }
    assert_true(o->result.n_accepted == reference->result.n_accepted);
    assert_memory_equal(o->result.n_by_status, reference->result.n_by_status,
                        sizeof o->result.n_by_status);
    if (stay()) { /* a sink has not seen them */
        assert_string_equal(o->result.digest, "");
    } else {
        assert_same_bits(o, reference);
    }
    if (caller.order) {
        assert_memory(&caller.memory, reference);
    }
}

static void try_one(const struct caller *as, const struct trial *trial,
                    const struct outcome *reference) {
    struct outcome o;
    run(as, trial, &o);
    assert_true(caller.is_open);
    assert_whole(&o, reference);
    forget_memory();
    outcome_release(&o);
}

/* ---- results and sources in every order ---- */

static void try_all(const struct trial *trial) {
    static const struct caller callers[] = {
        {.sources = true, .values = true, .records = true},
        {.sources = true, .values = true, .records = true, .start = true, .stride = 3},
        {.values = true, .records = true}, /* sources are the host's */
        {.sources = true, .values = true, .stride = -2},
        {.sources = true, .records = true},
        {.sources = true, .values = true, .records = true, .sink = true},
    };
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        struct outcome reference;
        reference_of(&callers[i], trial, &reference);
        for (int k = 0; k < N_ORDERS; k++) {
            struct caller as = callers[i];
            as.order = &orders[k];
            if (k != BACKWARDS) {
                try_one(&as, trial, &reference);
            }
        }
        outcome_release(&reference);
    }
}

static void test_layouts(void **state) {
    (void)state;
    try_all(&(struct trial){
        .sim = "devices=1", .n_runs = 101, .chunk_runs = 23, .n_saves = 7});
}

static void test_float(void **state) {
    (void)state;
    try_all(&(struct trial){
        .sim = "devices=2", .n_runs = 70, .n_saves = 4, .is_float = true});
}

static void test_one_state_alone(void **state) {
    (void)state;
    try_all(&(struct trial){
        .sim = "devices=1",
        .model = "model one\npar k = 1\ninit x = 1\nx' = -k*x\nsolve { t = 0 .. 2 }\n",
        .n_runs = 50,
        .chunk_runs = 16,
        .n_buffers = 1});
}

/* A span of no length: its records, which are made on the host, are the caller's too. */
static void test_no_length(void **state) {
    (void)state;
    try_all(&(struct trial){
        .sim = "devices=1",
        .model = "model still\npar k = 1\ninit x = k, y = 1/(k - 0.1)\nx' = -x\n"
                 "y' = -y\nsolve { t = 3 .. 3 }\n",
        .n_runs = 40,
        .chunk_runs = 17,
        .n_saves = 2});
}

/* ---- where bytes go ---- */

static const struct caller all_there = {
    .sources = true, .values = true, .records = true, .order = &orders[0]};

static struct caller in_order(int k) {
    struct caller as = all_there;
    as.order = &orders[k];
    return as;
}

/* Neither values nor columns pass the host: what is copied there are records and counters, what
 * comes from there tables. Sizing says so, and it is what the device had at most. */
static void test_nothing_passes_the_host(void **state) {
    (void)state;
    enum { N = 3000, SAVES = 60, VALUES = N * SAVES * 2 * 8, RECORDS = N * 48 };
    const struct trial trial = {
        .sim = "devices=1", .n_runs = N, .n_saves = SAVES, .memory_bytes = 3 << 20};
    struct simgpu_device_report report;
    struct outcome reference;
    reference_of(&all_there, &trial, &reference);
    for (int k = 0; k < N_ORDERS; k++) {
        const struct caller as = in_order(k);
        if (k == BACKWARDS) {
            continue;
        }
        try_one(&as, &trial, &reference);
        assert_true(sim.device_report(0, &report));
        assert_true(caller.sizing.n_chunks > 1);
        assert_true(report.engines[SIMGPU_COPY_OUT].bytes < 2 * RECORDS);
        assert_true(report.engines[SIMGPU_COPY_IN].bytes <
                    2 * N * 8); /* the test's own */
        assert_true(report.peak_bytes <=
                    caller.taken_bytes + (uint64_t)caller.sizing.total_bytes);
        int64_t values = 0, inputs = -1;
        for (int64_t i = 0; i < caller.sizing.n_arrays; i++) {
            const char *name = caller.sizing.array_name[i];
            const bool per_run = caller.sizing.array_kind[i] == ODEC_PER_RUN;
            values += per_run && strcmp(name, "values") == 0
                          ? caller.sizing.array_bytes[i]
                          : 0;
            inputs =
                strcmp(name, "inputs") == 0 ? caller.sizing.array_bytes[i] : inputs;
        }
        /* a chunk has values where they are transposed on their way alone */
        const bool straight = k == 0 || orders[k].axes[2] == 0;
        assert_int_equal(values, straight ? 0 : SAVES * 2 * 8);
        assert_int_equal(inputs, 0);
        assert_true(caller.sizing.value_bytes == VALUES);
    }
    outcome_release(&reference);
}

/* One run alone has more values than the budget would take twice. */
static void test_small_budget(void **state) {
    (void)state;
    const struct trial trial = {
        .sim = "devices=1", .n_runs = 12, .n_saves = 20000, .memory_bytes = 700000};
    struct outcome reference;
    reference_of(&all_there, &trial, &reference);
    try_one(&all_there, &trial, &reference);
    const struct caller runs_fastest = in_order(3);
    try_one(&runs_fastest, &trial, &reference);
    outcome_release(&reference);
}

/* ---- order ---- */

/* The caller's stream is busy for long when odec_solve is called. Only then come the column's
 * values, and a copy of what was in the output's memory before: odec waits for the ones, and does
 * not write there before the other. A copy that follows odec_solve, without a wait of the host's,
 * has the results. */
static void try_stream(const char *sim_settings, bool default_stream) {
    const struct trial trial = {.sim = sim_settings, .n_runs = 60, .n_saves = 3};
    struct outcome reference;
    struct caller as = all_there;
    as.default_stream = default_stream;
    as.slow_bytes = 60000; /* 0.6 s */
    as.copies = true;
    reference_of(&as, &trial, &reference);
    try_one(&as, &trial, &reference);
    for (size_t i = 0; i < sizeof caller.before; i++) {
        assert_int_equal(caller.before[i], UNTOUCHED);
    }
    assert_memory_equal(caller.after, reference.values, sizeof caller.after);
    outcome_release(&reference);
}

static void test_stream(void **state) {
    (void)state;
    try_stream("devices=1; copy_MBps=0.1", false);
}

static void test_default_stream(void **state) {
    (void)state;
    try_stream("devices=1; copy_MBps=0.1; default_stream=1", true);
}

/* ---- an end before the end ---- */

static bool cancel_at_half(void *user, int64_t runs_done, int64_t n_runs) {
    (void)user;
    return runs_done < n_runs / 2;
}

/* When odec_solve returns nothing of it is under way, so that memory may go; the solver does
 * the next batch. */
static void test_cancel(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=1; run_us=2000",
                          .n_runs = 400,
                          .chunk_runs = 50,
                          .progress = cancel_at_half};
    struct outcome o;
    run(&all_there, &trial, &o);
    assert_int_equal(o.status, ODEC_CANCELLED);
    assert_string_equal(o.result.digest, "");
    forget_memory();
    outcome_release(&o);
}

/* The GPU is lost in the middle: one error, which names it. */
static void test_lost(void **state) {
    (void)state;
    for (int launch = 1; launch <= 3; launch++) {
        char settings[64];
        struct outcome o;
        snprintf(settings, sizeof settings, "devices=2; lost_launch=0:%d", launch);
        const struct trial trial = {.sim = settings, .n_runs = 300, .chunk_runs = 60};
        run(&all_there, &trial, &o);
        assert_int_equal(o.status, ODEC_ERROR_DEVICE);
        assert_non_null(strstr(o.error, "cuda:0: "));
        forget_memory();
        outcome_release(&o);
    }
}

/* ---- what is wrong ---- */

struct wrong {
    const char *error;
    const char
        *device; /* NULL: cuda:0; "capturing": that, where streams are captured */
    void (*spoil)(odec_batch *batch, odec_source *source, odec_output *output);
};

static CUdeviceptr block_on_other_device, freed_block;
static CUstream other_stream;

#define SPOIL(name) \
    static void name(odec_batch *batch, odec_source *source, odec_output *output)
#define UNUSED() ((void)batch, (void)source, (void)output)

SPOIL(nothing) { UNUSED(); }
SPOIL(column_missing) {
    UNUSED();
    source->device = NULL;
}
SPOIL(column_misaligned) {
    UNUSED();
    source->device = (const char *)source->device + 4;
}
SPOIL(column_of_host) {
    static const double column[100];
    UNUSED();
    source->device = column;
}
SPOIL(column_pinned) {
    UNUSED();
    source->device = caller.pinned[0];
}
SPOIL(column_of_other) {
    UNUSED();
    source->device = (const void *)(uintptr_t)block_on_other_device;
}
SPOIL(column_freed) {
    UNUSED();
    source->device = (const void *)(uintptr_t)freed_block;
}
SPOIL(column_too_short) {
    UNUSED();
    source->stride = 2;
}
SPOIL(column_too_short_before) {
    UNUSED();
    source->stride = -1;
}
SPOIL(column_too_far) {
    UNUSED();
    source->stride = INT64_MAX / 64;
}
SPOIL(column_in_output) {
    UNUSED();
    source->device = (const double *)output->values + 5;
}
SPOIL(values_misaligned) {
    UNUSED();
    output->values = (char *)output->values + 4;
}
SPOIL(values_backwards) {
    UNUSED();
    output->run_stride = -1;
    output->save_stride = 100;
    output->column_stride = 1000;
}
SPOIL(records_backwards) {
    UNUSED();
    output->record_stride = -1;
}
SPOIL(records_misaligned) {
    UNUSED();
    output->records = (void *)((char *)output->records + 4);
}
SPOIL(values_too_long) {
    UNUSED();
    output->values = (double *)output->values + 1;
}
SPOIL(values_of_host) {
    static double values[1000];
    UNUSED();
    output->values = values;
}
SPOIL(records_too_long) {
    UNUSED();
    output->record_stride = 3;
}
SPOIL(records_in_values) {
    UNUSED();
    output->records = output->values;
    output->record_stride = 1;
}
SPOIL(values_on_each_other) {
    UNUSED();
    output->save_stride = 1;
}
SPOIL(unknown_bit) {
    UNUSED();
    output->on_device |= 4;
}
SPOIL(stream_of_other) {
    UNUSED();
    batch->stream = other_stream;
}

#define ALONE \
    "sources or results in a GPU's memory need a solver for one GPU alone (\"cuda:0\"): "

/* Of 10 runs, 3 saves, 2 columns. */
static const struct wrong wrongs[] = {
    {ALONE "this one has the cpu", "cpu", nothing},
    {ALONE "this one has 2 devices", "cuda", nothing},
    {ALONE "this one has 3 devices", "all", nothing},
    {ALONE "this one has 3 devices", "auto", nothing},
    {"the output's values: in the memory of cuda:0, not of cuda:1", "cuda:1", nothing},
    {"the device's column of 'k' is missing", NULL, column_missing},
    {"the device's column of 'k' is not aligned to the 8 bytes of one value", NULL,
     column_misaligned},
    {"the device's column of 'k': not in the memory of a GPU", NULL, column_of_host},
    {"the device's column of 'k': in the host's memory, not in that of cuda:0", NULL,
     column_pinned},
    {"the device's column of 'k': in the memory of cuda:1, not of cuda:0", NULL,
     column_of_other},
    {"the device's column of 'k': not in the memory of a GPU", NULL, column_freed},
    {"the device's column of 'k': 152 bytes, 72 more than its allocation has from "
     "there on",
     NULL, column_too_short},
    {"the device's column of 'k': not in the memory of a GPU", NULL,
     column_too_short_before},
    {"the device's column of 'k' is larger than any memory: a stride of "
     "144115188075855871",
     NULL, column_too_far},
    {"the device's column of 'k': the output is in the same memory", NULL,
     column_in_output},
    {"the output's values are not aligned to the 8 bytes of one", NULL,
     values_misaligned},
    {"the output's strides in a GPU's memory must not be negative", NULL,
     values_backwards},
    {"the output's record_stride in a GPU's memory must not be negative", NULL,
     records_backwards},
    {"the output's records are not aligned to 8 bytes", NULL, records_misaligned},
    {"the output's values: 480 bytes, 8 more than its allocation has from there on",
     NULL, values_too_long},
    {"the output's values: not in the memory of a GPU", NULL, values_of_host},
    {"the output's records: 1344 bytes, 384 more than its allocation has from there on",
     NULL, records_too_long},
    {"the output's values and records are in the same memory", NULL, records_in_values},
    {"the output's strides let two values have one place", NULL, values_on_each_other},
    {"the output's on_device is 7, of which 3 is known", NULL, unknown_bit},
    {"the caller's stream is not of the primary context of cuda:0", NULL,
     stream_of_other},
    {"the caller's stream is being captured: a batch cannot be part of a graph",
     "capturing", nothing},
};

static const struct wrong *wrong; /* that is tried */

static void other_device(CUcontext *context) {
    assert_int_equal(cuda.driver.context_retain(context, 1), 0);
    assert_int_equal(cuda.driver.context_push(*context), 0);
}

static void prepare_wrong(const struct trial *trial, odec_solver *solver,
                          odec_batch *batch) {
    CUcontext other, popped;
    prepare(trial, NULL, batch);
    (void)solver;
    assert_int_equal(cuda.driver.memory_allocate(&freed_block, 1024), 0);
    assert_int_equal(cuda.driver.memory_free(freed_block), 0);
    other_device(&other);
    assert_int_equal(cuda.driver.memory_allocate(&block_on_other_device, 1024), 0);
    assert_int_equal(cuda.driver.stream_create(&other_stream, 0), 0);
    cuda.driver.context_pop(&popped);
    wrong->spoil(batch, (odec_source *)batch->pars, (odec_output *)batch->output);
}

static void around_wrong(bool begins) {
    CUcontext other, popped;
    if (!begins) {
        other_device(&other);
        assert_int_equal(cuda.driver.memory_free(block_on_other_device), 0);
        assert_int_equal(cuda.driver.stream_destroy(other_stream), 0);
        cuda.driver.context_pop(&popped);
        cuda.driver.context_release(1);
        cuda.driver.context_release(1);
        caller_leave();
    }
}

static void test_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        wrong = &wrongs[i];
        caller = all_there;
        caller.stride = 1;
        struct outcome o;
        const bool named = wrong->device && strcmp(wrong->device, "capturing") != 0;
        const struct trial trial = {
            .sim = wrong->device && !named ? "devices=2; capturing=1" : "devices=2",
            .device = named ? wrong->device : "cuda:0",
            .n_runs = 10,
            .n_saves = 3,
            .prepare = prepare_wrong,
            .around = around_wrong,
            .no_sink = true};
        trial_run(&trial, &o);
        assert_string_equal(o.error, wrong->error);
        assert_int_equal(o.status, ODEC_ERROR_ARGUMENT);
        outcome_release(&o);
    }
}

/* ---- faults ---- */

static char swept[64];

static void test_sweep(void **state) {
    (void)state;
    enum { MOST_CALLS = 3000 };
    struct trial trial = {.n_runs = 120, .chunk_runs = 50, .n_saves = 3};
    struct outcome reference, o;
    const char *async = strchr(swept, ',');
    const int n_code = async ? (int)(async - swept) : (int)strlen(swept);
    char settings[128];
    int n_whole = 0, n_errors = 0, n = 1;
    reference_of(&all_there, &trial, &reference);
    for (bool fired = true; fired; n++) {
        assert_true(n < MOST_CALLS);
        snprintf(settings, sizeof settings, "async=%d; fault=%d:%.*s", async != NULL, n,
                 n_code, swept);
        trial.sim = settings;
        const struct caller as = in_order(n % 4); /* among them each way of results */
        alarm(60);
        run(&as, &trial, &o);
        fired = sim.fault_fired();
        if (o.status == ODEC_OK) {
            assert_whole(&o, &reference);
            n_whole++;
        } else {
            assert_true(fired);
            assert_true(!o.created || strlen(o.error) > 10);
            n_errors++;
        }
        if (o.created) {
            forget_memory();
        }
        outcome_release(&o);
    }
    outcome_release(&reference);
    print_message("%s: %d calls, %d whole results, %d errors\n", swept, n - 2, n_whole,
                  n_errors);
    assert_true(n > 100 && n_whole > 10 && n_errors > 20);
}

int main(int argc, char **argv) {
    const struct CMUnitTest sweep[] = {cmocka_unit_test(test_sweep)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_one_state_alone),
        cmocka_unit_test(test_no_length),
        cmocka_unit_test(test_nothing_passes_the_host),
        cmocka_unit_test(test_small_budget),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_default_stream),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_wrong),
    };
    struct cuda_api api;
    cuda_api_open(&api);
    cuda = api;
    cuda_api_close(&api);
    if (argc > 1 && strncmp(argv[1], "test_", 5) != 0) {
        snprintf(swept, sizeof swept, "%s", argv[1]);
        return RUN_DEVICE_TESTS(1, argv, sweep);
    }
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
