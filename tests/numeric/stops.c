/* stops.c -- see stops.h: the compiler's passes, one after the other, as compile.c has them. */
#include "stops.h"

#include "diag.h"
#include "emit.h"
#include "graph.h"
#include "passes.h"
#include "support.h"

/* The columns of the program, by name. */
static symbol_list columns_of(struct arena *arena, const struct model *m,
                              const odec_program *program) {
    const symbol_list *const lists[] = {&m->states, &m->outs, &m->intermediates};
    symbol_list columns = {0};
    for (int i = 0; i < program->n_columns; i++) {
        struct symbol *found = NULL;
        for (int k = 0; k < 3; k++) {
            for (int j = 0; !found && j < lists[k]->n; j++) {
                if (strcmp(lists[k]->at[j]->name, program->columns[i].name) == 0) {
                    found = lists[k]->at[j];
                }
            }
        }
        assert_non_null(found);
        VECTOR_PUSH(arena, &columns, found);
    }
    return columns;
}

char *text_with_stops(const struct trial *trial, const odec_program *program) {
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    assert_non_null(arena);
    if (setjmp(on_failure)) {
        fail_msg("out of memory");
    }
    const size_t n = strlen(trial->text);
    struct diags *diags = diags_create(arena, "trial.ode", trial->text, n);
    struct ast *ast = parse(arena, diags, trial->text, n);
    struct model *model = ast ? check(arena, diags, ast, false) : NULL;
    assert_non_null(model);
    const symbol_list columns = columns_of(arena, model, program);
    struct lowered lowered;
    assert_true(lower(arena, diags, model, &columns, &lowered));
    struct kernel_spec spec = {.model = model,
                               .columns = &columns,
                               .method = method_find(program->method),
                               .adaptive = program->adaptive,
                               .saves = program->saves,
                               .is_float = program->precision == ODEC_FLOAT,
                               .stops = true};
    if (spec.method->stiff) {
        assert_true(derive(&lowered));
        spec.lu = analyse(arena, &lowered);
    }
    fuse(&lowered);
    hoist(&lowered);
    struct emitted parts;
    emit(arena, &spec, &lowered, &parts);
    char *text = strdup(template_fill(arena, &spec, &parts, ODEC_TARGET_CPU));
    arena_destroy(arena);
    assert_non_null(text);
    return text;
}
