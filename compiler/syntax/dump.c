/* dump.c -- items and models as text, for --dump and the golden tests.
 *
 * Expressions are fully parenthesised prefix forms, (+ a (* b c)), so that the tree is
 * plain to see; everything else looks like the language.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "passes.h"
#include "syntax.h"

const char *number_text(struct arena *arena, double number) {
    char text[40];
    if (fabs(number) < 1e15 && number == floor(number)) {
        return arena_printf(arena, "%.0f", number);
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    return arena_printf(arena, "%s", text);
}

static void dump_expr(struct text *out, const struct expr *e) {
    switch (e->kind) {
    case EXPR_NUMBER:
        text_add(out, "%s", number_text(out->arena, e->number));
        return;
    case EXPR_NAME:
        text_add(out, "%s", e->name);
        return;
    case EXPR_CALL:
        text_add(out, "(%s", e->name);
        break;
    case EXPR_OP:
        text_add(out, "(%s", op_table[e->op].spelling);
        break;
    }
    for (int i = 0; i < e->n_args; i++) {
        text_add(out, " ");
        dump_expr(out, e->args[i]);
    }
    text_add(out, ")");
}

static void dump_text(struct text *out, const char *text) {
    if (!text || !*text) {
        return;
    }
    text_add(out, " \"");
    for (; *text; text++) {
        text_add(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    text_add(out, "\"");
}

static void dump_value(struct text *out, const struct expr *value) {
    if (value) {
        text_add(out, " = ");
        dump_expr(out, value);
    }
}

/* ---- items ---- */

static void dump_item(struct text *out, const struct item *item) {
    static const char *const words[] = {
        [ITEM_CONST] = "const ", [ITEM_PAR] = "par ",      [ITEM_INIT] = "init ",
        [ITEM_DERIVATIVE] = "",  [ITEM_INTERMEDIATE] = "", [ITEM_FUNCTION] = "",
        [ITEM_OUT] = "out "};
    text_add(out, "%s%s", words[item->kind], item->name);
    for (int i = 0; item->locals && i < item->locals->n; i++) {
        text_add(out, "%s%s", i ? ", " : "(", item->locals->at[i].name);
    }
    text_add(out, "%s%s", item->locals ? ")" : "",
             item->kind == ITEM_DERIVATIVE ? "'" : "");
    if (item->unit) {
        text_add(out, " : %s", item->unit->text);
    }
    dump_value(out, item->value);
    if (item->bounds) {
        text_add(out, " in ");
        dump_expr(out, item->bounds->lo);
        text_add(out, " .. ");
        dump_expr(out, item->bounds->hi);
    }
    dump_text(out, item->text);
    text_add(out, "\n");
}

static void dump_hint(struct text *out, const struct hint *h) {
    text_add(out, "solve %s =", h->key);
    if (h->word) {
        text_add(out, " %s", h->word);
    }
    for (int i = 0; h->values && i < h->values->n; i++) {
        const struct hint_value *value = &h->values->at[i];
        text_add(out, "%s", i ? ", " : " ");
        if (value->state) {
            text_add(out, "%s: ", value->state);
        }
        dump_expr(out, value->value);
    }
    if (h->lo) {
        text_add(out, " ");
        dump_expr(out, h->lo);
        text_add(out, " .. ");
        dump_expr(out, h->hi);
    }
    text_add(out, "\n");
}

void ast_dump(struct text *out, const struct ast *ast) {
    text_add(out, "model %s", ast->name ? ast->name : "");
    dump_text(out, ast->text);
    text_add(out, "\n");
    for (int i = 0; i < ast->items.n; i++) {
        dump_item(out, ast->items.at[i]);
    }
    for (int i = 0; i < ast->hints.n; i++) {
        dump_hint(out, ast->hints.at[i]);
    }
}

/* ---- the model after check ---- */

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
    if (s->lo) {
        text_add(out, " in %s .. %s", number_text(out->arena, s->lo_value),
                 number_text(out->arena, s->hi_value));
    }
    text_add(out, "%s", s->condition ? " (condition)" : "");
    dump_text(out, s->text);
    text_add(out, "\n");
}

static void dump_list(struct text *out, const char *word, const symbol_list *list) {
    for (int i = 0; i < list->n; i++) {
        dump_symbol(out, word, list->at[i]);
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
    dump_list(out, "const", &m->consts);
    dump_list(out, "par", &m->pars);
    for (int i = 0; i < m->states.n; i++) {
        dump_symbol(out, "state", m->states.at[i]);
        text_add(out, "  derivative = ");
        dump_expr(out, m->states.at[i]->derivative);
        text_add(out, "\n");
    }
    dump_list(out, "function", &m->functions);
    dump_list(out, "intermediate", &m->intermediates);
    dump_list(out, "out", &m->outs);
    text_add(out, "order");
    for (int i = 0; i < m->order.n; i++) {
        text_add(out, " %s", m->order.at[i]->name);
    }
    text_add(out, "\n");
    dump_solve(out, m);
}
