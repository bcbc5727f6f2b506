/* golden_front.c -- models whose whole diagnostics, or trees, are held word for word.
 *
 *   golden_front [--update] diag|ast FOLDER
 *   golden_front examples FILE.md
 *
 * For each FOLDER/NAME.ode the text is compared with FOLDER/NAME.expected: under `diag`
 * all diagnostics, under `ast` the items as parsed, then the model as checked.
 * NAME.strict.ode is checked with strict units. --update writes what was found.
 */
#define _GNU_SOURCE /* memmem */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

enum { MAX_FILES = 500, MAX_BYTES = 1 << 20 };

/* The file's bytes with no NUL after them; NULL where there is none. */
static char *read_file(const char *path, size_t *length) {
    char *buffer = malloc(MAX_BYTES);
    FILE *file = fopen(path, "rb");
    if (!buffer || !file) {
        free(buffer);
        return NULL;
    }
    *length = fread(buffer, 1, MAX_BYTES, file);
    fclose(file);
    char *exact = malloc(*length ? *length : 1);
    if (exact) {
        memcpy(exact, buffer, *length);
    }
    free(buffer);
    return exact;
}

/* What the front end has to say of one model. */
static const char *front(struct arena *arena, const char *name, const char *text,
                         size_t length, bool trees) {
    struct diags *diags = diags_create(arena, name, text, length);
    struct text out = {.arena = arena};
    struct ast *ast = parse(arena, diags, text, length);
    if (ast && trees) {
        ast_dump(&out, ast);
        text_add(&out, "---\n");
    }
    struct model *model =
        ast ? check(arena, diags, ast, strstr(name, ".strict.")) : NULL;
    if (model && trees) {
        model_dump(&out, model);
    }
    text_add(&out, "%s", diags_text(diags, false));
    return out.at;
}

static bool compare(const char *path, const char *found, bool update) {
    size_t n_found = strlen(found), n_expected = 0;
    if (update) {
        FILE *file = fopen(path, "wb");
        return file && fwrite(found, 1, n_found, file) == n_found && fclose(file) == 0;
    }
    char *expected = read_file(path, &n_expected);
    bool same =
        expected && n_expected == n_found && memcmp(expected, found, n_found) == 0;
    if (!same) {
        printf("FAIL %s\n--- expected\n%.*s--- found\n%s", path, (int)n_expected,
               expected ? expected : "", found);
    }
    free(expected);
    return same;
}

static bool run_file(const char *folder, const char *name, bool trees, bool update) {
    char path[1000], expected[1000];
    int stem = (int)(strlen(name) - strlen(".ode"));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(expected, sizeof expected, "%s/%.*s.expected", folder, stem, name);
    size_t length;
    char *text = read_file(path, &length);
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    volatile bool good = false; /* longjmp keeps it */
    if (text && arena && !setjmp(on_failure)) {
        good = compare(expected, front(arena, name, text, length, trees), update);
    }
    arena_destroy(arena);
    free(text);
    return good;
}

/* The fenced block's text, n bytes: true where it is no model, or a faultless one. */
static bool run_example(const char *block, size_t n) {
    jmp_buf on_failure;
    struct arena *arena = arena_create(NULL, &on_failure);
    volatile bool good = false; /* longjmp keeps it */
    if (arena && !setjmp(on_failure)) {
        const char *said = front(arena, "example.ode", block, n, false);
        good = *said == '\0';
        printf("%s", said);
    }
    arena_destroy(arena);
    return good;
}

static int run_examples(const char *path) {
    static const char fence[] = "\n```\n";
    const size_t n_fence = sizeof fence - 1;
    size_t length = 0;
    char *text = read_file(path, &length), *end = text + length;
    int n = 0, n_failed = 0;
    char *open = text ? memmem(text, length, fence, n_fence) : NULL;
    while (open) {
        char *block = open + n_fence;
        char *close = memmem(block - 1, (size_t)(end - block + 1), fence, n_fence);
        if (!close) {
            break;
        }
        if (strncmp(block, "model ", 6) == 0) {
            n++;
            n_failed += !run_example(block, (size_t)(close - block));
        }
        char *rest = close + n_fence - 1;
        open = memmem(rest, (size_t)(end - rest), fence, n_fence);
    }
    free(text);
    printf("%d of %d examples are right\n", n - n_failed, n);
    return n_failed > 0 || n == 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv) {
    bool update = argc > 1 && strcmp(argv[1], "--update") == 0;
    argv += update;
    argc -= update;
    if (argc == 3 && strcmp(argv[1], "examples") == 0) {
        return run_examples(argv[2]);
    }
    DIR *dir = argc == 3 ? opendir(argv[2]) : NULL;
    if (!dir) {
        fprintf(stderr,
                "usage: golden_front [--update] diag|ast FOLDER | examples FILE\n");
        return 2;
    }
    static char *names[MAX_FILES];
    int n = 0, n_failed = 0;
    for (struct dirent *entry; (entry = readdir(dir)) && n < MAX_FILES;) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".ode") == 0) {
            names[n++] = strdup(entry->d_name);
        }
    }
    closedir(dir);
    qsort(names, (size_t)n, sizeof *names, compare_names);
    for (int i = 0; i < n; i++) {
        n_failed += !run_file(argv[2], names[i], strcmp(argv[1], "ast") == 0, update);
        free(names[i]);
    }
    printf("%d of %d as expected\n", n - n_failed, n);
    return n_failed > 0 || n == 0;
}
