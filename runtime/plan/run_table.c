/* run_table.c -- see run_table.h. The file is read at once and walked by one pointer. */
#define _GNU_SOURCE
#include "run_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "number.h"
#include "say.h"

enum { MAX_COLUMNS = 100000, MAX_TEXT = 1 << 20 };

struct reader {
    struct odec_context *context;
    const char *path;
    const char *p, *end; /* *end is a NUL */
    int64_t line;
    locale_t c;
    struct run_table *table;
    int64_t capacity; /* rows */
};

/* The error, at the line that the reader is on. */
__attribute__((format(printf, 2, 3))) static odec_status
refuse(const struct reader *r, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return context_fail(r->context, ODEC_ERROR_ARGUMENT, "%s:%lld: %s", r->path,
                        (long long)r->line, text);
}

/* A field without its spaces and quotes; the reader is at the comma or newline after
 * it. */
struct field {
    const char *start, *end;
    bool quoted;
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool ends_line(const struct reader *r) {
    return r->p == r->end || *r->p == '\n' ||
           (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n'));
}

static void skip_blanks(struct reader *r) {
    while (r->p < r->end && is_blank(*r->p)) {
        r->p++;
    }
}

/* To the quote that closes: those of a text are doubled. */
static void skip_quoted(struct reader *r) {
    while (r->p < r->end && *r->p != '\n' &&
           (*r->p != '"' || (r->p + 1 < r->end && r->p[1] == '"'))) {
        r->p += *r->p == '"' ? 2 : 1;
    }
}

static odec_status read_field(struct reader *r, struct field *out) {
    skip_blanks(r);
    out->quoted = r->p < r->end && *r->p == '"';
    r->p += out->quoted;
    out->start = r->p;
    if (out->quoted) {
        skip_quoted(r);
        out->end = r->p;
        if (r->p == r->end || *r->p != '"') {
            return refuse(r, "a quote is not closed");
        }
        r->p++;
        skip_blanks(r);
        if (!ends_line(r) && *r->p != ',') {
            return refuse(r, "text after a closing quote");
        }
    } else {
        while (!ends_line(r) && *r->p != ',') {
            r->p++;
        }
        out->end = r->p;
    }
    while (out->end > out->start && is_blank(out->end[-1])) {
        out->end--;
    }
    return ODEC_OK;
}

static void next_line(struct reader *r) {
    r->p += r->p < r->end && *r->p == '\r';
    r->p += r->p < r->end && *r->p == '\n';
    r->line++;
}

/* Nothing but empty lines from here on? */
static bool at_end(const struct reader *r) {
    const char *p = r->p;
    while (p < r->end && (is_blank(*p) || *p == '\r' || *p == '\n')) {
        p++;
    }
    return p == r->end;
}

/* ---- the first line ---- */

/* Names that stand between other signs than commas: no table of ours has a name with one. */
static odec_status check_separators(const struct reader *r) {
    int n_semicolons = 0, n_tabs = 0, n_spaces = 0;
    const char *last = NULL; /* that is no blank */
    for (const char *p = r->p; p < r->end && *p != '\n' && *p != '\r'; p++) {
        if (*p == '"') {
            const char *close = p + 1;
            while (close < r->end && *close != '"' && *close != '\n') {
                close++;
            }
            p = close < r->end && *close == '"' ? close : p;
        } else if (*p == ',') {
            return ODEC_OK;
        } else if (is_blank(*p)) {
            continue;
        }
        if (last && p > last + 1 && *p != ';') {
            n_tabs += memchr(last, '\t', (size_t)(p - last)) != NULL;
            n_spaces++;
        }
        n_semicolons += *p == ';';
        last = p;
    }
    const char *by = n_semicolons ? "';'" : n_tabs ? "tabs" : n_spaces ? "spaces" : "";
    if (by[0]) {
        return refuse(
            r,
            "columns seem to be separated by %s: here it is ',', and numbers have a "
            "decimal point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)",
            by);
    }
    return ODEC_OK;
}

static odec_status no_name(const struct reader *r) {
    const int32_t n = r->table->n_columns + 1;
    const bool last = ends_line(r);
    if (n == 1 && !last) {
        return refuse(
            r, "column 1 has no name; an index? Write the table without it (in pandas "
               "index=False, in R row.names=FALSE)");
    }
    if (last && n > 1) {
        return refuse(r, "column %d has no name: a comma at the end of the line?", n);
    }
    return refuse(r, "column %d has no name", n);
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static odec_status check_twice(const struct reader *r) {
    const struct run_table *table = r->table;
    const size_t n = (size_t)table->n_columns;
    char **sorted = malloc(n * sizeof *sorted);
    if (sorted == NULL) {
        return context_out_of_memory(r->context);
    }
    memcpy(sorted, table->names, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_names);
    const char *twice = NULL;
    for (size_t i = 0; i + 1 < n && !twice; i++) {
        twice = strcmp(sorted[i], sorted[i + 1]) == 0 ? sorted[i] : NULL;
    }
    free(sorted);
    if (twice) {
        return refuse(r, "two columns are called '%s'", twice);
    }
    return ODEC_OK;
}

/* Room for another name, in steps that double. */
static odec_status reserve_name(struct reader *r) {
    struct run_table *table = r->table;
    const size_t n = (size_t)table->n_columns;
    if (table->n_columns == MAX_COLUMNS) {
        return refuse(r, "more than %d columns", MAX_COLUMNS);
    }
    if ((n & (n - 1)) != 0) {
        return ODEC_OK;
    }
    char **names = realloc(table->names, (n ? 2 * n : 1) * sizeof *names);
    if (names == NULL) {
        return context_out_of_memory(r->context);
    }
    table->names = names;
    return ODEC_OK;
}

static odec_status read_names(struct reader *r) {
    struct run_table *table = r->table;
    TRY(check_separators(r));
    for (;;) {
        struct field field;
        TRY(read_field(r, &field));
        if (field.start == field.end) {
            return no_name(r);
        }
        TRY(reserve_name(r));
        char *name = strndup(field.start, (size_t)(field.end - field.start));
        if (name == NULL) {
            return context_out_of_memory(r->context);
        }
        table->names[table->n_columns++] = name;
        if (ends_line(r)) {
            break;
        }
        r->p++;
    }
    TRY(check_twice(r));
    next_line(r);
    table->kinds = calloc((size_t)table->n_columns, sizeof *table->kinds);
    return table->kinds ? ODEC_OK : context_out_of_memory(r->context);
}

/* ---- rows ---- */

/* "0,5": one comma, and a number with a point in its place. */
static bool is_decimal_comma(const struct reader *r, const struct field *field) {
    char text[64];
    const size_t n = (size_t)(field->end - field->start);
    double value;
    if (n >= sizeof text) {
        return false;
    }
    memcpy(text, field->start, n);
    char *comma = memchr(text, ',', n);
    if (comma) {
        *comma = '.';
    }
    return comma && number_real(text, text + n, r->c, &value);
}

static odec_status not_a_number(struct reader *r, const struct field *field,
                                int32_t column) {
    int n = (int)(field->end - field->start > 40 ? 40 : field->end - field->start);
    if (n == 0) {
        return refuse(r, "no value for '%s'", r->table->names[column]);
    }
    return refuse(r, "'%.*s' is not a number (column '%s')%s", n, field->start,
                  r->table->names[column],
                  is_decimal_comma(r, field) ? ": it is to have a decimal point" : "");
}

static odec_status grow(struct reader *r, void **list, size_t rows, size_t row_bytes) {
    size_t bytes;
    void *at = NULL;
    if (!__builtin_mul_overflow(rows, row_bytes, &bytes)) {
        at = realloc(*list, bytes + 1);
    }
    if (at == NULL) {
        return context_out_of_memory(r->context);
    }
    *list = at;
    return ODEC_OK;
}

static odec_status reserve_row(struct reader *r) {
    struct run_table *table = r->table;
    if (table->n_rows < r->capacity) {
        return ODEC_OK;
    }
    const size_t rows = r->capacity ? 2 * (size_t)r->capacity : 64;
    void *values = table->values, *texts = table->texts;
    odec_status status =
        grow(r, &values, rows, (size_t)table->n_numbers * sizeof *table->values);
    table->values = values;
    TRY(status);
    status = grow(r, &texts, rows, (size_t)table->n_texts * sizeof *table->texts);
    table->texts = texts;
    TRY(status);
    r->capacity = (int64_t)rows;
    return ODEC_OK;
}

/* Other values than names: how that may have come about. */
static odec_status wrong_count(struct reader *r, int32_t n, bool last_is_empty) {
    const bool is_first = r->table->n_rows == 0;
    const int32_t n_names = r->table->n_columns;
    const char *why =
        n == n_names + 1 && last_is_empty ? ": a comma at the end of the line?"
        : n == n_names + 1 && is_first    ? ": names of rows, or an index, in front?"
        : n == 2 * n_names
            ? ": decimal commas? Numbers have a decimal point (in pandas decimal='.')"
            : "";
    return refuse(r, "%d value%s, the first line has %d name%s%s", n, say_s(n), n_names,
                  say_s(n_names), why);
}

static odec_status read_row(struct reader *r) {
    struct run_table *table = r->table;
    TRY(reserve_row(r));
    double *number = table->values + table->n_rows * table->n_numbers;
    struct run_text *text = table->texts + table->n_rows * table->n_texts;
    struct field wrong = {0}; /* told where nothing is wrong with the row as a whole */
    int32_t n = 0, wrong_column = -1;
    struct field field;
    skip_blanks(r);
    if (ends_line(r)) {
        return refuse(r, "an empty line, and rows behind it");
    }
    for (;;) {
        TRY(read_field(r, &field));
        const enum run_column kind =
            n < table->n_columns ? table->kinds[n] : RUN_IGNORED;
        if (kind == RUN_TEXTS) {
            if (field.end - field.start > MAX_TEXT) {
                return refuse(r, "'%s' has more than %d bytes", table->names[n],
                              MAX_TEXT);
            }
            *text++ = (struct run_text){field.start, (int32_t)(field.end - field.start),
                                        field.quoted};
        } else if (kind == RUN_NUMBERS &&
                   !number_real(field.start, field.end, r->c, number++) &&
                   wrong_column < 0) {
            wrong = field;
            wrong_column = n;
        }
        n++;
        if (ends_line(r)) {
            break;
        }
        r->p++;
    }
    if (n != table->n_columns) {
        return wrong_count(r, n, field.start == field.end);
    }
    if (wrong_column >= 0) {
        return not_a_number(r, &wrong, wrong_column);
    }
    table->n_rows++;
    next_line(r);
    return ODEC_OK;
}

/* ---- the file ---- */

static void count_lines(struct reader *r, const char *to) {
    for (const char *p = r->p; p < to; p++) {
        r->line += *p == '\n';
    }
}

/* A carriage return that no line feed follows, but for the last byte. */
static const char *find_lone_return(const struct reader *r) {
    for (const char *p = r->p; (p = memchr(p, '\r', (size_t)(r->end - p))) != NULL;
         p++) {
        if (p + 1 < r->end && p[1] != '\n') {
            return p;
        }
    }
    return NULL;
}

/* Is this text, with the line ends that we know? */
static odec_status check_text(struct reader *r) {
    const size_t n = (size_t)(r->end - r->p);
    if (n >= 2 &&
        (memcmp(r->p, "\xff\xfe", 2) == 0 || memcmp(r->p, "\xfe\xff", 2) == 0)) {
        return refuse(r, "this is UTF-16: save the table as UTF-8");
    }
    if (n >= 3 && memcmp(r->p, "\xef\xbb\xbf", 3) == 0) {
        r->p += 3;
    }
    if (at_end(r)) {
        return refuse(r, "the file is empty");
    }
    const char *nul = memchr(r->p, 0, (size_t)(r->end - r->p));
    if (nul) {
        count_lines(r, nul);
        return refuse(r, "this is not a text file");
    }
    const char *lone = find_lone_return(r);
    if (lone) {
        count_lines(r, lone);
        return refuse(r, "a line ends in CR alone: save the table with LF or CR LF");
    }
    return ODEC_OK;
}

#define MAX_TABLE_BYTES ((size_t)4 << 30)

static odec_status read_file(struct odec_context *context, const char *path,
                             struct bytes *out) {
    char why[BYTES_WHY];
    if (bytes_read_file(NULL, path, MAX_TABLE_BYTES, out, why)) {
        return ODEC_OK;
    }
    FAIL_IF(why[0], context, ODEC_ERROR_ARGUMENT, "cannot read %s: %s", path, why);
    return context_out_of_memory(context);
}

static struct reader reader_of(struct odec_context *context, const char *path,
                               struct run_table *table) {
    const char *text = (const char *)table->file.at;
    return (struct reader){.context = context,
                           .path = path,
                           .p = text + table->rows_begin,
                           .end = text + table->file.n,
                           .line = table->rows_begin ? 2 : 1,
                           .table = table};
}

odec_status run_table_open(struct odec_context *context, const char *path,
                           struct run_table *out) {
    *out = (struct run_table){0};
    TRY(read_file(context, path, &out->file));
    struct reader reader = reader_of(context, path, out);
    odec_status status = check_text(&reader);
    if (status == ODEC_OK) {
        status = read_names(&reader);
    }
    out->rows_begin = (size_t)(reader.p - (const char *)out->file.at);
    if (status != ODEC_OK) {
        run_table_release(out);
    }
    return status;
}

static odec_status read_rows(struct reader *r) {
    while (!at_end(r)) {
        TRY(read_row(r));
    }
    r->line = 1;
    if (r->table->n_rows == 0) {
        return refuse(r, "names, but no row of values");
    }
    return ODEC_OK;
}

odec_status run_table_rows(struct odec_context *context, const char *path,
                           struct run_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        table->n_numbers += table->kinds[i] == RUN_NUMBERS;
        table->n_texts += table->kinds[i] == RUN_TEXTS;
    }
    struct reader reader = reader_of(context, path, table);
    reader.c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const odec_status status = read_rows(&reader);
    if (reader.c) {
        freelocale(reader.c);
    }
    if (table->n_texts == 0) {
        bytes_release(&table->file); /* nothing points into it */
    }
    return status;
}

odec_status run_table_read(struct odec_context *context, const char *path,
                           struct run_table *out) {
    TRY(run_table_open(context, path, out));
    const odec_status status = run_table_rows(context, path, out);
    if (status != ODEC_OK) {
        run_table_release(out);
    }
    return status;
}

void run_table_release(struct run_table *table) {
    for (int32_t i = 0; i < table->n_columns; i++) {
        free(table->names[i]);
    }
    free(table->names);
    free(table->kinds);
    free(table->values);
    free(table->texts);
    bytes_release(&table->file);
    *table = (struct run_table){0};
}
