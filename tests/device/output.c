/* output.c -- results into the caller's memory: in every order, from every device, with a
 * sink beside it or without, the bits are those that a sink gets in C order; what lies
 * between them is not touched.
 */
#include "device_support.h"

enum { UNTOUCHED = 0x5a };

/* ---- orders ---- */

/* Strides of a batch; `gap`: places between neighbours, `back`: the axis backwards. */
struct order {
    const char *name;
    int axes[3]; /* 0 runs, 1 saves, 2 columns: slowest first */
    int64_t gap;
    bool back[3];
};

static const struct order orders[] = {
    {"C order", {0, 1, 2}, 0, {false, false, false}},
    {"rows apart", {0, 1, 2}, 3, {false, false, false}},
    {"columns before saves", {0, 2, 1}, 0, {false, false, false}},
    {"runs fastest", {1, 2, 0}, 0, {false, false, false}},
    {"columns slowest", {2, 1, 0}, 0, {false, false, false}},
    {"runs in the middle", {1, 0, 2}, 1, {false, false, false}},
    {"all backwards", {2, 0, 1}, 2, {true, true, true}},
};
enum { N_ORDERS = sizeof orders / sizeof orders[0] };

/* An output of that order, and the block that it is in. */
struct memory {
    odec_output output;
    unsigned char *block;
    struct odec_run_record *records;
    size_t bytes, n_records;
    int64_t n[3], stride[3];
    size_t scalar;
};

static struct memory memory_of(const struct order *order, const struct trial *trial,
                               int64_t record_stride) {
    const odec_program *program = trial_program(trial);
    struct memory m = {.n = {trial->n_runs, trial->n_saves > 0 ? trial->n_saves : 1,
                             program->n_columns},
                       .scalar = trial->is_float ? sizeof(float) : sizeof(double),
                       .n_records = (size_t)(trial->n_runs * record_stride)};
    int64_t size = 1, first = 0;
    for (int i = 2; i >= 0; i--) {
        const int axis = order->axes[i];
        m.stride[axis] = order->back[axis] ? -size : size;
        first += order->back[axis] ? size * (m.n[axis] - 1) : 0;
        size = size * m.n[axis] + order->gap;
    }
    m.bytes = (size_t)size * m.scalar;
    m.block = malloc(m.bytes);
    m.records = malloc(m.n_records * sizeof *m.records);
    assert_true(m.block && m.records);
    memset(m.block, UNTOUCHED, m.bytes);
    memset(m.records, UNTOUCHED, m.n_records * sizeof *m.records);
    m.output = (odec_output){.size = sizeof m.output,
                             .values = m.block + (size_t)first * m.scalar,
                             .run_stride = m.stride[0],
                             .save_stride = m.stride[1],
                             .column_stride = m.stride[2],
                             .n_saves = m.n[1],
                             .records = m.records,
                             .record_stride = record_stride};
    return m;
}

static void memory_release(struct memory *m) {
    free(m->block);
    free(m->records);
}

/* Every result is where it should be, and everything else as it was. */
static void assert_memory(struct memory *m, const struct outcome *reference) {
    const unsigned char *row = reference->values;
    for (int64_t run = 0; run < m->n[0]; run++) {
        for (int64_t save = 0; save < m->n[1]; save++) {
            for (int64_t column = 0; column < m->n[2]; column++, row += m->scalar) {
                const int64_t i =
                    run * m->stride[0] + save * m->stride[1] + column * m->stride[2];
                unsigned char *at =
                    (unsigned char *)m->output.values + i * (int64_t)m->scalar;
                assert_memory_equal(at, row, m->scalar);
                memset(at, UNTOUCHED, m->scalar);
            }
        }
        struct odec_run_record *record = &m->records[run * m->output.record_stride];
        assert_memory_equal(record, &reference->records[run], sizeof *record);
        memset(record, UNTOUCHED, sizeof *record);
    }
    for (size_t i = 0; i < m->bytes; i++) {
        assert_int_equal(m->block[i], UNTOUCHED);
    }
    for (size_t i = 0; i < m->n_records * sizeof *m->records; i++) {
        assert_int_equal(((unsigned char *)m->records)[i], UNTOUCHED);
    }
}

/* ---- batches ---- */

static void try_order(const struct trial *base, const struct outcome *reference,
                      const struct order *order, bool with_sink) {
    struct trial trial = *base;
    struct memory m = memory_of(order, &trial, with_sink ? 1 : 3);
    struct outcome o;
    trial.output = &m.output;
    trial.no_sink = !with_sink;
    trial_run(&trial, &o);
    if (o.status != ODEC_OK) {
        fail_msg("%s, %s: %s", trial.device, order->name, o.error);
    }
    assert_string_equal(o.result.digest, reference->result.digest);
    assert_true(o.result.n_accepted == reference->result.n_accepted);
    if (with_sink) {
        assert_same_bits(&o, reference);
    }
    assert_memory(&m, reference);
    outcome_release(&o);
    memory_release(&m);
}

static void try_orders(const struct trial *trial) {
    static const struct {
        const char *sim, *device;
    } machines[] = {
        {"devices=0", "cpu"}, {"devices=1", "cuda:0"}, {"devices=2", "all"}};
    struct outcome reference;
    trial_on_cpu(trial, &reference);
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        for (int k = 0; k < N_ORDERS; k++) {
            struct trial on = *trial;
            on.sim = machines[i].sim;
            on.device = machines[i].device;
            try_order(&on, &reference, &orders[k], false);
            try_order(&on, &reference, &orders[k], true);
        }
    }
    outcome_release(&reference);
}

static void test_layouts(void **state) {
    (void)state;
    try_orders(
        &(struct trial){.n_runs = 101, .chunk_runs = 23, .n_saves = 7, .n_threads = 2});
}

static void test_float_and_fixed_steps(void **state) {
    (void)state;
    try_orders(&(struct trial){.n_runs = 37, .is_float = true, .in_order = true});
    try_orders(&(struct trial){.n_runs = 37, .n_saves = 3, .fixed_steps = true});
}

/* A budget that has no room for one run's values is enough where they go straight to the
 * caller's memory: in any order without a sink, in C order with one. */
static void test_no_copy(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=0",
                          .device = "cpu",
                          .n_runs = 20,
                          .n_saves = 40000,
                          .memory_bytes = 400000};
    struct outcome reference, o;
    struct trial free_of_budget = trial;
    trial_on_cpu(&free_of_budget, &reference);
    for (int k = 0; k < N_ORDERS; k++) {
        for (int with_sink = 0; with_sink < 2; with_sink++) {
            struct memory m = memory_of(&orders[k], &trial, 1);
            trial.output = &m.output;
            trial.no_sink = !with_sink;
            trial_run(&trial, &o);
            if (with_sink && k > 0) {
                assert_int_equal(o.status, ODEC_ERROR_BUDGET);
            } else {
                assert_string_equal(o.error, "");
                assert_memory(&m, &reference);
            }
            outcome_release(&o);
            memory_release(&m);
        }
    }
    outcome_release(&reference);
}

/* Values to the sink, records to memory, and the other way round. */
static void test_records_alone(void **state) {
    (void)state;
    struct trial trial = {.sim = "devices=1", .device = "all", .n_runs = 60};
    struct outcome reference, o;
    trial_on_cpu(&trial, &reference);
    struct memory m = memory_of(&orders[0], &trial, 2);
    trial.output = &m.output;
    void *values = m.output.values;
    m.output.values = NULL;
    trial_run(&trial, &o);
    assert_same_bits(&o, &reference);
    outcome_release(&o);
    m.output.values = values;
    m.output.records = NULL;
    trial_run(&trial, &o);
    assert_same_bits(&o, &reference);
    outcome_release(&o);
    m.output.records = m.records;
    assert_memory(&m, &reference);
    memory_release(&m);
    outcome_release(&reference);
}

static void test_wrong_outputs(void **state) {
    (void)state;
    static double values[1000];
    const struct {
        odec_output output; /* of 10 runs, 3 saves, 2 columns */
        const char *error;
    } rows[] = {
        {{.values = (char *)values + 1},
         "the output's values are not aligned to the 8 bytes of one"},
        {{.values = values, .n_saves = 2},
         "the output has room for 2 save times, the batch has 3"},
        {{.values = values, .run_stride = 12, .save_stride = 4},
         "the output's strides let two values have one place"},
        {{.values = values, .run_stride = 5, .save_stride = 2, .column_stride = 1},
         "the output's strides let two values have one place"},
        {{.values = values, .run_stride = -1, .save_stride = 10, .column_stride = 29},
         "the output's strides let two values have one place"},
        {{.values = values,
          .run_stride = INT64_MAX / 64,
          .save_stride = 4,
          .column_stride = 1},
         "the output's values are larger than any memory"},
        {{.values = values,
          .run_stride = INT64_MIN,
          .save_stride = 4,
          .column_stride = 1},
         "the output's values are larger than any memory: a stride of "
         "-9223372036854775808"},
        {{.records = (struct odec_run_record *)values,
          .record_stride = INT64_MAX / 100},
         "the output's records are larger than any memory"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        odec_output output = rows[i].output;
        struct trial trial = {.sim = "devices=0",
                              .device = "cpu",
                              .n_runs = 10,
                              .n_saves = 3,
                              .output = &output};
        assert_int_equal(trial_program(&trial)->n_columns, 2);
        struct outcome o;
        output.size = sizeof output;
        trial_run(&trial, &o);
        assert_int_equal(o.status, ODEC_ERROR_ARGUMENT);
        assert_string_equal(o.error, rows[i].error);
        outcome_release(&o);
    }
}

/* A span of no length: the records that count are those of the caller's memory too. */
static void test_no_length(void **state) {
    (void)state;
    struct trial trial = {
        .model = "model still\npar k = 1\ninit x = k, y = 1/(k - 0.1)\nx' = -x\n"
                 "y' = -y\nsolve { t = 3 .. 3 }\n",
        .n_runs = 9,
        .n_saves = 2};
    try_orders(&trial);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_float_and_fixed_steps),
        cmocka_unit_test(test_no_copy),
        cmocka_unit_test(test_records_alone),
        cmocka_unit_test(test_wrong_outputs),
        cmocka_unit_test(test_no_length),
    };
    return RUN_DEVICE_TESTS(argc, argv, tests);
}
