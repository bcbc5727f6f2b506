/* check_solve.c -- the solve block: keys, words and values to struct solve_hints.
 *
 * One row of a table per key; what a key takes (one number, a range, a word, ...) is
 * told by the function of its row. Values are constant expressions.
 */
#include <math.h>
#include <string.h>

#include "checker.h"
#include "habits.h"
#include "methods.h"

static const char *const precisions[] = {"double", "float"};
static const char *const saves[] = {"final", "every", "at", "n"};

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* "did you mean 'x'?" or all there are. */
static const char *hint_among(struct checker *c, const char *word,
                              const char *const names[], int n) {
    struct nearest nearest = {.wanted = word};
    struct text all = {.arena = c->arena};
    text_add(&all, "there are ");
    for (int i = 0; i < n; i++) {
        nearest_offer(&nearest, names[i], NULL);
        text_add(&all, "%s%s", i ? ", " : "", names[i]);
    }
    return nearest.name ? arena_printf(c->arena, "did you mean '%s'?", nearest.name)
                        : all.at;
}

static int index_among(const char *word, const char *const names[], int n) {
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

/* The hint's form is not what its key takes. */
static void report_form(struct checker *c, const struct hint *h, const char *takes) {
    diag_report(c->diags, DIAG_E0402, h->span,
                arena_printf(c->arena, "write %s", takes),
                "'%s' does not take this value", h->key);
}

/* A finite constant above 0. */
static bool positive_value(struct checker *c, const struct hint *h,
                           const struct expr *e, double *value) {
    const char *what = arena_printf(c->arena, "'%s'", h->key);
    if (!constant_value(c, e, what, value)) {
        return false;
    }
    if (*value > 0) {
        return true;
    }
    diag_report(c->diags, DIAG_E0404, e->span, NULL, "'%s' must be above 0, not %s",
                h->key, number_text(c->arena, *value));
    return false;
}

/* The only value of a hint that takes one, or NULL, reported. */
static const struct expr *only_value(struct checker *c, const struct hint *h,
                                     const char *takes) {
    bool one =
        !h->word && !h->lo && h->values && h->values->n == 1 && !h->values->at[0].state;
    if (!one) {
        report_form(c, h, takes);
    }
    return one ? h->values->at[0].value : NULL;
}

/* The word of a hint that takes one of `names`, or NULL, reported. meant: the nearest of them, or
 * NULL. */
static const char *only_word(struct checker *c, const struct hint *h,
                             enum diag_code unknown, const char *const names[], int n,
                             const char *(*meant)(const char *), const char *takes) {
    if (!h->word || h->values) {
        report_form(c, h, takes);
        return NULL;
    }
    if (index_among(h->word, names, n) < 0) {
        const char *name = meant(h->word);
        diag_report(c->diags, unknown, h->word_span,
                    name ? arena_printf(c->arena, "did you mean '%s'?", name)
                         : hint_among(c, h->word, names, n),
                    "unknown %s %s", h->key, diag_name(c->diags, h->word));
        return NULL;
    }
    return h->word;
}

static void take_method(struct checker *c, const struct hint *h,
                        struct solve_hints *out) {
    VECTOR(const char *) names = {0};
    for (int i = 0; method_at(i); i++) {
        VECTOR_PUSH(c->arena, &names, method_at(i)->name);
    }
    VECTOR_PUSH(c->arena, &names, METHOD_AUTO);
    out->method =
        only_word(c, h, DIAG_E0403, names.at, names.n, method_meant, "method = tsit5");
    out->method_span = h->word_span;
}

static void take_precision(struct checker *c, const struct hint *h,
                           struct solve_hints *out) {
    out->precision = only_word(c, h, DIAG_E0402, precisions, LENGTH(precisions),
                               precision_meant, "precision = double");
}

static void take_rtol(struct checker *c, const struct hint *h,
                      struct solve_hints *out) {
    const struct expr *e = only_value(c, h, "rtol = 1e-6");
    if (e && positive_value(c, h, e, &out->rtol)) {
        out->has_rtol = true;
        if (out->rtol >= 1) {
            diag_report(c->diags, DIAG_E0404, e->span, NULL, "'rtol' must be below 1");
        }
    }
}

static void take_dt(struct checker *c, const struct hint *h, struct solve_hints *out) {
    const struct expr *e = only_value(c, h, "dt = 0.01");
    out->has_dt = e && positive_value(c, h, e, &out->dt);
}

static void take_dt_max(struct checker *c, const struct hint *h,
                        struct solve_hints *out) {
    const struct expr *e = only_value(c, h, "dt_max = 0.5");
    out->has_dt_max = e && positive_value(c, h, e, &out->dt_max);
}

static void take_t(struct checker *c, const struct hint *h, struct solve_hints *out) {
    if (!h->lo) {
        report_form(c, h, "t = 0 .. 100");
        return;
    }
    bool known = constant_value(c, h->lo, "'t'", &out->t0);
    known = constant_value(c, h->hi, "'t'", &out->t1) && known;
    if (known && !isfinite(out->t1 - out->t0)) {
        struct span both = {h->lo->span.start, h->hi->span.end};
        diag_report(c->diags, DIAG_E0404, both, NULL,
                    "the time span %s .. %s is not finite",
                    number_text(c->arena, out->t0), number_text(c->arena, out->t1));
        known = false;
    }
    out->has_t = known;
}

/* `atol = B: 1e-14`: the tolerance of one state. */
static void take_atol_of(struct checker *c, const struct hint *h,
                         const struct hint_value *entry, struct solve_hints *out) {
    const struct symbol *s = names_get(&c->names, entry->state);
    struct span span = {entry->span.start,
                        entry->span.start + (uint32_t)strlen(entry->state)};
    double value;
    if (!s || s->kind != SYMBOL_STATE) {
        if (!is_forgiven(c, entry->state)) {
            diag_report(c->diags, DIAG_E0406, span, suggest(c, entry->state, true),
                        "%s is no state", diag_name(c->diags, entry->state));
        }
        return;
    }
    if (!positive_value(c, h, entry->value, &value)) {
        return;
    }
    int n = c->model->states.n;
    if (!out->atol_of_state) {
        out->atol_of_state = ARENA_ARRAY(c->arena, double, n);
        for (int i = 0; i < n; i++) {
            out->atol_of_state[i] = (double)NAN;
        }
        out->atol_spans = ARENA_ARRAY(c->arena, struct span, n);
    }
    if (s->index < n && c->model->states.at[s->index] == s) {
        if (!isnan(out->atol_of_state[s->index])) {
            diag_report(c->diags, DIAG_E0407, span, NULL, "'atol' of %s is given twice",
                        diag_name(c->diags, s->name));
        }
        out->atol_of_state[s->index] = value;
        out->atol_spans[s->index] = entry->value->span;
    }
}

static void take_atol(struct checker *c, const struct hint *h,
                      struct solve_hints *out) {
    bool form = !h->word && !h->lo && h->values;
    for (int i = 0; form && i < h->values->n; i++) {
        form = i == 0 || h->values->at[i].state;
    }
    if (!form) {
        report_form(c, h, "atol = 1e-9, or atol = 1e-9, x: 1e-12");
        return;
    }
    for (int i = 0; i < h->values->n; i++) {
        const struct hint_value *entry = &h->values->at[i];
        if (entry->state) {
            take_atol_of(c, h, entry, out);
        } else {
            out->has_atol = positive_value(c, h, entry->value, &out->atol);
            out->atol_span = entry->value->span;
        }
    }
}

static void take_save_at(struct checker *c, const struct hint *h,
                         struct solve_hints *out) {
    int n = h->values->n;
    double *at = ARENA_ARRAY(c->arena, double, n);
    bool ascend = false, descend = false;
    for (int i = 0; i < n; i++) {
        if (!constant_value(c, h->values->at[i].value, "'save'", &at[i])) {
            return;
        }
        if (i == 0 || at[i] == at[i - 1]) {
            continue;
        }
        if (ascend == descend) { /* the first two that differ say which */
            ascend = at[i] > at[i - 1];
            descend = at[i] < at[i - 1];
        }
        if (!(ascend ? at[i] > at[i - 1] : at[i] < at[i - 1])) {
            diag_report(c->diags, DIAG_E0404, h->values->at[i].span, NULL,
                        "save times must %s: %s comes after %s",
                        descend ? "descend here" : "ascend",
                        number_text(c->arena, at[i]), number_text(c->arena, at[i - 1]));
            return;
        }
    }
    out->save.at = at;
    out->save.count = n;
    out->has_save = true;
}

static void take_save_count(struct checker *c, const struct hint *h,
                            struct solve_hints *out) {
    const struct expr *e = h->values->at[0].value;
    double n;
    if (!positive_value(c, h, e, &n)) {
        return;
    }
    if (n != floor(n) || n > 1e15) {
        diag_report(c->diags, DIAG_E0404, e->span, NULL,
                    "the number of save times must be an integer, not %s",
                    number_text(c->arena, n));
        return;
    }
    out->save.count = (int64_t)n;
    out->has_save = true;
}

static void take_save(struct checker *c, const struct hint *h,
                      struct solve_hints *out) {
    static const char forms[] = "save = final, every 0.1, at 1, 2 or n 100";
    if (!h->word) {
        report_form(c, h, forms);
        return;
    }
    int kind = index_among(h->word, saves, LENGTH(saves));
    int n = h->values ? h->values->n : 0;
    if (kind < 0) {
        diag_report(c->diags, DIAG_E0402, h->word_span,
                    hint_among(c, h->word, saves, LENGTH(saves)), "unknown save %s",
                    diag_name(c->diags, h->word));
        return;
    }
    static const enum odec_save_kind kinds[] = {ODEC_SAVE_FINAL, ODEC_SAVE_EVERY,
                                                ODEC_SAVE_AT, ODEC_SAVE_COUNT};
    out->save.kind = kinds[kind];
    bool form = kinds[kind] == ODEC_SAVE_FINAL ? n == 0
                : kinds[kind] == ODEC_SAVE_AT  ? n > 0
                                               : n == 1;
    if (!form) {
        report_form(c, h, forms);
    } else if (kinds[kind] == ODEC_SAVE_EVERY) {
        out->has_save = positive_value(c, h, h->values->at[0].value, &out->save.dt);
    } else if (kinds[kind] == ODEC_SAVE_AT) {
        take_save_at(c, h, out);
    } else if (kinds[kind] == ODEC_SAVE_COUNT) {
        take_save_count(c, h, out);
    } else {
        out->has_save = true;
    }
}

static const struct {
    const char *key;
    void (*take)(struct checker *c, const struct hint *h, struct solve_hints *out);
} keys[] = {
#define KEY(name, value) {#name, take_##name},
#include "words.def"
};

static void resolve_hint(struct checker *c, const struct hint *h) {
    if (h->lo) {
        resolve_expr(c, h->lo, NULL, NULL);
        resolve_expr(c, h->hi, NULL, NULL);
        check_number(c, h->lo);
        check_number(c, h->hi);
    }
    for (int i = 0; h->values && i < h->values->n; i++) {
        resolve_expr(c, h->values->at[i].value, NULL, NULL);
        check_number(c, h->values->at[i].value);
    }
}

/* Fixed steps know no tolerance: the two exclude each other. */
static void check_method(struct checker *c, const struct solve_hints *s) {
    const struct method *method = s->method ? method_find(s->method) : NULL;
    if (method && !method->adaptive && (s->has_rtol || s->has_atol) && !s->has_dt) {
        diag_report(c->diags, DIAG_E0405, s->method_span, "give it dt",
                    "'%s' has fixed steps only: it takes no tolerance", s->method);
    }
}

void check_solve(struct checker *c) {
    const struct hint *given[LENGTH(keys)] = {NULL};
    for (int i = 0; i < c->ast->hints.n; i++) {
        const struct hint *h = c->ast->hints.at[i];
        int k = 0;
        while (k < LENGTH(keys) && strcmp(keys[k].key, h->key) != 0) {
            k++;
        }
        if (k == LENGTH(keys)) {
            habit_report_key(c->arena, c->diags, h->key, h->key_span);
            continue;
        }
        resolve_hint(c, h);
        if (given[k]) {
            diag_report(c->diags, DIAG_E0407, h->key_span, NULL, "'%s' is given twice",
                        h->key);
            diag_note(c->diags, given[k]->key_span, "first given here");
            continue;
        }
        given[k] = h;
        keys[k].take(c, h, &c->model->solve);
    }
    check_method(c, &c->model->solve);
}
