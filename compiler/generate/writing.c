/* writing.c -- see writing.h. */
#include "writing.h"

#include <math.h>
#include <string.h>

const char *written_number(struct arena *arena, double x) {
    if (isnan(x)) {
        return "NAN";
    }
    if (isinf(x)) {
        return x > 0 ? "INFINITY" : "-INFINITY";
    }
    const char *text = number_text(arena, x);
    if (x == 0 && signbit(x)) {
        return "-0.0";
    }
    return strpbrk(text, ".e") ? text : arena_printf(arena, "%s.0", text);
}

void write_about(struct text *out, const odec_quantity *quantity) {
    if (quantity->unit[0]) {
        text_add_bytes(out, " [", 2);
        text_add_comment(out, quantity->unit, strlen(quantity->unit));
        text_add_bytes(out, "]", 1);
    }
    if (quantity->text[0]) {
        text_add_bytes(out, " ", 1);
        text_add_comment(out, quantity->text, strlen(quantity->text));
    }
}

/* Octal escapes end after three digits, whatever follows. */
static void write_characters(struct text *out, const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '\n') {
            text_add_bytes(out, "\\n", 2);
        } else if (c == '"' || c == '\\' || c == '?') { /* ?: no trigraphs */
            text_add(out, "\\%c", c);
        } else if (c < ' ' || c > '~') {
            text_add(out, "\\%03o", c);
        } else {
            text_add_bytes(out, text + i, 1);
        }
    }
}

void write_string(struct text *out, const char *text) {
    text_add_bytes(out, "\"", 1);
    write_characters(out, text, strlen(text));
    text_add_bytes(out, "\"", 1);
}

void write_long_string(struct text *out, const char *text, const char *indent) {
    do {
        const size_t line = strcspn(text, "\n");
        const size_t n = line + (text[line] == '\n');
        text_add(out, "%s\"", indent);
        write_characters(out, text, n);
        text += n;
        text_add_bytes(out, *text ? "\"\n" : "\"", *text ? 2 : 1);
    } while (*text);
}
