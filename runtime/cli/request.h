/* request.h -- what the options of a solve say, as numbers. Before the model is known.
 */
#ifndef ODEC_REQUEST_H
#define ODEC_REQUEST_H

#include "odec_compile.h"
#include "options.h"

enum { REQUEST_MAX_CAPACITIES = 64 };

struct request {
    struct odec_spec spec; /* save points at the member below where --save was given */
    struct odec_save save;
    double *save_at; /* of --save at: */
    double t0, t1;   /* NaN where not given */
    double dt, dt_max, rtol;
    int64_t max_attempts; /* 0 where not given */
    struct odec_solver_options solver;
    double capacities[REQUEST_MAX_CAPACITIES]; /* of --distribute */
};

int request_parse(const struct options *options, struct request *out);
/* --set, for those who compile its values in; `run` gives them to its batch. */
int request_take_defaults(const struct options *options, struct request *request);
void request_release(struct request *request);

/* --atol over the states of a program: NULL where not given, else [n_states] to free.
 */
int request_atol(const struct options *options, const struct odec_program *program,
                 double **out);

/* Options that adaptive steps alone have, given where steps are fixed: an error. */
int request_check_steps(const struct options *options,
                        const struct odec_program *program);

/* The context's error, after `where` unless it is empty; where save times of the model are
 * outside the span of --t, that. */
int request_failed(const odec_context *context, odec_status status, const char *where,
                   const struct options *options, const struct odec_program *program);

/* NAME=VALUE of --set: the name is text[0 .. *n). */
int parse_set(const char *text, size_t *n, double *value);

/* A number that is all of a text but for blanks. */
int parse_real(const char *what, const char *start, const char *end, double *out);
int parse_count(const char *what, const char *start, const char *end, int64_t *out);
int parse_index(const char *what, const char *start, const char *end, int64_t *out);

#endif
