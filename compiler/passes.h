/* passes.h -- the entry point of every pass; compile.c alone knows their order. */
#ifndef ODEC_PASSES_H
#define ODEC_PASSES_H

#include "ast.h"
#include "diag.h"

/* An integration method: see methods.def. */
struct method {
    const char *name, *family;
    int order, stages;
    bool adaptive, stiff;
};

/* parser.y: text -> statements and symbols. NULL where that was given up. */
struct ast;
struct ast *parse(struct arena *arena, struct diags *diags, const char *text,
                  size_t length);
void ast_dump(struct text *out, const struct ast *ast);

/* check.c: names, arity, kinds, cycles, bounds; units.c: units. NULL after an error. */
struct model *check(struct arena *arena, struct diags *diags, struct ast *ast,
                    bool units_strict);
void model_dump(struct text *out, const struct model *model);

/* lower.c: model -> graph. columns: the states, outs and intermediates that are saved. False
 * after an error. */
struct lowered;
bool lower(struct arena *arena, struct diags *diags, const struct model *model,
           const symbol_list *columns, struct lowered *out);

/* derive.c: the Jacobian and df/dt, before hoisting; false where it is too large. sparse.c: the
 * pattern of its factors. */
bool derive(struct lowered *lowered);
struct sparse_lu;
struct sparse_lu *analyse(struct arena *arena, struct lowered *lowered);

/* probe.c: whether a stiff method suits the model better, and why; before hoisting. */
struct race {
    double t0, t1, rtol;
    const double *atol; /* [n_states] */
};
bool probe_is_stiff(struct arena *arena, const struct lowered *lowered,
                    const struct sparse_lu *lu, const struct race *race,
                    const char **reason);

/* hoist.c, fuse.c: graph -> graph, in this order. */
void hoist(struct lowered *lowered);
void fuse(struct lowered *lowered);

/* emit.c: graph -> the model's part of the kernel text. */
struct kernel_spec {
    const struct model *model;
    const symbol_list *columns;
    const struct method *method;
    const struct sparse_lu *lu; /* NULL: an explicit method */
    bool adaptive, saves, is_float;
};
struct emitted {
    char *sizes;   /* #define N_STATES ... */
    char *library; /* #include of the elementary functions used */
    char *model;   /* model_rhs and the other functions */
    char *method;  /* #include of the tableau */
    char *family;  /* #include of what takes its steps */
    int flops_rhs, flops_linear, live_values;
    int64_t workspace_bytes; /* of a lane's arrays in the kernel: workspace.h */
    int64_t suspended_bytes; /* of a lane between two launches: suspend.h */
};
void emit(struct arena *arena, const struct kernel_spec *spec,
          const struct lowered *lowered, struct emitted *out);

/* lu.c: the functions of linear algebra; kind: FN or FN_OUTLINE. */
struct jacobian;
void emit_linear_algebra(struct text *out, const struct sparse_lu *lu,
                         const char *kind);
void emit_add_time(struct text *out, const struct jacobian *jacobian);

/* template.c: the whole kernel text, target "cpu" or "cuda". */
char *template_fill(struct arena *arena, const struct kernel_spec *spec,
                    const struct emitted *parts, const char *target);

/* The kernels that the runtime needs on a CUDA device beside a model's. */
char *template_tools(struct arena *arena);

/* The text of a file of kernels/ or templates/, part of the library; NULL: no such file. */
const char *embedded_text(const char *name);

#endif
