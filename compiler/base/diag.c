/* diag.c -- collects diagnostics and renders them, in the style of clang and as data.
 *
 * A report keeps its span and texts; only rendering looks at lines and columns. Columns
 * count characters (code points) from 1. In the quoted source line a character takes
 * one cell, a tab the cells to the next multiple of TAB; a line too long for the eye is
 * cut to a window around the span. Nothing of the source reaches a terminal but
 * printable text.
 */
#include "diag.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "methods.h"
#include "ops.h"
#include "printable.h"

enum {
    TAB = 4,
    WINDOW = 100, /* cells of source shown at most */
    BEFORE = 40,  /* of these, before the span where the line is cut */
    MAX_KEPT = 1000,
    MAX_SHOWN = 50,
    MAX_NAME = 60, /* bytes of a name quoted in full */
    MAX_NOTES = 8
};

static const struct {
    const char *code;
    odec_severity severity;
    const char *explanation;
} codes[DIAG_COUNT] = {
#define DIAG(code, severity, explanation) \
    {#code, ODEC_SEVERITY_##severity, explanation},
#include "diag.def"
};

struct note {
    struct span span;
    const char *message;
};

struct diag {
    enum diag_code code;
    struct span span;
    int order; /* of reporting */
    const char *message, *hint;
    int n_notes;
    struct note notes[MAX_NOTES];
};

struct diags {
    struct arena *arena;
    const char *file_name, *source;
    const char *shown_name; /* the file's, as a terminal may see it */
    size_t length;
    VECTOR(uint32_t) line_starts;
    VECTOR(struct diag *) list;
    struct diag *last; /* takes notes; NULL where it was not kept */
    int n_errors, n_warnings, n_notes;
};

struct diags *diags_create(struct arena *arena, const char *file_name,
                           const char *source, size_t length) {
    struct diags *diags = ARENA_NEW(arena, struct diags);
    diags->arena = arena;
    diags->file_name = file_name;
    diags->shown_name = printable(arena_copy(arena, file_name, strlen(file_name)));
    diags->source = source;
    diags->length = length;
    bool bom = length >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0;
    VECTOR_PUSH(arena, &diags->line_starts, bom ? 3 : 0);
    for (size_t i = 0; i < length && i < UINT32_MAX; i++) {
        const char *newline = memchr(source + i, '\n', length - i);
        if (!newline) {
            break;
        }
        i = (size_t)(newline - source);
        VECTOR_PUSH(arena, &diags->line_starts, (uint32_t)i + 1);
    }
    return diags;
}

static const char *format_text(struct diags *diags, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    size_t size = n < 0 ? 1 : (size_t)n + 1;
    char *result = arena_alloc(diags->arena, size);
    vsnprintf(result, size, format, again);
    va_end(again);
    return printable(result);
}

void diag_report(struct diags *diags, enum diag_code code, struct span span,
                 const char *hint, const char *format, ...) {
    assert(code < DIAG_COUNT && span.start <= span.end);
    assert(span.end <= diags->length || span_is_none(span));
    if (codes[code].severity == ODEC_SEVERITY_ERROR) {
        diags->n_errors++;
    } else if (codes[code].severity == ODEC_SEVERITY_WARNING) {
        diags->n_warnings++;
    } else {
        diags->n_notes++;
    }
    diags->last = NULL;
    if (diags->list.n >= MAX_KEPT) {
        return;
    }
    struct diag *d = ARENA_NEW(diags->arena, struct diag);
    d->code = code;
    d->span = span;
    d->order = diags->list.n;
    d->hint = hint ? printable(arena_copy(diags->arena, hint, strlen(hint))) : NULL;
    va_list args;
    va_start(args, format);
    d->message = format_text(diags, format, args);
    va_end(args);
    VECTOR_PUSH(diags->arena, &diags->list, d);
    diags->last = d;
}

void diag_note(struct diags *diags, struct span span, const char *format, ...) {
    struct diag *d = diags->last;
    assert(span.start <= span.end && span.end <= diags->length);
    if (!d || d->n_notes == MAX_NOTES) {
        return;
    }
    va_list args;
    va_start(args, format);
    d->notes[d->n_notes++] =
        (struct note){.span = span, .message = format_text(diags, format, args)};
    va_end(args);
}

const char *diag_name(struct diags *diags, const char *name) {
    size_t n = strlen(name);
    if (n <= MAX_NAME) {
        return arena_printf(diags->arena, "'%s'", name);
    }
    int half = MAX_NAME / 2;
    return arena_printf(diags->arena, "'%.*s...%s'", half, name, name + n - half);
}

bool diags_are_full(const struct diags *diags) { return diags->list.n >= MAX_KEPT; }

int diags_n_errors(const struct diags *diags) { return diags->n_errors; }

int diags_n_warnings(const struct diags *diags) { return diags->n_warnings; }

int diags_line(const struct diags *diags, uint32_t offset) {
    int lo = 0, hi = diags->line_starts.n; /* starts[lo] <= offset < starts[hi] */
    while (hi - lo > 1) {
        int middle = lo + (hi - lo) / 2;
        if (diags->line_starts.at[middle] <= offset) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    return lo + 1;
}

/* ---- rendering ---- */

static const char *const colors[] = {"\033[1;31m", "\033[1;35m", "\033[1;36m"};
static const char *const labels[] = {"error", "warning", "note"};

/* A walk along one source line, character by character. */
struct walk {
    const char *at, *end; /* end: of the line, without its line end */
    int column;           /* of the character at `at`, from 1 */
    int cell;             /* its first cell on the screen, from 0 */
    size_t bytes;         /* of the character at `at`, where at < end */
    int cells;
    bool printable;
};

static void walk_look(struct walk *w) {
    if (w->at >= w->end) {
        return;
    }
    size_t bytes = utf8_length(w->at, (size_t)(w->end - w->at));
    uint32_t point = bytes ? utf8_decode(w->at, bytes) : 0;
    w->bytes = bytes ? bytes : 1;
    w->cells = *w->at == '\t' ? TAB - w->cell % TAB : 1;
    w->printable = printable_point(point);
}

static struct walk walk_line(const struct diags *diags, int line) {
    const char *begin = diags->source + diags->line_starts.at[line - 1];
    const char *end = diags->source + diags->length;
    if (line < diags->line_starts.n) {
        end = diags->source + diags->line_starts.at[line] - 1;
    }
    if (end > begin && end[-1] == '\r') {
        end--;
    }
    struct walk w = {.at = begin, .end = end, .column = 1};
    walk_look(&w);
    return w;
}

static void walk_next(struct walk *w) {
    w->at += w->bytes;
    w->cell += w->cells;
    w->column++;
    walk_look(w);
}

static void walk_to(struct walk *w, const char *target) {
    while (w->at < w->end && w->at < target) {
        walk_next(w);
    }
}

static void add_repeated(struct text *out, char c, int n) {
    for (int i = 0; i < n; i++) {
        text_add_bytes(out, &c, 1);
    }
}

/* The cells first .. first + WINDOW - 1 of the line. */
static void render_cells(struct text *out, struct walk w, int first) {
    text_add(out, "%s", first > 0 ? "..." : "");
    while (w.at < w.end && w.cell < first) {
        walk_next(&w);
    }
    for (; w.at < w.end && w.cell < first + WINDOW; walk_next(&w)) {
        if (*w.at == '\t') {
            add_repeated(out, ' ', w.cells);
        } else if (w.printable) {
            text_add_bytes(out, w.at, w.bytes);
        } else {
            text_add(out, "?");
        }
    }
    text_add(out, "%s\n", w.at < w.end ? "..." : "");
}

/* The source line of the span's start, and the line that marks the span. */
static void render_snippet(const struct diags *diags, struct text *out,
                           struct span span, int line, const char *hint, bool color) {
    struct walk whole = walk_line(diags, line), w = whole;
    walk_to(&w, diags->source + span.start);
    int start = w.cell;
    int first = start > WINDOW - BEFORE / 2 ? start - BEFORE : 0;
    while (w.at < w.end && w.at < diags->source + span.end && w.cell < first + WINDOW) {
        walk_next(&w);
    }
    int n_marked = w.cell > start + 1 ? w.cell - start : 1;

    text_add(out, "%5d | ", line);
    render_cells(out, whole, first);
    text_add(out, "      | ");
    add_repeated(out, ' ', start - first + (first > 0 ? 3 : 0));
    text_add(out, "%s^", color ? "\033[1;32m" : "");
    add_repeated(out, '~', n_marked - 1);
    text_add(out, "%s%s%s\n", color ? "\033[0m" : "", hint ? " " : "",
             hint ? hint : "");
}

/* file:line:col: label[code]: message, and the snippet, or file: label[code]: message; hint.
 * code may be NULL, of what has a place. */
static void render_message(const struct diags *diags, struct text *out,
                           struct span span, odec_severity severity, const char *code,
                           const char *message, const char *hint, bool color) {
    const char *bold = color ? "\033[1m" : "", *plain = color ? "\033[0m" : "";
    if (span_is_none(span)) {
        text_add(out, "%s%s: %s%s[%s]:%s %s%s%s%s%s\n", bold, diags->shown_name,
                 color ? colors[severity] : "", labels[severity], code ? code : "",
                 plain, bold, message, hint ? "; " : "", hint ? hint : "", plain);
        return;
    }
    int line = diags_line(diags, span.start);
    struct walk w = walk_line(diags, line);
    walk_to(&w, diags->source + span.start);

    text_add(out, "%s%s:%d:%d: %s%s", bold, diags->shown_name, line, w.column,
             color ? colors[severity] : "", labels[severity]);
    if (code) {
        text_add(out, "[%s]", code);
    }
    text_add(out, ":%s %s%s%s\n", plain, bold, message, plain);
    if (diags->length > 0) {
        render_snippet(diags, out, span, line, hint, color);
    }
}

static int compare_diags(const void *a, const void *b) {
    const struct diag *x = *(struct diag *const *)a, *y = *(struct diag *const *)b;
    if (x->span.start != y->span.start) {
        return x->span.start < y->span.start ? -1 : 1;
    }
    return x->order - y->order;
}

/* In order of place. */
static struct diag **sort_diags(const struct diags *diags) {
    const int n = diags->list.n;
    struct diag **sorted = ARENA_ARRAY(diags->arena, struct diag *, n);
    for (int i = 0; i < n; i++) {
        sorted[i] = diags->list.at[i];
    }
    if (n > 0) {
        qsort(sorted, (size_t)n, sizeof *sorted, compare_diags);
    }
    return sorted;
}

const char *diags_text(const struct diags *diags, bool color) {
    const int n = diags->list.n;
    struct diag **sorted = sort_diags(diags);
    struct text out = {.arena = diags->arena};
    text_add_bytes(&out, "", 0);
    for (int i = 0; i < n && i < MAX_SHOWN; i++) {
        const struct diag *d = sorted[i];
        render_message(diags, &out, d->span, codes[d->code].severity,
                       codes[d->code].code, d->message, d->hint, color);
        for (int k = 0; k < d->n_notes; k++) {
            render_message(diags, &out, d->notes[k].span, ODEC_SEVERITY_NOTE, NULL,
                           d->notes[k].message, NULL, color);
        }
    }
    int more = diags->n_errors + diags->n_warnings + diags->n_notes - MAX_SHOWN;
    if (more > 0) {
        text_add(&out, "%s: %d more message%s not shown\n", diags->shown_name, more,
                 more == 1 ? " is" : "s are");
    }
    return out.at;
}

/* ---- as data ---- */

struct place {
    int64_t offset;
    int32_t *line, *column; /* where they go */
};

static int compare_places(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Finds lines and columns of n places in one walk through the text, however long its lines
 * are. */
static void find_places(const struct diags *diags, struct place *places, int n) {
    struct walk w = {0};
    int line = 0;
    if (n > 0) {
        qsort(places, (size_t)n, sizeof *places, compare_places);
    }
    for (int i = 0; i < n; i++) {
        if (places[i].line == NULL) {
            continue;
        }
        const int its = diags_line(diags, (uint32_t)places[i].offset);
        if (its != line) {
            line = its;
            w = walk_line(diags, line);
        }
        walk_to(&w, diags->source + places[i].offset);
        *places[i].line = line;
        *places[i].column = w.column;
    }
}

const odec_diagnostic *diags_data(const struct diags *diags, int32_t *n_out) {
    struct diag **sorted = sort_diags(diags);
    int32_t n = diags->list.n;
    for (int i = 0; i < diags->list.n; i++) {
        n += sorted[i]->n_notes;
    }
    odec_diagnostic *data = ARENA_ARRAY(diags->arena, odec_diagnostic, n);
    struct place *places = ARENA_ARRAY(diags->arena, struct place, 2 * n);
    const char *file =
        arena_copy(diags->arena, diags->file_name, strlen(diags->file_name));
    odec_diagnostic *at = data;
    for (int i = 0; i < diags->list.n; i++) {
        const struct diag *d = sorted[i];
        const int32_t own = (int32_t)(at - data);
        for (int k = -1; k < d->n_notes; k++, at++) {
            const bool is_note = k >= 0;
            const struct span span = is_note ? d->notes[k].span : d->span;
            *at = (odec_diagnostic){.size = sizeof *at,
                                    .severity = is_note ? ODEC_SEVERITY_NOTE
                                                        : codes[d->code].severity,
                                    .belongs_to = is_note ? own : -1,
                                    .code = is_note ? "" : codes[d->code].code,
                                    .file = file,
                                    .start = span.start,
                                    .end = span.end,
                                    .text = is_note ? d->notes[k].message : d->message,
                                    .hint = is_note || !d->hint ? "" : d->hint};
            struct place *both = &places[2 * (at - data)];
            if (span_is_none(span)) {
                at->start = at->end = 0;
                continue;
            }
            both[0] = (struct place){at->start, &at->line, &at->column};
            both[1] = (struct place){at->end, &at->end_line, &at->end_column};
        }
    }
    find_places(diags, places, 2 * n);
    *n_out = n;
    return data;
}

const char *odec_explain(const char *code) {
    for (int i = 0; code && i < DIAG_COUNT; i++) {
        if (strcmp(code, codes[i].code) == 0) {
            return codes[i].explanation;
        }
    }
    return NULL;
}

const char *odec_diagnostic_code(int i) {
    return i >= 0 && i < DIAG_COUNT ? codes[i].code : NULL;
}
