/* dump.c -- items as text, for --dump and the golden tests; and what the dump of a model
 * shares with it.
 *
 * Expressions are fully parenthesised prefix forms, (+ a (* b c)), so that the tree is
 * plain to see; everything else looks like the language.
 */
#include "dump.h"

static void dump_head(struct text *out, const struct expr *e) {
    switch (e->kind) {
    case EXPR_NUMBER:
        text_add(out, "%s", number_text(out->arena, e->number));
        break;
    case EXPR_NAME:
        text_add(out, "%s", e->name);
        break;
    case EXPR_CALL:
        text_add(out, "(%s", e->name);
        break;
    case EXPR_OP:
        text_add(out, "(%s", op_table[e->op].spelling);
        break;
    }
}

void dump_expr(struct text *out, const struct expr *tree) {
    struct open {
        const struct expr *e;
        int next; /* argument */
    };
    VECTOR(struct open) open = {0};
    dump_head(out, tree);
    VECTOR_PUSH(out->arena, &open, ((struct open){tree, 0}));
    while (open.n > 0) {
        struct open *o = &open.at[open.n - 1];
        if (o->next < o->e->n_args) {
            const struct expr *arg = o->e->args[o->next++];
            text_add(out, " ");
            dump_head(out, arg);
            VECTOR_PUSH(out->arena, &open, ((struct open){arg, 0}));
        } else {
            text_add(out, "%s", o->e->n_args > 0 ? ")" : "");
            open.n--;
        }
    }
}

void dump_text(struct text *out, const char *text) {
    if (!text || !*text) {
        return;
    }
    text_add(out, " \"");
    for (; *text; text++) {
        text_add(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
    text_add(out, "\"");
}

void dump_value(struct text *out, const struct expr *value) {
    if (value) {
        text_add(out, " = ");
        dump_expr(out, value);
    }
}

/* ---- items ---- */

/* One end of bounds, if it is given. */
static void dump_end(struct text *out, const char *before, const struct expr *e,
                     const char *after) {
    if (e) {
        text_add(out, "%s", before);
        dump_expr(out, e);
        text_add(out, "%s", after);
    }
}

static void dump_item(struct text *out, const struct item *item) {
    static const char *const words[] = {
        [ITEM_CONST] = "const ", [ITEM_PAR] = "par ",      [ITEM_INIT] = "init ",
        [ITEM_DERIVATIVE] = "",  [ITEM_INTERMEDIATE] = "", [ITEM_FUNCTION] = "",
        [ITEM_OUT] = "out "};
    text_add(out, "%s%s", words[item->kind], item->name);
    const local_list *locals =
        item->kind == ITEM_FUNCTION ? item->function.locals : NULL;
    for (int i = 0; locals && i < locals->n; i++) {
        text_add(out, "%s%s", i ? ", " : "(", locals->at[i].name);
    }
    text_add(out, "%s%s", locals ? ")" : "", item->kind == ITEM_DERIVATIVE ? "'" : "");
    if (item->unit) {
        text_add(out, " : %s", item->unit->text);
    }
    dump_value(out, item_value(item));
    const struct bounds *bounds = item_bounds(item);
    if (bounds) {
        text_add(out, " in ");
        dump_end(out, "", bounds->lo, " ");
        text_add(out, "..");
        dump_end(out, " ", bounds->hi, "");
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
