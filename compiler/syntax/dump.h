/* dump.h -- what the dumps of items and of models share. */
#ifndef ODEC_DUMP_H
#define ODEC_DUMP_H

#include "ast.h"

void dump_expr(struct text *out, const struct expr *e);
void dump_text(struct text *out, const char *text);          /* ' "text"', if any */
void dump_value(struct text *out, const struct expr *value); /* " = value", if any */

#endif
