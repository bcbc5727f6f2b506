/* about_json.h -- what stands beside a result and in --stats, as JSON. */
#ifndef ODEC_ABOUT_JSON_H
#define ODEC_ABOUT_JSON_H

#include "result_file.h"
#include "strbuf.h"

/* NAME.json of NAME.npy. The other parts are written. */
void about_json(const struct result_file *file, const struct odec_result *result,
                struct strbuf *out);

/* {"ok": 10, ...}: the statuses that occur, ok always. */
void about_json_statuses(const struct odec_result *result, struct strbuf *out);

struct stats {
    const struct odec_program *program;
    const struct odec_result *result;
    const struct odec_solver *solver;
    double compile_seconds, write_seconds, total_seconds;
};

/* --stats FILE.json. */
void stats_json(const struct stats *stats, struct strbuf *out);

#endif
