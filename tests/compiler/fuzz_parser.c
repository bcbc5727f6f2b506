/* fuzz_parser.c -- any bytes at all through parse and check, for libFuzzer.
 *
 * Nothing may crash, hang, leak or read what is not there; the text has no NUL after
 * it. Each input is compiled a second time with one allocation failing, chosen by the
 * input.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

struct counting {
    long calls, fails_at, live;
};

static void *allocate(void *user, size_t bytes) {
    struct counting *c = user;
    void *p = ++c->calls == c->fails_at ? NULL : malloc(bytes);
    if (p) {
        memset(p, 0xa5, bytes);
    }
    c->live += p != NULL;
    return p;
}

static void release(void *user, void *pointer) {
    struct counting *c = user;
    c->live -= pointer != NULL;
    free(pointer);
}

static void front(struct counting *c, const char *text, size_t length) {
    struct allocator allocator = {allocate, release, c};
    jmp_buf on_failure;
    struct arena *arena = arena_create(&allocator, &on_failure);
    if (arena && !setjmp(on_failure)) {
        struct diags *diags = diags_create(arena, "fuzz.ode", text, length);
        struct ast *ast = parse(arena, diags, text, length);
        struct model *model = ast ? check(arena, diags, ast, length % 2) : NULL;
        struct text out = {.arena = arena};
        if (ast) {
            ast_dump(&out, ast);
        }
        if (model) {
            model_dump(&out, model);
        }
        /* a model without errors, or errors without a model */
        if ((model == NULL) != (diags_n_errors(diags) > 0)) {
            abort();
        }
        diags_text(diags, true);
    }
    arena_destroy(arena);
    if (c->live != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size ? size : 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    struct counting whole = {.fails_at = -1};
    front(&whole, text, size);
    long n = 0;
    for (size_t i = 0; i < size; i++) {
        n = (n * 31 + data[i]) % (whole.calls + 1);
    }
    front(&(struct counting){.fails_at = n + 1}, text, size);
    free(text);
    return 0;
}
