/* model_dump.c -- a model as text, for --dump and the golden tests. */
#include <math.h>

#include "dump.h"
#include "model.h"

const char *bounds_text(struct arena *arena, double lo, double hi) {
    struct text t = {.arena = arena};
    if (!isinf(lo)) {
        text_add(&t, "%s ", number_text(arena, lo));
    }
    text_add(&t, "..");
    if (!isinf(hi)) {
        text_add(&t, " %s", number_text(arena, hi));
    }
    return t.at;
}

static void dump_symbol(struct text *out, const char *word, const struct symbol *s) {
    text_add(out, "%s %s", word, s->name);
    for (int i = 0; i < s->n_locals; i++) {
        text_add(out, "%s%s%s", i ? ", " : "(", s->locals[i],
                 i + 1 < s->n_locals ? "" : ")");
    }
    text_add(out, "%s%s", *s->unit_text ? " : " : "", s->unit_text);
    dump_value(out, s->value);
    if (s->kind == SYMBOL_CONST || s->kind == SYMBOL_PAR) {
        text_add(out, " -> %s", number_text(out->arena, s->number));
    }
    if (s->bounds) {
        text_add(out, " in %s", bounds_text(out->arena, s->lo_value, s->hi_value));
    }
    text_add(out, "%s", s->condition ? " (condition)" : "");
    dump_text(out, s->text);
    text_add(out, "\n");
}

static void dump_list(struct text *out, const char *word, const symbol_list *list) {
    for (int i = 0; i < list->n; i++) {
        dump_symbol(out, word, list->at[i]);
        if (list->at[i]->derivative) {
            text_add(out, "  derivative = ");
            dump_expr(out, list->at[i]->derivative);
            text_add(out, "\n");
        }
    }
}

static void dump_hint_number(struct text *out, const char *key, bool has,
                             double value) {
    if (has) {
        text_add(out, "solve %s = %s\n", key, number_text(out->arena, value));
    }
}

static void dump_save(struct text *out, const odec_save *save) {
    text_add(out, "solve save = ");
    switch (save->kind) {
    case ODEC_SAVE_FINAL:
        text_add(out, "final");
        break;
    case ODEC_SAVE_EVERY:
        text_add(out, "every %s", number_text(out->arena, save->dt));
        break;
    case ODEC_SAVE_AT:
        text_add(out, "at");
        for (int64_t i = 0; i < save->count; i++) {
            text_add(out, "%s %s", i ? "," : "", number_text(out->arena, save->at[i]));
        }
        break;
    case ODEC_SAVE_COUNT:
        text_add(out, "n %lld", (long long)save->count);
        break;
    }
    text_add(out, "\n");
}

static void dump_solve(struct text *out, const struct model *m) {
    const struct solve_hints *s = &m->solve;
    if (s->method) {
        text_add(out, "solve method = %s\n", s->method);
    }
    dump_hint_number(out, "rtol", s->has_rtol, s->rtol);
    dump_hint_number(out, "atol", s->has_atol, s->atol);
    for (int i = 0; s->atol_of_state && i < m->states.n; i++) {
        if (s->atol_of_state[i] == s->atol_of_state[i]) {
            text_add(out, "solve atol %s = %s\n", m->states.at[i]->name,
                     number_text(out->arena, s->atol_of_state[i]));
        }
    }
    dump_hint_number(out, "dt", s->has_dt, s->dt);
    dump_hint_number(out, "dt_max", s->has_dt_max, s->dt_max);
    dump_hint_number(out, "t0", s->has_t, s->t0);
    dump_hint_number(out, "t1", s->has_t, s->t1);
    if (s->has_save) {
        dump_save(out, &s->save);
    }
    if (s->precision) {
        text_add(out, "solve precision = %s\n", s->precision);
    }
}

void model_dump(struct text *out, const struct model *m) {
    text_add(out, "model %s", m->name);
    dump_text(out, m->text);
    text_add(out, "\n");
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    dump_list(out, word, &m->list);
#include "symbols.def"
    text_add(out, "order");
    for (int i = 0; i < m->order.n; i++) {
        text_add(out, " %s", m->order.at[i]->name);
    }
    text_add(out, "\n");
    dump_solve(out, m);
}
