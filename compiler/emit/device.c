/* device.c -- NAME_device.cuh: a model's functions for CUDA kernels of the user's own, from the
 * same texts as odec's kernels (templates/device.cuh.in).
 *
 * The text defines some hundred macros, and stands in a file of the user's: before it, what their
 * names are is put aside, and after it given back, where the compiler can do so (NVRTC cannot).
 * Which they are the filled text tells, so that it is filled twice.
 */
#include <string.h>

#include "body.h"
#include "device.h"
#include "sparse.h"

/* What a name may be in C++; what it may not becomes _. */
static const char *name_in_c(struct arena *arena, const char *name) {
    char *copy = arena_copy(arena, name, strlen(name));
    for (char *c = copy; *c; c++) {
        const bool is_word = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                             (*c >= '0' && *c <= '9') || *c == '_';
        *c = is_word ? *c : '_';
    }
    return copy;
}

/* ---- names, in the comment at the head ---- */

static void add_symbols(struct text *out, char letter, const symbol_list *symbols) {
    for (int i = 0; i < symbols->n; i++) {
        const struct symbol *s = symbols->at[i];
        text_add(out, " *   %c[%d] ", letter, i);
        text_add_comment(out, s->name, strlen(s->name));
        if (s->unit_text && *s->unit_text) {
            text_add(out, " : ");
            text_add_comment(out, s->unit_text, strlen(s->unit_text));
        }
        if (s->text && *s->text) {
            text_add(out, ", ");
            text_add_comment(out, s->text, strlen(s->text));
        }
        text_add(out, "\n");
    }
}

static char *names_text(struct arena *arena, const struct kernel_spec *spec) {
    struct text t = {.arena = arena};
    add_symbols(&t, 'p', &spec->model->pars);
    add_symbols(&t, 'y', &spec->model->states);
    for (int i = spec->model->states.n; i < spec->columns->n; i++) {
        text_add(&t, " * out[%d] ", i);
        const char *name = spec->columns->at[i]->name;
        text_add_comment(&t, name, strlen(name));
        text_add(&t, "\n");
    }
    t.at[t.n - 1] = '\0'; /* there is a state at least: the hole's line ends it */
    return t.at;
}

/* ---- macros ---- */

/* The name that a line defines, or NULL. */
static const char *defined_name(struct arena *arena, const char *line) {
    line += strspn(line, " ");
    if (*line != '#') {
        return NULL;
    }
    line += 1 + strspn(line + 1, " ");
    if (strncmp(line, "define ", 7) != 0) {
        return NULL;
    }
    line += 7;
    return arena_copy(arena, line, strcspn(line, " (\n"));
}

static bool is_new(const struct text *lines, const char *line) {
    return !lines->at || !strstr(lines->at, line);
}

/* The lines that put them aside, that make them nothing, and that give them back. */
struct macro_lines {
    struct text push, undef, pop;
};

static void list_macros(struct arena *arena, const char *text, const char *guard,
                        struct macro_lines *out) {
    *out = (struct macro_lines){{.arena = arena}, {.arena = arena}, {.arena = arena}};
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        const char *name = defined_name(arena, line);
        const char *undef = NULL;
        if (name && strcmp(name, guard) != 0) {
            undef = arena_printf(arena, "#undef %s\n", name);
        }
        if (undef && is_new(&out->undef, undef)) {
            text_add(&out->push, "#pragma push_macro(\"%s\")\n", name);
            text_add(&out->undef, "%s", undef);
            text_add(&out->pop, "#pragma pop_macro(\"%s\")\n", name);
        }
    }
}

/* ---- tables ---- */

static void add_table(struct text *out, const char *name, const int *values, int n) {
    text_add(out, "LOOK_UP int %s(int k) {\n    constexpr int at[] = {", name);
    for (int i = 0; i < n; i++) {
        text_add(out, i % 16 ? " %d," : "\n        %d,", values[i]);
    }
    text_add(out,
             n ? "\n    };\n    return at[k];\n}\n" : "0};\n    return at[k];\n}\n");
}

/* Rows, columns and places of the Jacobian, in states. */
static char *tables_text(struct arena *arena, const struct sparse_lu *lu,
                         const struct jacobian *j) {
    struct text t = {.arena = arena};
    const int n = j->entries.n;
    int *row = ARENA_ARRAY(arena, int, n + 1), *column = ARENA_ARRAY(arena, int, n + 1);
    int *place = ARENA_ARRAY(arena, int, n + 1);
    for (int i = 0; i < n; i++) {
        row[i] = j->entries.at[i].row;
        column[i] = j->entries.at[i].column;
        place[i] = sparse_place(lu, lu->position[row[i]], lu->position[column[i]]);
    }
    text_add(&t, "constexpr int n_jacobian = %d;\n", n);
    add_table(&t, "jacobian_row", row, n);
    add_table(&t, "jacobian_column", column, n);
    add_table(&t, "jacobian_place", place, n);
    add_table(&t, "time_row", j->time_rows.at, j->time_rows.n);
    return t.at;
}

/* ---- the text ---- */

char *device_text(struct arena *arena, const struct kernel_spec *spec,
                  const struct emitted *parts, const struct jacobian *jacobian,
                  const char *name) {
    struct device_parts d = {
        .name = name_in_c(arena, *name ? name : spec->model->name),
        .names = names_text(arena, spec),
        .precision = spec->is_float ? "float" : "double",
        .stepper = spec->method->name,
        .tables = spec->lu ? tables_text(arena, spec->lu, jacobian) : "",
        .push = "",
        .undef = "",
        .pop = "",
    };
    const char *guard = arena_printf(arena, "ODEC_DEVICE_%s", d.name);
    struct macro_lines macros;
    list_macros(arena, template_device(arena, spec, parts, &d), guard, &macros);
    d.push = macros.push.at;
    d.undef = macros.undef.at;
    d.pop = macros.pop.at;
    return template_device(arena, spec, parts, &d);
}
