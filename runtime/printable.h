/* printable.h -- text of somebody else's on its way to a terminal: a title, a file's name, a
 * column's, what a C compiler says. Here it loses what is no text, by which a terminal could
 * be made to do something: control characters (ESC, and those of 0x80 .. 0x9f), what turns
 * the direction of writing, and what is no UTF-8. A '?' stands for each.
 *
 * Both libraries use this, and neither sees the other: functions of a header.
 */
#ifndef ODEC_PRINTABLE_H
#define ODEC_PRINTABLE_H

#include <stdbool.h>
#include <string.h>

#include "utf8.h"

static inline bool printable_point(uint32_t point) {
    return point >= 0x20 && !(point >= 0x7f && point < 0xa0) &&
           !(point >= 0x202a && point <= 0x202e) &&
           !(point >= 0x2066 && point <= 0x2069);
}

/* In place, and never longer. Lines and tabs stay. */
static inline char *printable(char *text) {
    char *to = text;
    size_t left = strlen(text);
    for (const char *from = text; left > 0;) {
        const size_t length = utf8_length(from, left), n = length ? length : 1;
        const bool stays = *from == '\n' || *from == '\t' ||
                           (length && printable_point(utf8_decode(from, length)));
        if (stays) {
            memmove(to, from, n);
            to += n;
        } else {
            *to++ = '?';
        }
        from += n;
        left -= n;
    }
    *to = '\0';
    return text;
}

#endif
