/* identifiers.c -- see identifiers.h and generate.h. The language's names are names of C but
 * for those that C or its headers have taken; a file's may be anything.
 */
#include "identifiers.h"

#include <string.h>

#include "generate.h"
#include "names.h"

/* ---- members ---- */

static bool is_reserved(const char *name) {
    static const char *const reserved[] = {
#define RESERVED(name) #name,
#include "reserved.def"
    };
    if (name[0] == '_') { /* all of these are the implementation's */
        return true;
    }
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (strcmp(name, reserved[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char **identifiers_of(struct arena *arena, const odec_quantity *quantities,
                            int n) {
    const char **members = ARENA_ARRAY(arena, const char *, n + 1);
    struct names taken = {.arena = arena};
    for (int i = 0; i < n; i++) { /* who can keep his name does */
        if (!is_reserved(quantities[i].name)) {
            members[i] = quantities[i].name;
            names_put(&taken, members[i], &members[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        for (const char *name = quantities[i].name; members[i] == NULL;) {
            name = arena_printf(arena, "%s_", name);
            if (!names_get(&taken, name)) {
                members[i] = name;
                names_put(&taken, name, &members[i]);
            }
        }
    }
    return members;
}

/* ---- the name of all ---- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool generate_is_name(const char *name) {
    if (!is_letter(name[0]) || strlen(name) >= GENERATE_NAME) {
        return false;
    }
    while (is_letter(*name) || is_digit(*name) || *name == '_') {
        name++;
    }
    return *name == '\0';
}

bool generate_name(const char *path, char out[GENERATE_NAME]) {
    static const char before_others[] = "model_"; /* names begin with a letter */
    const char *slash = strrchr(path, '/');
    const char *stem = slash ? slash + 1 : path;
    const char *dot = strrchr(stem, '.');
    const size_t length = dot && dot > stem ? (size_t)(dot - stem) : strlen(stem);
    size_t n = 0;
    bool says_something = false;
    if (length + sizeof before_others > GENERATE_NAME) {
        return false;
    }
    if (!is_letter(stem[0])) {
        n = sizeof before_others - 1;
        memcpy(out, before_others, n);
    }
    for (size_t i = 0; i < length; i++) {
        const bool keeps = is_letter(stem[i]) || is_digit(stem[i]);
        const bool inside =
            ((unsigned char)stem[i] & 0xc0) == 0x80; /* of a character */
        if (!inside) {
            out[n++] = keeps ? stem[i] : '_';
        }
        says_something = says_something || keeps;
    }
    out[n] = '\0';
    return says_something;
}

const char *generate_hides(const char *name) {
    static const char *const headers[] = {
#define HEADER(name) #name,
#include "reserved.def"
    };
    if (strncmp(name, "odec", 4) == 0 && (name[4] == '\0' || name[4] == '_')) {
        return "odec";
    }
    const size_t n = strlen(name);
    if (n >= 6 && strcmp(name + n - 6, "intrin") == 0) { /* immintrin and its kin */
        return "the compiler";
    }
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        if (strcmp(name, headers[i]) == 0) {
            return strcmp(name, "abi") == 0 ? "odec" : "the system";
        }
    }
    return NULL;
}
