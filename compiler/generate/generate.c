/* generate.c -- see generate.h: memory and locale around the two texts. */
#define _GNU_SOURCE /* uselocale */
#include "generate.h"

#include <locale.h>

#include "identifiers.h"
#include "writing.h"

/* FNV-1a, 64 bits (Fowler, Noll and Vo). */
static unsigned long long mark_add(unsigned long long mark, const char *text) {
    for (; *text; text++) {
        mark = (mark ^ (unsigned char)*text) * 0x100000001b3u;
    }
    return mark;
}

static odec_status generate_in_c_locale(const odec_program *program, const char *name,
                                        struct generated *out) {
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    if (!arena) {
        return ODEC_ERROR_MEMORY;
    }
    if (setjmp(on_failure)) {
        arena_destroy(arena);
        return ODEC_ERROR_MEMORY;
    }
    struct writing w = {.arena = arena,
                        .name = name,
                        .program = program,
                        .members =
                            identifiers_of(arena, program->pars, program->n_pars)};
    struct text header, source;
    for (int has_mark = 0; has_mark < 2; has_mark++) { /* without it first, for it */
        header = source = (struct text){.arena = arena};
        write_header(&w, &header);
        write_source(&w, &source);
        w.mark = mark_add(mark_add(0xcbf29ce484222325u, header.at), source.at);
    }
    *out = (struct generated){header.at, source.at, arena};
    return ODEC_OK;
}

odec_status generate(const odec_program *program, const char *name,
                     struct generated *out) {
    *out = (struct generated){0};
    if (program->kernels[ODEC_TARGET_CPU].text == NULL) {
        return ODEC_ERROR_ARGUMENT;
    }
    const locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        return ODEC_ERROR_MEMORY;
    }
    const locale_t callers = uselocale(c_locale); /* numbers have points, not commas */
    const odec_status status = generate_in_c_locale(program, name, out);
    uselocale(callers);
    freelocale(c_locale);
    return status;
}

void generated_release(struct generated *generated) {
    arena_destroy(generated->arena);
    *generated = (struct generated){0};
}
