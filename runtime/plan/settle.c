/* settle.c -- see settle.h. */
#include "settle.h"

#include <math.h>
#include <string.h>

static bool is_state(const struct odec_program *program, int32_t column) {
    int32_t i = 0;
    while (i < program->n_states &&
           strcmp(program->states[i].name, program->columns[column].name) != 0) {
        i++;
    }
    return i < program->n_states;
}

/* A finite number in the program's precision at `index`. */
static bool is_finite_value(const struct odec_program *program, const void *values,
                            int64_t index) {
    return program->precision == ODEC_FLOAT ? isfinite(((const float *)values)[index])
                                            : isfinite(((const double *)values)[index]);
}

void settle_records(const struct odec_program *program, double t1,
                    const struct place *at, int64_t n_runs) {
    for (int64_t run = 0; run < n_runs; run++) {
        struct odec_run_record *r = &at->records[run * at->record_stride];
        const bool outside = r->status == ODEC_RUN_OUT_OF_BOUNDS;
        *r = (struct odec_run_record){
            .t = t1, .status = outside ? ODEC_RUN_OUT_OF_BOUNDS : ODEC_RUN_OK};
    }
    for (int32_t column = 0; column < program->n_columns; column++) {
        if (!is_state(program, column)) {
            continue;
        }
        for (int64_t run = 0; run < n_runs; run++) {
            struct odec_run_record *r = &at->records[run * at->record_stride];
            const int64_t i = run * at->run_stride + column * at->column_stride;
            if (r->status == ODEC_RUN_OK && !is_finite_value(program, at->values, i)) {
                r->status = ODEC_RUN_NON_FINITE;
            }
        }
    }
}
