/* template.c -- fills the holes of a kernel template and includes the device library.
 *
 * A template is C text with holes @{name} and lines #include "file", where file is one of
 * kernels/; each file comes in once, at its first include. The result includes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "emit.h"

struct filling {
    struct text out;
    const struct kernel_spec *spec;
    const struct emitted *parts;
    const struct device_parts *device; /* NULL: a whole kernel */
    VECTOR(const char *) included;
};

static void fill(struct filling *f, const char *text);

static bool is_included(const struct filling *f, const char *name) {
    for (int i = 0; i < f->included.n; i++) {
        if (strcmp(f->included.at[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void include(struct filling *f, const char *name) {
    if (is_included(f, name)) {
        return;
    }
    VECTOR_PUSH(f->out.arena, &f->included, name);
    const char *text = embedded_text(name);
    if (text) { /* a test compiles every method and function: a missing file shows there */
        fill(f, text);
    }
}

/* What quotes the user's text goes in as it is: nothing in it is a hole or an include. */
static void fill_hole(struct filling *f, const char *name) {
    static const struct device_parts nothing;
    const struct device_parts *d = f->device ? f->device : &nothing;
    const struct {
        const char *name, *text;
        bool verbatim;
    } holes[] = {{"title", f->spec->model->name, true},
                 {"sizes", f->parts->sizes, true},
                 {"library", f->parts->library, false},
                 {"model", f->parts->model, true},
                 {"method", f->parts->method, false},
                 {"family", f->parts->family, false},
                 {"name", d->name, true},
                 {"names", d->names, true},
                 {"precision", d->precision, true},
                 {"stepper", d->stepper, true},
                 {"tables", d->tables, true},
                 {"push", d->push, true},
                 {"undef", d->undef, true},
                 {"pop", d->pop, true}};
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        if (strcmp(holes[i].name, name) != 0) {
            continue;
        }
        if (holes[i].verbatim) {
            text_add_bytes(&f->out, holes[i].text, strlen(holes[i].text));
        } else {
            fill(f, holes[i].text);
        }
    }
}

/* Line by line; a hole stands alone on its line or inside a comment. */
static void fill(struct filling *f, const char *text) {
    while (*text) {
        const size_t n = strcspn(text, "\n");
        char name[64];
        const char *hole = memchr(text, '@', n);
        if (sscanf(text, "#include \"%63[^\"\n]\"", name) == 1) {
            include(f, arena_copy(f->out.arena, name, strlen(name)));
        } else if (hole && sscanf(hole, "@{%63[a-z]}", name) == 1) {
            text_add_bytes(&f->out, text, (size_t)(hole - text));
            fill_hole(f, name);
            const char *rest = hole + strlen(name) + 3;
            text_add_bytes(&f->out, rest, (size_t)(text + n - rest));
            text_add_bytes(&f->out, "\n", 1);
        } else {
            text_add_bytes(&f->out, text, n);
            text_add_bytes(&f->out, "\n", 1);
        }
        text += n + (text[n] == '\n');
    }
}

char *template_fill(struct arena *arena, const struct kernel_spec *spec,
                    const struct emitted *parts, odec_target target) {
    struct filling f = {.out = {.arena = arena}, .spec = spec, .parts = parts};
    const struct target *t = &targets[target];
    fill(&f, embedded_text(spec->adaptive || spec->stops ? t->refill : t->woven));
    return f.out.at;
}

char *template_device(struct arena *arena, const struct kernel_spec *spec,
                      const struct emitted *parts, const struct device_parts *device) {
    struct filling f = {
        .out = {.arena = arena}, .spec = spec, .parts = parts, .device = device};
    fill(&f, embedded_text("device.cuh.in"));
    return f.out.at;
}

char *template_tools(struct arena *arena, odec_target target) {
    struct filling f = {.out = {.arena = arena}};
    if (targets[target].tools) {
        fill(&f, embedded_text(targets[target].tools));
    }
    return f.out.at;
}
