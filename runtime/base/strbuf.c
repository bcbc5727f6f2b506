/* strbuf.c -- see strbuf.h. */
#include "strbuf.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "say.h"

static bool strbuf_reserve(struct strbuf *text, size_t more) {
    if (text->failed) {
        return false;
    }
    if (text->n + more + 1 > text->capacity) {
        size_t capacity = 2 * text->capacity + more + 256;
        char *at = realloc(text->at, capacity);
        if (at == NULL) {
            text->failed = true;
            return false;
        }
        text->at = at;
        text->capacity = capacity;
    }
    return true;
}

void strbuf_add(struct strbuf *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, arguments);
    if (n < 0) {
        text->failed = true;
    } else if (strbuf_reserve(text, (size_t)n)) {
        vsnprintf(text->at + text->n, (size_t)n + 1, format, again);
        text->n += (size_t)n;
    }
    va_end(again);
    va_end(arguments);
}

void strbuf_add_json_string(struct strbuf *text, const char *string) {
    strbuf_add(text, "\"");
    for (const unsigned char *p = (const unsigned char *)string; *p; p++) {
        if (*p == '"' || *p == '\\') {
            strbuf_add(text, "\\%c", *p);
        } else if (*p < 0x20 || *p == 0x7f) {
            strbuf_add(text, "\\u%04x", *p);
        } else {
            strbuf_add(text, "%c", *p);
        }
    }
    strbuf_add(text, "\"");
}

void strbuf_add_json_real(struct strbuf *text, double value) {
    char buffer[SAY_SIZE];
    strbuf_add(text, "%s", isfinite(value) ? say_real(buffer, value) : "null");
}

void strbuf_release(struct strbuf *text) {
    free(text->at);
    *text = (struct strbuf){0};
}
