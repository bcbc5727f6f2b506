/* orders.c -- see orders.h. */
#include "orders.h"

const struct order orders[N_ORDERS] = {
    {"C order", {0, 1, 2}, 0, {false, false, false}},
    {"rows apart", {0, 1, 2}, 3, {false, false, false}},
    {"columns before saves", {0, 2, 1}, 0, {false, false, false}},
    {"runs fastest", {1, 2, 0}, 0, {false, false, false}},
    {"each apart", {0, 1, 2}, 1, {false, false, false}},
    {"columns slowest", {2, 1, 0}, 0, {false, false, false}},
    {"runs in the middle", {1, 0, 2}, 1, {false, false, false}},
    {"all backwards", {2, 0, 1}, 2, {true, true, true}},
};

struct memory memory_of(const struct order *order, const struct trial *trial,
                        int64_t record_stride, void *(*take)(size_t bytes)) {
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
    m.block = take(m.bytes);
    m.records = take(m.n_records * sizeof *m.records);
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

void assert_memory(struct memory *m, const struct outcome *reference) {
    const unsigned char *row = reference->values;
    const int64_t n_values = m->output.values ? m->n[0] * m->n[1] * m->n[2] : 0;
    for (int64_t k = 0; k < n_values; k++, row += m->scalar) {
        const int64_t i = k / m->n[2] / m->n[1] * m->stride[0] +
                          k / m->n[2] % m->n[1] * m->stride[1] +
                          k % m->n[2] * m->stride[2];
        unsigned char *at = (unsigned char *)m->output.values + i * (int64_t)m->scalar;
        assert_memory_equal(at, row, m->scalar);
        memset(at, UNTOUCHED, m->scalar);
    }
    for (int64_t run = 0; m->output.records && run < m->n[0]; run++) {
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
