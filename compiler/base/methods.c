/* methods.c -- the table of methods. */
#include "methods.h"

#include <string.h>

#include "nearest.h"
#include "odec_compile.h"

#define METHOD(name, family) extern const struct method method_##name;
#include "methods.def"

static const struct method *const methods[] = {
#define METHOD(name, family) &method_##name,
#include "methods.def"
};

enum { N_METHODS = sizeof methods / sizeof *methods };

const char method_explanation[] =
    "The methods are\n"
    "    " METHOD_AUTO
#define METHOD(name, family) " " #name
#include "methods.def"
    "\n" METHOD_AUTO " is one of the others, as `odec info` tells. A method without an "
    "error estimate has\n"
    "fixed steps only.\n";

const struct method *method_at(int i) { return i < N_METHODS ? methods[i] : NULL; }

const struct method *method_find(const char *name) {
    for (int i = 0; i < N_METHODS; i++) {
        if (strcmp(methods[i]->name, name) == 0) {
            return methods[i];
        }
    }
    return NULL;
}

const char *method_word(int i) {
    return i == 0 ? METHOD_AUTO : i <= N_METHODS ? methods[i - 1]->name : NULL;
}

static const struct {
    const char *names, *means;
} other_methods[] =
    {
#define OTHER_METHOD(names, method) {names, method},
#include "other_words.def"
},
  other_precisions[] = {
#define OTHER_PRECISION(names, precision) {names, precision},
#include "other_words.def"
};

const char *method_meant(const char *name) {
    struct nearest nearest = {.wanted = name};
    for (size_t i = 0; i < sizeof other_methods / sizeof *other_methods; i++) {
        if (name_is_one_of(name, other_methods[i].names)) {
            return other_methods[i].means;
        }
    }
    for (int i = 0; method_word(i); i++) {
        nearest_offer(&nearest, method_word(i), NULL);
    }
    return nearest.name;
}

const char *precision_meant(const char *name) {
    for (size_t i = 0; i < sizeof other_precisions / sizeof *other_precisions; i++) {
        if (name_is_one_of(name, other_precisions[i].names)) {
            return other_precisions[i].means;
        }
    }
    return NULL;
}

const char *odec_method_name(int i) { return i < 0 ? NULL : method_word(i); }
