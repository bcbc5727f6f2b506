/* method_row.h -- one method's row of the table, read off its tableau: the second half of
 * method.c.in, so that nothing which stands in a tableau or in arrays.def is written twice.
 */
#include "arrays.def"
#include "methods.h"

/* What lists of arrays.def speak of, for a program of these sizes. */
#define N_STATES (s->n_states)
#define N_PARS (s->n_pars)
#define N_VALUES (s->n_values)
#define N_COLUMNS (s->n_columns)
#define N_PASSED (s->n_passed)
#define N_TIME (s->n_time)
#define N_LU (s->n_lu)
#define ADAPTIVE (s->adaptive)
#define SAME_TIMES (!s->adaptive && !s->stops)
#define OWN_TIMES (s->adaptive || s->stops)
#define SAVES (s->saves)
#define STOPS (s->stops)
#define GRID_STOPS (s->stops && !s->adaptive)

/* An array that a program has takes one cell at least, since C has no empty ones. */
static int64_t at_least_one(int64_t n) { return n ? n : 1; }

#define COUNT_A(name, n, when) +((when) ? at_least_one(n) : 0)
#define COUNT_A2(name, rows, n, when) +((when) ? (int64_t)(rows) * (n) : 0)

static int64_t workspace_cells(const struct kernel_sizes *s) {
    return LANE_ARRAYS(COUNT_A, COUNT_A2) ATTEMPT_ARRAYS(COUNT_A, COUNT_A2)
        GOOD_ARRAYS(COUNT_A, COUNT_A2) LOCAL_ARRAYS(COUNT_A, COUNT_A2);
}

#define COUNT_PASSED(name, n, when) +((when) ? (n) : 0)
#define WORDS_real 1
#define WORDS_brief 1
#define WORDS_tally 1
#define WORDS_instant (1 + s->is_float)
#define COUNT_V(type, name, when) +((when) ? WORDS_##type : 0)
#define COUNT_W(name, when) +((when) ? 1 : 0)

/* The first word tells whether a thread has a run. */
static int64_t suspended_words(const struct kernel_sizes *s, bool arrays_stay) {
    const int64_t arrays = LANE_ARRAYS(COUNT_PASSED, COUNT_A2);
    const int64_t values =
        LANE_VALUES(COUNT_V) PLACE_WORDS(COUNT_W) PROGRESS_WORDS(COUNT_W);
    return 1 + (arrays_stay ? 0 : arrays) + values;
}

#define TEXT_OF(name) TEXT_OF_(name)
#define TEXT_OF_(name) #name
#define ROW_OF(name) ROW_OF_(name)
#define ROW_OF_(name) method_##name

const struct method ROW_OF(METHOD_NAME) = {.name = TEXT_OF(METHOD_NAME),
                                           .family = TEXT_OF(METHOD_FAMILY),
                                           .order = STEP_ORDER,
                                           .embedded_order = STEP_EMBEDDED_ORDER,
                                           .adaptive = STEP_EMBEDDED_ORDER > 0,
                                           .stiff = STEP_STIFF,
                                           .workspace_cells = workspace_cells,
                                           .suspended_words = suspended_words,
                                           .tableau = tableau_fill};
