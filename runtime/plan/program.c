/* program.c -- see program.h. */
#include "program.h"

/* Nobody writes a program by hand. */
#define START "what the compiler made"

static odec_status read_list(struct odec_context *context, void **out, size_t ours,
                             const void *from, size_t given, int32_t n,
                             const char *name) {
    return context_read_list(context, out, ours, from, given, n, name, START);
}

static odec_status read_lists(struct odec_context *context, struct program *program) {
    struct odec_program *p = &program->known;
    void **lists = program->lists;
    TRY(read_list(context, &lists[0], sizeof *p->pars, p->pars, p->quantity_size,
                  p->n_pars, "odec_quantity"));
    TRY(read_list(context, &lists[1], sizeof *p->states, p->states, p->quantity_size,
                  p->n_states, "odec_quantity"));
    TRY(read_list(context, &lists[2], sizeof *p->columns, p->columns, p->quantity_size,
                  p->n_columns, "odec_quantity"));
    TRY(read_list(context, &lists[3], sizeof *p->arrays, p->arrays, p->array_size,
                  p->n_arrays, "odec_array"));
    TRY(read_list(context, &lists[4], sizeof *p->natives, p->natives, p->native_size,
                  p->n_natives, "odec_native"));
    p->pars = lists[0];
    p->states = lists[1];
    p->columns = lists[2];
    p->arrays = lists[3];
    p->natives = lists[4];
    p->quantity_size = sizeof *p->pars;
    p->array_size = sizeof *p->arrays;
    p->native_size = sizeof *p->natives;
    return ODEC_OK;
}

odec_status program_read(struct odec_context *context, const struct odec_program *given,
                         struct program *out) {
    struct odec_program *p = &out->known;
    *out = (struct program){.known = ODEC_PROGRAM_INIT,
                            .sparsity = {.size = sizeof out->sparsity}};
    p->abi = 0; /* whoever is too short to say it was made for none of ours */
    TRY(context_read(context, p, given, "odec_program", START));
    FAIL_IF(
        p->abi != ODEC_KERNEL_ABI, context, ODEC_ERROR_ARGUMENT,
        "the program was made for kernel ABI %d, this runtime has %d: compile it anew",
        p->abi, ODEC_KERNEL_ABI);
    if (p->sparsity) {
        TRY(context_read(context, &out->sparsity, p->sparsity, "odec_sparsity", START));
        p->sparsity = &out->sparsity;
    }
    for (int target = 0; target < ODEC_N_TARGETS; target++) {
        struct odec_image *image = &out->images[target];
        image->size = sizeof *image;
        if (p->images[target]) {
            TRY(context_read(context, image, p->images[target], "odec_image", START));
            p->images[target] = image;
        }
    }
    return read_lists(context, out);
}

void program_release(struct program *program) {
    for (size_t i = 0; i < sizeof program->lists / sizeof program->lists[0]; i++) {
        heap_give(program->lists[i]);
    }
    *program = (struct program){0};
}
