/* failures.h -- which runs fail: the first of each kind, for a person, and all of them in a
 * table, for --runs.
 *
 *   run,t,<labels>,<what varies over the runs>,status
 *
 * A sink before another one, which sees all results.
 */
#ifndef ODEC_FAILURES_H
#define ODEC_FAILURES_H

#include "result_file.h"
#include "strbuf.h"

struct failures {
    const struct result_about *about;
    struct odec_sink next;  /* write NULL: there is none */
    struct out_file *table; /* NULL: not asked for */
    struct {
        bool seen;
        int64_t run; /* of this batch, from 0 */
        double t;    /* that it has come to */
    } first[ODEC_RUN_STATUS_ROOM];
};

/* Neither at its end nor stopped by an event? */
bool failures_is_one(int run_status);
int64_t failures_count(const struct odec_result *result);
/* "2 max-attempts, 1 non-finite" */
void failures_add_causes(struct strbuf *out, const struct odec_result *result);

/* next and table may be NULL. */
struct odec_sink failures_sink(struct failures *failures,
                               const struct result_about *about,
                               const struct odec_sink *next, struct out_file *table);

/* How many there are, and the first of each kind: its number, its parameters and the time it
 * has come to. Nothing where all went well. */
void failures_warn(const struct failures *failures, const struct odec_result *result);

#endif
