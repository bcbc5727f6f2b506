/* strbuf.h -- text that grows. All zero is empty. Where memory runs out the text stays
 * as it was and failed is set, so that a caller checks once, at the end.
 */
#ifndef ODEC_STRBUF_H
#define ODEC_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

struct strbuf {
    char *at; /* NUL-terminated; NULL while empty */
    size_t n, capacity;
    bool failed;
};

void strbuf_add(struct strbuf *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void strbuf_add_json_string(struct strbuf *text, const char *string);
void strbuf_add_json_real(struct strbuf *text, double value); /* not finite: null */
void strbuf_release(struct strbuf *text);

#endif
