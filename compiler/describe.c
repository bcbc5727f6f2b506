/* describe.c -- what a name of the model is, and why it is none that a run can set. */
#include <math.h>
#include <string.h>

#include "compiling.h"

static const struct {
    const char *article, *name;
} kinds[] = {
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    [SYMBOL_##kind] = {article, name},
#include "symbols.def"
};

static const struct symbol *find_name(const struct model *model, const char *name) {
    const symbol_list *const lists[] = {
#define SYMBOL(kind, item, list, article, name, word, value, type, reach, brings) \
    &model->list,
#include "symbols.def"
    };
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        for (int i = 0; i < lists[k]->n; i++) {
            if (strcmp(lists[k]->at[i]->name, name) == 0) {
                return lists[k]->at[i];
            }
        }
    }
    return NULL;
}

bool describe_name(const struct model *model, const struct diags *diags,
                   const char *name, odec_name *out) {
    const struct symbol *s = find_name(model, name);
    if (s) {
        const struct expr *value = s->kind == SYMBOL_FUNCTION ? NULL : s->value;
        const bool is_number = value && value->kind == EXPR_NUMBER;
        *out = (odec_name){.size = sizeof *out,
                           .kind = kinds[s->kind].name,
                           .article = kinds[s->kind].article,
                           .line = diags_line(diags, s->span.start),
                           .number = is_number ? value->number : (double)NAN};
    }
    return s != NULL;
}

const char *why_not_settable(struct compiling *c, const char *name) {
    odec_name is;
    if (!describe_name(c->model, c->diags, name, &is)) {
        return NULL;
    }
    if (find_name(c->model, name)->kind == SYMBOL_STATE) {
        return arena_printf(c->arena, "its initial value is written '%.60s(0)'", name);
    }
    return arena_printf(c->arena, "%s is %s %s (line %d): declare it 'par %.60s = %s'",
                        diag_name(c->diags, name), is.article, is.kind, is.line, name,
                        isnan(is.number) ? "..." : number_text(c->arena, is.number));
}
