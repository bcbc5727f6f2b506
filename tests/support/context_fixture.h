/* context_fixture.h -- the context that the tests of a program have in common: begin and
 * end are cmocka's group setup and teardown.
 */
#ifndef CONTEXT_FIXTURE_H
#define CONTEXT_FIXTURE_H

#include "odec.h"

static odec_context *context;

static inline int context_begin(void **state) {
    (void)state;
    return odec_context_create(&context) != ODEC_OK;
}

/* One whose heap has nothing kept. */
static inline void context_renew(void) {
    odec_context_destroy(context);
    if (odec_context_create(&context) != ODEC_OK) {
        fail_msg("no memory for a context");
    }
}

static inline int context_end(void **state) {
    (void)state;
    odec_context_destroy(context);
    return 0;
}

#endif
