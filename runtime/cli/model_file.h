/* model_file.h -- a model's file, read and compiled, its diagnostics printed. */
#ifndef ODEC_MODEL_FILE_H
#define ODEC_MODEL_FILE_H

#include "odec_compile.h"
#include "options.h"

struct model_file {
    odec_compilation *compilation;
    const odec_program *program; /* NULL where the model is wrong */
};

/* EXIT_WRONG where the model is wrong, its diagnostics printed. */
int model_file_open(const char *path, const odec_spec *spec, struct model_file *out);
void model_file_close(struct model_file *model);

/* The one model that a command takes. */
int model_file_argument(const struct options *options, const char **path);

#endif
