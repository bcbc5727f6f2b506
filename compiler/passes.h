/* passes.h -- the entry point of every pass; compile.c alone knows their order. */
#ifndef ODEC_PASSES_H
#define ODEC_PASSES_H

#include "ast.h"
#include "diag.h"

/* parser.y: text -> statements and symbols. NULL only where nothing could be read. */
struct ast;
struct ast *parse(struct arena *arena, struct diags *diags, const char *text, size_t length);
void ast_dump(struct text *out, const struct ast *ast);

/* check.c: names, arity, kinds, cycles, bounds; units.c: units. NULL after an error. */
struct model *check(struct arena *arena, struct diags *diags, struct ast *ast,
                    bool units_strict);
void model_dump(struct text *out, const struct model *model);

#endif
