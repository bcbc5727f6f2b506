/* output.c -- results into the caller's memory: in every order, from every device, with a
 * sink beside it or without, the bits are those that a sink gets in C order; what lies
 * between them is not touched.
 */
#include "orders.h"

static struct memory host_memory(const struct order *order, const struct trial *trial,
                                 int64_t record_stride) {
    return memory_of(order, trial, record_stride, malloc);
}

static void memory_release(struct memory *m) {
    free(m->block);
    free(m->records);
}

/* ---- batches ---- */

static void try_order(const struct trial *base, const struct outcome *reference,
                      const struct order *order, bool with_sink) {
    struct trial trial = *base;
    struct memory m = host_memory(order, &trial, with_sink ? 1 : 3);
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
            struct memory m = host_memory(&orders[k], &trial, 1);
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
    struct memory m = host_memory(&orders[0], &trial, 2);
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
        {{.values = values, .n_saves = -1},
         "the output's n_saves is -1: it is the number of save times that there is room "
         "for, or 0 where that is not said"},
        {{.records = (void *)((char *)values + 4)},
         "the output's records are not aligned to 8 bytes"},
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
