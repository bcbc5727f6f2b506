/* golden_data.c -- diagnostics as data say what their text says.
 *
 *   golden_data FILE.ode...
 *
 * Each file is compiled, its diagnostics are read as data, and the text is held to them line
 * by line: place, severity, code, message, number of the quoted line, length of the mark,
 * hint. Lines and columns are counted anew from the bytes. NAME.strict.ode has strict units.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odec_compile.h"
#include "utf8.h"

enum { MAX_BYTES = 1 << 20, MAX_SHOWN = 50, MAX_WIDTH = 100 };

#define EXPECT(condition)                                                      \
    do {                                                                       \
        if (!(condition)) {                                                    \
            printf("FAIL %s: diagnostic %d: %s\n", file->name, i, #condition); \
            return false;                                                      \
        }                                                                      \
    } while (0)

struct file {
    const char *name;
    char *text;
    size_t length;
};

static bool read_file(const char *path, struct file *file) {
    const char *slash = strrchr(path, '/');
    FILE *stream = fopen(path, "rb");
    char *buffer = malloc(MAX_BYTES);
    if (!stream || !buffer) {
        return false;
    }
    const size_t length = fread(buffer, 1, MAX_BYTES, stream);
    fclose(stream);
    *file = (struct file){slash ? slash + 1 : path, buffer, length};
    return true;
}

/* The place of a byte, by counting from the beginning; behind a line's end is at it. */
static void count(const struct file *file, int64_t byte, int32_t *line,
                  int32_t *column) {
    const char *text = file->text, *end = text + file->length, *at = text + byte;
    const char *begin = text;
    *line = 1;
    for (const char *p = text; p < at; p++) {
        if (*p == '\n') {
            ++*line;
            begin = p + 1;
        }
    }
    if (*line == 1 && file->length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        begin += 3;
    }
    *column = 1;
    while (begin < at && !(begin + 1 < end && begin[0] == '\r' && begin[1] == '\n')) {
        const size_t n = utf8_length(begin, (size_t)(end - begin));
        begin += n ? n : 1;
        ++*column;
    }
}

/* The text's next line, without its end. */
static bool take_line(const char **text, char *line, size_t size) {
    const size_t n = strcspn(*text, "\n");
    if ((*text)[n] != '\n' || n >= size) {
        return false;
    }
    memcpy(line, *text, n);
    line[n] = '\0';
    *text += n + 1;
    return true;
}

/* The mark under the quoted line: as long as the span, the hint behind it. */
static bool check_mark(const struct file *file, int i, const odec_diagnostic *d,
                       const char *quoted, const char *mark) {
    const char *caret = strchr(mark, '^');
    EXPECT(caret != NULL);
    const size_t n = 1 + strspn(caret + 1, "~");
    if (*d->hint) {
        EXPECT(caret[n] == ' ' && strcmp(caret + n + 1, d->hint) == 0);
    } else {
        EXPECT(caret[n] == '\0');
    }
    const bool is_plain =
        d->end_line == d->line && strlen(quoted) < MAX_WIDTH && !strstr(quoted, "  ");
    const int32_t length = d->end_column - d->column;
    EXPECT(!is_plain || n == (size_t)(length > 1 ? length : 1));
    return true;
}

static bool check_one(const struct file *file, int i, const odec_diagnostic *d,
                      const char **text) {
    static const char *const words[] = {"error", "warning", "note"};
    static char expected[MAX_BYTES], line[MAX_BYTES], mark[MAX_BYTES];
    int32_t at_line, at_column;
    EXPECT(0 <= d->start && d->start <= d->end && d->end <= (int64_t)file->length);
    count(file, d->start, &at_line, &at_column);
    EXPECT(d->line == at_line && d->column == at_column);
    count(file, d->end, &at_line, &at_column);
    EXPECT(d->end_line == at_line && d->end_column == at_column);
    EXPECT(strcmp(d->file, file->name) == 0);
    EXPECT(*d->code ? odec_explain(d->code) != NULL : d->belongs_to >= 0);
    if (!text) {
        return true;
    }
    snprintf(expected, sizeof expected, "%s:%d:%d: %s%s%s%s: %s", d->file, d->line,
             d->column, words[d->severity], *d->code ? "[" : "", d->code,
             *d->code ? "]" : "", d->text);
    EXPECT(take_line(text, line, sizeof line) && strcmp(line, expected) == 0);
    if (file->length > 0) {
        EXPECT(take_line(text, line, sizeof line) && atoi(line) == d->line);
        EXPECT(take_line(text, mark, sizeof mark));
        return check_mark(file, i, d, line + strlen("    1 | "), mark);
    }
    return true;
}

static bool check_all(const struct file *file, const odec_compilation *c) {
    const char *text = odec_compilation_diagnostics(c);
    const int32_t n = odec_compilation_n_diagnostics(c);
    int32_t n_shown = 0, last = -1, n_errors = 0, n_warnings = 0;
    int i = 0;
    for (; i < n; i++) {
        odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
        EXPECT(odec_compilation_diagnostic(c, i, &d) == ODEC_OK);
        EXPECT(d.belongs_to == (*d.code ? -1 : last));
        if (*d.code) {
            last = i;
            n_shown++;
        }
        n_errors += d.severity == ODEC_SEVERITY_ERROR;
        n_warnings += d.severity == ODEC_SEVERITY_WARNING;
        if (!check_one(file, i, &d, n_shown <= MAX_SHOWN ? &text : NULL)) {
            return false;
        }
    }
    odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
    EXPECT(odec_compilation_diagnostic(c, n, &d) == ODEC_ERROR_ARGUMENT);
    EXPECT(odec_compilation_diagnostic(c, -1, &d) == ODEC_ERROR_ARGUMENT);
    EXPECT(n_errors == odec_compilation_n_errors(c));
    EXPECT(n_warnings == odec_compilation_n_warnings(c));
    EXPECT(n_shown > MAX_SHOWN ? strstr(text, "not shown") != NULL : *text == '\0');
    return true;
}

/* A spec that is refused: one diagnostic without a place. */
static bool check_refusal(void) {
    const struct file refused = {.name = "a spec"}, *file = &refused;
    const int i = 0;
    odec_compilation *c;
    const odec_spec spec = {.size = 3};
    EXPECT(odec_compile("x", "", 0, &spec, &c) == ODEC_ERROR_ARGUMENT);
    odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
    char expected[300];
    EXPECT(odec_compilation_n_diagnostics(c) == 1);
    EXPECT(odec_compilation_n_errors(c) == 1);
    EXPECT(odec_compilation_diagnostic(c, 0, &d) == ODEC_OK);
    snprintf(expected, sizeof expected, "error: %s\n", d.text);
    EXPECT(strcmp(odec_compilation_diagnostics(c), expected) == 0);
    EXPECT(d.line == 0 && d.column == 0 && d.belongs_to == -1 && !*d.code && !*d.file);
    d.size = 3;
    EXPECT(odec_compilation_diagnostic(c, 0, &d) == ODEC_ERROR_ARGUMENT);
    odec_compilation_destroy(c);
    return true;
}

/* What the spec says wrong of a model is about the file, and no place in it. */
static bool check_option(void) {
    const struct file option = {.name = "an option"}, *file = &option;
    const int i = 0;
    static const char model[] = "model m\ninit x = 1\nx' = -x\n";
    odec_compilation *c;
    odec_spec spec = ODEC_SPEC_INIT;
    odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
    spec.outputs = "x,X";
    EXPECT(odec_compile("m.ode", model, strlen(model), &spec, &c) == ODEC_ERROR_MODEL);
    EXPECT(odec_compilation_n_diagnostics(c) == 1);
    EXPECT(odec_compilation_diagnostic(c, 0, &d) == ODEC_OK);
    EXPECT(d.line == 0 && d.column == 0 && d.end_line == 0 && d.end_column == 0);
    EXPECT(d.start == 0 && d.end == 0 && d.belongs_to == -1);
    EXPECT(strcmp(d.code, "E0406") == 0 && strcmp(d.file, "m.ode") == 0);
    EXPECT(strcmp(odec_compilation_diagnostics(c),
                  "m.ode: error[E0406]: unknown output 'X'; did you mean 'x'?\n") == 0);
    odec_compilation_destroy(c);
    return true;
}

int main(int argc, char **argv) {
    int n_failed = !check_refusal() + !check_option(), n_seen = 0;
    for (int i = 1; i < argc; i++) {
        struct file file;
        odec_compilation *c = NULL;
        odec_spec spec = ODEC_SPEC_INIT;
        spec.units_strict = strstr(argv[i], ".strict.") != NULL;
        if (!read_file(argv[i], &file)) {
            printf("FAIL %s cannot be read\n", argv[i]);
            return 1;
        }
        /* Neither name nor text is needed once it is compiled. */
        char *name = strdup(file.name), *text = malloc(file.length + 1);
        if (!name || !text) {
            return 1;
        }
        memcpy(text, file.text, file.length);
        const odec_status status = odec_compile(name, text, file.length, &spec, &c);
        memset(name, '?', strlen(name));
        memset(text, '?', file.length);
        free(name);
        free(text);
        n_failed += status == ODEC_ERROR_MEMORY || !check_all(&file, c);
        n_seen += c ? odec_compilation_n_diagnostics(c) : 0;
        odec_compilation_destroy(c);
        free(file.text);
    }
    printf("%d of %d files fail; %d diagnostics\n", n_failed, argc - 1, n_seen);
    return n_failed > 0 || n_seen == 0;
}
