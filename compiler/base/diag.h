/* diag.h -- diagnostics: collected during a compilation, rendered at its end as text and as
 * data.
 *
 *   adex.ode:12:31: error[E0203]: unknown name 'gLk'
 *      12 | V' = (-gLk*(V - EL) + I)/C
 *         |        ^~~ did you mean 'gL'? (parameter, line 3)
 *
 * Every code stands in diag.def with its severity and the explanation `odec explain` prints.
 */
#ifndef ODEC_DIAG_H
#define ODEC_DIAG_H

#include <stdbool.h>

#include "mem.h"
#include "odec_compile.h"
#include "span.h"

enum diag_code {
#define DIAG(code, severity, explanation) DIAG_##code,
#include "diag.def"
    DIAG_COUNT
};

struct diags;

struct diags *diags_create(struct arena *arena, const char *file_name,
                           const char *source, size_t length);
/* hint: shown after the underline, or NULL. */
void diag_report(struct diags *diags, enum diag_code code, struct span span,
                 const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* One more line under the last diagnostic: "note: ..." with its own location. */
void diag_note(struct diags *diags, struct span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* 'name' for a message; a very long one is cut in its middle. */
const char *diag_name(struct diags *diags, const char *name);
int diags_n_errors(const struct diags *diags);
/* So many that no more are kept: what is found out to explain one is lost. */
bool diags_are_full(const struct diags *diags);
int diags_n_warnings(const struct diags *diags);
/* In order of location; "" where there are none. */
const char *diags_text(const struct diags *diags, bool color);
/* The same as data, notes behind what they explain: n of them, in the arena. */
const odec_diagnostic *diags_data(const struct diags *diags, int32_t *n);
/* Line (1-based) of a byte of the source. */
int diags_line(const struct diags *diags, uint32_t offset);

#endif
