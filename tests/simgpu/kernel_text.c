/* kernel_text.c -- turns the text of CUDA kernels into C++ for the host.
 *
 * In front stand the words that CUDA has and C++ has not, behind, for each kernel
 *
 *   extern "C" __global__ void NAME(const __grid_constant__ struct TYPE args) {
 *
 * a trampoline that gets the argument as cuLaunchKernel passes it, and the argument's
 * size. Kernels have exactly one struct by value: odec's all do. Others end in an error
 * message of the compiler.
 *
 * Kernels are found in a copy of the text in which comments, strings and directives are
 * blank.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"

/* ---- blanking ---- */

/* One past the last character of the comment, string or directive that begins at p; p:
 * none does. */
static const char *opaque_end(const char *p, bool at_line_start) {
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    if (p[0] == '/' && p[1] == '/') {
        return p + strcspn(p, "\n");
    }
    if (p[0] == '"' || p[0] == '\'') {
        const char quote = *p++;
        while (*p && *p != quote && *p != '\n') {
            p += p[0] == '\\' && p[1] ? 2 : 1;
        }
        return *p ? p + 1 : p;
    }
    if (p[0] == '#' && at_line_start) {
        while (*p && *p != '\n') {
            p += p[0] == '\\' && p[1] ? 2 : 1;
        }
    }
    return p;
}

static char *blanked(const char *text) {
    char *copy = strdup(text);
    bool at_line_start = true;
    for (const char *p = text; copy && *p;) {
        const char *end = opaque_end(p, at_line_start);
        if (end > p) {
            memset(copy + (p - text), ' ', (size_t)(end - p));
            p = end;
        } else {
            at_line_start = *p == '\n' || (at_line_start && isspace((unsigned char)*p));
            p++;
        }
    }
    return copy;
}

/* ---- kernels ---- */

struct span {
    const char *start;
    int n;
};

static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static const char *skip_blank(const char *p) {
    while (isspace((unsigned char)*p)) {
        p++;
    }
    return p;
}

/* The word at p, after blanks; *end is behind it. */
static struct span word_at(const char *p, const char **end) {
    struct span word = {skip_blank(p), 0};
    while (is_word(word.start[word.n])) {
        word.n++;
    }
    *end = word.start + word.n;
    return word;
}

/* The word that ends before p, blanks aside. */
static struct span word_before(const char *from, const char *p) {
    while (p > from && isspace((unsigned char)p[-1])) {
        p--;
    }
    struct span word = {p, 0};
    while (word.start > from && is_word(word.start[-1])) {
        word.start--;
        word.n++;
    }
    return word;
}

static bool span_is(struct span word, const char *text) {
    return (size_t)word.n == strlen(text) &&
           strncmp(word.start, text, strlen(text)) == 0;
}

/* The name and the argument's type of a kernel's head, [head, end). False: it has not
 * exactly one struct. */
static bool read_head(const char *head, const char *end, struct span *name,
                      struct span *type) {
    static const char mark[] = "__grid_constant__";
    const char *at = memmem(head, (size_t)(end - head), mark, sizeof mark - 1);
    const char *open = at;
    while (open && open > head && *open != '(') {
        open--;
    }
    if (!at || *open != '(') {
        return false;
    }
    *name = word_before(head, open);
    const char *p;
    *type = word_at(at + sizeof mark - 1, &p);
    if (span_is(*type, "struct")) {
        *type = word_at(p, &p);
    }
    const struct span argument = word_at(p, &p);
    return name->n > 0 && type->n > 0 && argument.n > 0 && *skip_blank(p) == ')';
}

static void write_trampolines(FILE *out, const char *clean) {
    static const char mark[] = "__global__";
    const char *p = clean;
    while ((p = strstr(p, mark))) {
        const char *end = p + strcspn(p, "{;");
        struct span name, type;
        if (*end == '{' && read_head(p, end, &name, &type)) {
            fprintf(out,
                    "extern \"C\" {\n"
                    "__attribute__((visibility(\"default\"))) void\n"
                    "simgpu_call_%.*s(void **p) { %.*s(*(struct %.*s *)p[0]); }\n"
                    "extern __attribute__((visibility(\"default\"))) const unsigned\n"
                    "simgpu_argument_%.*s = sizeof(struct %.*s);\n"
                    "}\n",
                    name.n, name.start, name.n, name.start, type.n, type.start, name.n,
                    name.start, type.n, type.start);
        } else if (*end == '{') {
            fputs("#error simgpu: a kernel without exactly one __grid_constant__ "
                  "struct\n",
                  out);
        }
        p += sizeof mark - 1;
    }
}

char *kernel_text_make(const char *text, const char *name) {
    char *clean = blanked(text), *made = NULL;
    size_t n = 0;
    FILE *out = clean ? open_memstream(&made, &n) : NULL;
    if (out) {
        fprintf(out, "%s\n#line 1 \"%s\"\n%s\n#line 1 \"trampolines\"\n",
                kernel_text_words, name, text);
        write_trampolines(out, clean);
        if (fclose(out)) {
            free(made);
            made = NULL;
        }
    }
    free(clean);
    return made;
}
