/* model.h -- a model's file, read and compiled, its diagnostics printed. */
#ifndef ODEC_MODEL_H
#define ODEC_MODEL_H

#include "odec_compile.h"
#include "options.h"

struct model {
    odec_compilation *compilation;
    const odec_program *program; /* NULL where the model is wrong */
};

/* EXIT_WRONG where the model is wrong, its diagnostics printed. */
int model_open(const char *path, const odec_spec *spec, struct model *out);
void model_close(struct model *model);

/* The one model that a command takes. */
int model_argument(const struct options *options, const char **path);

#endif
