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
    double slow_bytes; /* that the stream has to copy first */

    /* what is there */
    bool is_open; /* all went well so far */
    bool is_retained, is_current;
    CUcontext context;
    CUstream stream, own;
    CUdeviceptr blocks[MAX_BLOCKS];
    int n_blocks;
    void *pinned[MAX_BLOCKS];
    int n_pinned;
    struct memory memory;
} caller;

/* A call of the caller's own, which a fault may hit: after that he goes no further. */
#define CALL(call) (caller.is_open = caller.is_open && cuda.driver.call == CUDA_SUCCESS)

static void *take_device(size_t bytes) {
    static char nothing[1 << 20]; /* for a test to go on with */
    CUdeviceptr at = 0;
    assert_true(caller.n_blocks < MAX_BLOCKS);
    if (!CALL(memory_allocate(&at, bytes))) {
        assert_true(bytes <= sizeof nothing);
        return nothing;
    }
    caller.blocks[caller.n_blocks++] = at;
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
    CALL(init(0));
    CALL(device_get(&device, 0));
    caller.is_retained = CALL(context_retain(&caller.context, device));
    caller.is_current = CALL(context_push(caller.context));
    CALL(stream_create(&caller.own, CU_STREAM_NON_BLOCKING));
    caller.stream = caller.default_stream ? NULL : caller.own;
}

/* Gives back what it can; of a dead context it can give nothing. */
static void caller_leave(void) {
    CUcontext popped;
    CUresult result = caller.own ? cuda.driver.stream_synchronize(caller.stream) : 0;
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
    CALL(copy_in(address(device), pinned, bytes, caller.stream));
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

static void prepare_reference(const struct trial *trial, odec_batch *batch) {
    prepare_sources(trial, batch, host_column);
}

/* Long work, which nothing waits for but what is after it in the stream. */
static void delay(void) {
    const size_t bytes = (size_t)caller.slow_bytes;
    if (bytes > 0) {
        char *pinned = take_pinned(bytes), *device = take_device(bytes);
        CALL(copy_in(address(device), pinned, bytes, caller.stream));
    }
}

static void prepare(const struct trial *trial, odec_batch *batch) {
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

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_float),
        cmocka_unit_test(test_one_state_alone),
    };
    struct cuda_api api;
    cuda_api_open(&api);
    cuda = api;
    cuda_api_close(&api);
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
