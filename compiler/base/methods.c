/* methods.c -- the table of methods, and its names as text. */
#include "methods.h"

#include <string.h>

/* families: is it for stiff models? */
#define METHOD_IS_STIFF_erk false
#define METHOD_IS_STIFF_rosenbrock true

static const struct method methods[] = {
#define METHOD(name, order, adaptive, family, stages) \
    {#name, #family, order, stages, adaptive, METHOD_IS_STIFF_##family},
#include "methods.def"
};

enum { N_METHODS = sizeof methods / sizeof *methods };

const char method_names[] = METHOD_AUTO
#define METHOD(name, order, adaptive, family, stages) ", " #name
#include "methods.def"
    ;

int method_count(void) { return N_METHODS; }

const struct method *method_at(int i) { return &methods[i]; }

const struct method *method_find(const char *name) {
    for (int i = 0; i < N_METHODS; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return &methods[i];
        }
    }
    return NULL;
}
