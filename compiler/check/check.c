/* check.c -- items to a model: the passes of the check, in their order.
 *
 * A mistake never hides another: what is wrong is reported once, marked, and what depends
 * on it is left in peace.
 */
#include <assert.h>

#include "checker.h"

struct model *check(struct arena *arena, struct diags *diags, struct ast *ast,
                    bool units_strict) {
    struct model *m = ARENA_NEW(arena, struct model);
    *m = (struct model){.source = ast->source,
                        .source_length = ast->length,
                        .name = ast->name ? ast->name : "",
                        .text = ast->text ? ast->text : ""};
    struct checker c = {.arena = arena,
                        .diags = diags,
                        .ast = ast,
                        .model = m,
                        .names = {.arena = arena},
                        .unknown_names = {.arena = arena},
                        .with_init = {.arena = arena},
                        .with_derivative = {.arena = arena},
                        .told = {.arena = arena}};
    declare_items(&c);
    resolve_model(&c);
    order_model(&c);
    check_types(&c);
    evaluate_model(&c);
    check_solve(&c);
    report_unknowns(&c);
    check_declared(&c);
    check_units(&c, units_strict);
    if (diags_n_errors(diags) > 0) {
        return NULL;
    }
    assert(model_is_whole(arena, m));
    return m;
}
