/* run_table.c -- see run_table.h. The file is read at once and walked by one pointer.
 */
#define _GNU_SOURCE
#include "run_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "number.h"
#include "say.h"

enum { MAX_COLUMNS = 100000 };

struct reader {
    struct odec_context *context;
    const char *path;
    const char *p, *end; /* *end is a NUL */
    int64_t line;
    locale_t c;
    struct run_table *table;
    int64_t capacity; /* rows */
};

/* A field without its spaces and quotes; the reader is at the comma or newline after
 * it. */
struct field {
    const char *start, *end;
};

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool ends_line(const struct reader *r) {
    return r->p == r->end || *r->p == '\n' ||
           (*r->p == '\r' && (r->p + 1 == r->end || r->p[1] == '\n'));
}

static odec_status read_field(struct reader *r, struct field *out) {
    while (r->p < r->end && is_blank(*r->p)) {
        r->p++;
    }
    bool quoted = r->p < r->end && *r->p == '"';
    r->p += quoted;
    out->start = r->p;
    while (quoted ? r->p < r->end && *r->p != '"' && *r->p != '\n'
                  : !ends_line(r) && *r->p != ',') {
        r->p++;
    }
    out->end = r->p;
    if (quoted) {
        FAIL_IF(r->p == r->end || *r->p != '"', r->context, ODEC_ERROR_ARGUMENT,
                "%s:%lld: a quote is not closed", r->path, (long long)r->line);
        r->p++;
        while (r->p < r->end && is_blank(*r->p)) {
            r->p++;
        }
        FAIL_IF(!ends_line(r) && *r->p != ',', r->context, ODEC_ERROR_ARGUMENT,
                "%s:%lld: text after a closing quote", r->path, (long long)r->line);
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

static odec_status read_names(struct reader *r) {
    struct run_table *table = r->table;
    for (;;) {
        struct field field;
        TRY(read_field(r, &field));
        FAIL_IF(field.start == field.end, r->context, ODEC_ERROR_ARGUMENT,
                "%s:%lld: column %d has no name", r->path, (long long)r->line,
                table->n_columns + 1);
        FAIL_IF(table->n_columns == MAX_COLUMNS, r->context, ODEC_ERROR_ARGUMENT,
                "%s:%lld: more than %d columns", r->path, (long long)r->line,
                MAX_COLUMNS);
        char **names =
            realloc(table->names, ((size_t)table->n_columns + 1) * sizeof *names);
        if (names == NULL) {
            return context_out_of_memory(r->context);
        }
        table->names = names;
        names[table->n_columns] =
            strndup(field.start, (size_t)(field.end - field.start));
        if (names[table->n_columns] == NULL) {
            return context_out_of_memory(r->context);
        }
        table->n_columns++;
        for (int32_t i = 0; i + 1 < table->n_columns; i++) {
            FAIL_IF(strcmp(names[i], names[table->n_columns - 1]) == 0, r->context,
                    ODEC_ERROR_ARGUMENT, "%s:%lld: two columns are called '%s'",
                    r->path, (long long)r->line, names[i]);
        }
        if (ends_line(r)) {
            next_line(r);
            return ODEC_OK;
        }
        r->p++;
    }
}

static odec_status not_a_number(struct reader *r, const struct field *field,
                                int32_t column) {
    int n = (int)(field->end - field->start > 40 ? 40 : field->end - field->start);
    FAIL_IF(n == 0, r->context, ODEC_ERROR_ARGUMENT, "%s:%lld: no value for '%s'",
            r->path, (long long)r->line, r->table->names[column]);
    return context_fail(r->context, ODEC_ERROR_ARGUMENT,
                        "%s:%lld: '%.*s' is not a number (column '%s')", r->path,
                        (long long)r->line, n, field->start, r->table->names[column]);
}

static odec_status reserve_row(struct reader *r) {
    struct run_table *table = r->table;
    if (table->n_rows < r->capacity) {
        return ODEC_OK;
    }
    size_t capacity = r->capacity ? 2 * (size_t)r->capacity : 64, bytes;
    double *values = NULL;
    if (!__builtin_mul_overflow(capacity * sizeof(double), (size_t)table->n_columns,
                                &bytes)) {
        values = realloc(table->values, bytes);
    }
    if (values == NULL) {
        return context_out_of_memory(r->context);
    }
    table->values = values;
    r->capacity = (int64_t)capacity;
    return ODEC_OK;
}

static odec_status read_row(struct reader *r) {
    struct run_table *table = r->table;
    TRY(reserve_row(r));
    double *row = table->values + table->n_rows * table->n_columns;
    int32_t n = 0;
    for (;;) {
        struct field field;
        TRY(read_field(r, &field));
        if (n < table->n_columns &&
            !number_real(field.start, field.end, r->c, &row[n])) {
            return not_a_number(r, &field, n);
        }
        n++;
        if (ends_line(r)) {
            break;
        }
        r->p++;
    }
    FAIL_IF(n != table->n_columns, r->context, ODEC_ERROR_ARGUMENT,
            "%s:%lld: %d value%s, the first line has %d name%s", r->path,
            (long long)r->line, n, say_s(n), table->n_columns, say_s(table->n_columns));
    table->n_rows++;
    next_line(r);
    return ODEC_OK;
}

static odec_status read_table(struct reader *r) {
    if (r->end - r->p >= 3 && memcmp(r->p, "\xef\xbb\xbf", 3) == 0) {
        r->p += 3;
    }
    FAIL_IF(at_end(r), r->context, ODEC_ERROR_ARGUMENT, "%s:1: the file is empty",
            r->path);
    const char *nul = memchr(r->p, 0, (size_t)(r->end - r->p));
    if (nul) {
        for (const char *p = r->p; p < nul; p++) {
            r->line += *p == '\n';
        }
        FAIL_IF(true, r->context, ODEC_ERROR_ARGUMENT,
                "%s:%lld: this is not a text file", r->path, (long long)r->line);
    }
    TRY(read_names(r));
    while (!at_end(r)) {
        TRY(read_row(r));
    }
    FAIL_IF(r->table->n_rows == 0, r->context, ODEC_ERROR_ARGUMENT,
            "%s:1: names, but no row of values", r->path);
    return ODEC_OK;
}

static odec_status read_file(struct odec_context *context, const char *path,
                             struct bytes *out) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    bool is_directory = fd >= 0 && fstat(fd, &info) == 0 && S_ISDIR(info.st_mode);
    bool read = fd >= 0 && !is_directory && bytes_read(NULL, fd, SIZE_MAX / 4, out);
    int error = is_directory ? EISDIR : errno;
    if (fd >= 0) {
        close(fd);
    }
    FAIL_IF(!read, context, ODEC_ERROR_ARGUMENT, "cannot read %s: %s", path,
            strerror(error));
    return ODEC_OK;
}

odec_status run_table_read(struct odec_context *context, const char *path,
                           struct run_table *out) {
    *out = (struct run_table){0};
    struct bytes file;
    TRY(read_file(context, path, &file));
    struct reader reader = {.context = context,
                            .path = path,
                            .p = (const char *)file.at,
                            .end = (const char *)file.at + file.n,
                            .line = 1,
                            .c = newlocale(LC_ALL_MASK, "C", (locale_t)0),
                            .table = out};
    odec_status status = read_table(&reader);
    if (reader.c) {
        freelocale(reader.c);
    }
    bytes_release(&file);
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
    free(table->values);
    *table = (struct run_table){0};
}
