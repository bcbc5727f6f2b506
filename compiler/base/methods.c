/* methods.c -- the table of methods. */
#include "methods.h"

#include <string.h>

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

const char *odec_method_name(int i) { return i < 0 ? NULL : method_word(i); }
