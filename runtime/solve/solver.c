/* solver.c -- see solver.h; the public functions about a solver. */
#include "solver.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rates.h"
#include "sized.h"
#include "writer.h"

/* Floating-point operations from which a batch is worth a GPU's start of about a
 * second, with a hundred attempts a run: what a core of a CPU does in that time. */
#define AUTO_GPU_FLOPS 3e9
#define AUTO_ATTEMPTS 100

/* ---- options ---- */

static odec_status check_options(struct odec_context *context,
                                 const struct odec_solver_options *options) {
    FAIL_IF(options->memory_bytes < 0 || options->chunk_runs < 0 || options->n_runs < 0,
            context, ODEC_ERROR_ARGUMENT,
            "memory, chunk and runs must not be negative");
    FAIL_IF(!(options->memory_fraction >= 0 && options->memory_fraction <= 1), context,
            ODEC_ERROR_ARGUMENT, "the share of memory must be in 0 .. 1, not %g",
            options->memory_fraction);
    FAIL_IF(!(options->compile_seconds >= 0), context, ODEC_ERROR_ARGUMENT,
            "the C compiler's time must not be negative: %g s",
            options->compile_seconds);
    FAIL_IF(options->n_buffers < 0 || options->n_buffers > 2, context,
            ODEC_ERROR_ARGUMENT, "%d buffers: 1 or 2 are possible", options->n_buffers);
    FAIL_IF(options->distribution < ODEC_DYNAMIC ||
                options->distribution > ODEC_CAPACITY,
            context, ODEC_ERROR_ARGUMENT, "there is no distribution %d",
            (int)options->distribution);
    FAIL_IF(options->n_capacities < 0 ||
                (options->n_capacities > 0 && options->capacities == NULL),
            context, ODEC_ERROR_ARGUMENT, "the list of capacities is missing");
    return ODEC_OK;
}

/* The caller's options, in the size that he knows, over the defaults of the rest. */
static odec_status read_options(struct odec_context *context,
                                const struct odec_solver_options *given,
                                struct odec_solver_options *out) {
    *out = (struct odec_solver_options)ODEC_SOLVER_OPTIONS_INIT;
    if (given) {
        TRY(context_read(context, out, given, "odec_solver_options",
                         "ODEC_SOLVER_OPTIONS_INIT"));
    }
    return check_options(context, out);
}

/* What outlives the call to odec_solver_create is the solver's own. */
static odec_status keep_options(struct odec_solver *solver,
                                const struct odec_solver_options *options) {
    struct odec_solver_options *kept = &solver->options;
    const size_t n = (size_t)options->n_capacities;
    struct heap *heap = solver->context->heap;
    double *capacities = heap_take(heap, n + 1, sizeof *capacities);
    *kept = *options;
    kept->device = NULL;
    kept->compiler = options->compiler ? heap_text(heap, options->compiler) : NULL;
    kept->cache_dir = options->cache_dir ? heap_text(heap, options->cache_dir) : NULL;
    kept->capacities = capacities;
    if ((options->compiler && !kept->compiler) ||
        (options->cache_dir && !kept->cache_dir) || !capacities) {
        return context_out_of_memory(solver->context);
    }
    if (n > 0) {
        memcpy(capacities, options->capacities, n * sizeof *capacities);
    }
    return ODEC_OK;
}

/* ---- devices ---- */

odec_status solver_open(struct odec_solver *solver, struct solver_device *on) {
    odec_status status =
        on->backend->open(on->backend, solver->context, &solver->program.known,
                          &solver->options, on->ordinal, &on->device);
    if (status == ODEC_OK) {
        on->backend->facts(on->device, &on->facts);
        context_log(solver->context, ODEC_LOG_INFO, "%s: %s, %s", on->facts.name,
                    on->facts.description,
                    on->facts.cache_hit ? "its kernel from the cache"
                    : on->facts.compiler && on->facts.compiler[0]
                        ? "its kernel compiled"
                        : "its kernel linked in");
        on->rate = rates_with(solver->rates, on->facts.name, &solver->program.known);
    }
    return status;
}

static struct solver_device *add_device(struct odec_solver *solver,
                                        const struct device_choice *choice) {
    struct solver_device *on = &solver->devices[solver->n_devices++];
    *on =
        (struct solver_device){.backend = choice->backend, .ordinal = choice->ordinal};
    snprintf(on->facts.name, sizeof on->facts.name, "%s", choice->backend->kind);
    return on;
}

/* A device that the caller gave a share of its own does not stand by. */
static bool has_capacity(const struct odec_solver *solver, int32_t i) {
    return solver->options.distribution == ODEC_CAPACITY &&
           solver->options.capacities[i] > 0;
}

/* Those that fail are done without, as long as there is one. */
static odec_status open_some(struct odec_solver *solver,
                             const struct device_list *list) {
    int32_t n_open = 0;
    odec_status status = ODEC_OK;
    for (int32_t i = 0; i < list->n; i++) {
        struct solver_device *on = add_device(solver, &list->at[i]);
        if (list->is_auto && i == list->n - 1 && n_open > 0 &&
            !has_capacity(solver, i)) {
            on->stands_by = true;
            break;
        }
        status = solver_open(solver, on);
        TRY(status == ODEC_CANCELLED ? status : ODEC_OK);
        n_open += status == ODEC_OK;
        if (status != ODEC_OK && (n_open > 0 || i < list->n - 1)) {
            context_move_error(solver->context, on->failure, sizeof on->failure);
            context_log(solver->context, ODEC_LOG_WARNING, "%s takes no part: %s",
                        on->facts.name, on->failure);
        }
    }
    return n_open > 0 ? ODEC_OK : status;
}

static odec_status open_all(struct odec_solver *solver,
                            const struct device_list *list) {
    for (int32_t i = 0; i < list->n; i++) {
        TRY(solver_open(solver, add_device(solver, &list->at[i])));
    }
    return ODEC_OK;
}

static bool is_worth_gpu(const struct odec_program *program, int64_t n_runs) {
    double flops = program->flops_rhs;
    if (program->sparsity) {
        flops += (double)program->sparsity->flops_linear +
                 (double)program->sparsity->flops_factor +
                 (double)program->sparsity->flops_solve;
    }
    return n_runs == 0 ||
           (double)n_runs * AUTO_ATTEMPTS * (double)program->order * flops >=
               AUTO_GPU_FLOPS;
}

/* ---- who is at work with it ---- */

/* False: it is closing. Else in_flight_end follows. */
static bool in_flight_begin(struct in_flight *in_flight) {
    pthread_mutex_lock(&in_flight->mutex);
    bool begun = !in_flight->closing;
    in_flight->n += begun;
    pthread_mutex_unlock(&in_flight->mutex);
    return begun;
}

static void in_flight_end(struct in_flight *in_flight) {
    pthread_mutex_lock(&in_flight->mutex);
    if (--in_flight->n == 0) {
        pthread_cond_broadcast(&in_flight->none);
    }
    pthread_mutex_unlock(&in_flight->mutex);
}

/* In a child nobody may be left to unlock the mutex: the context says whether it is one. */
odec_status solver_enter(struct odec_solver *solver, const char *call) {
    if (solver == NULL) {
        return ODEC_ERROR_ARGUMENT;
    }
    if (context_is_foreign(solver->context)) {
        return context_enter(solver->context, call);
    }
    if (!in_flight_begin(&solver->in_flight)) {
        return ODEC_CANCELLED;
    }
    const odec_status status = context_enter(solver->context, call);
    if (status != ODEC_OK) {
        in_flight_end(&solver->in_flight);
    }
    return status;
}

/* Who destroys the solver meanwhile goes on after the second line, with a context in which
 * nobody is at work. */
odec_status solver_leave(struct odec_solver *solver, odec_status status) {
    const odec_status left = context_leave(solver->context, status);
    in_flight_end(&solver->in_flight);
    return left;
}

bool solver_is_closing(struct odec_solver *solver) {
    struct in_flight *in_flight = &solver->in_flight;
    pthread_mutex_lock(&in_flight->mutex);
    bool closing = in_flight->closing;
    pthread_mutex_unlock(&in_flight->mutex);
    return closing;
}

/* Stops new work and waits for what is in flight. */
static void in_flight_close(struct in_flight *in_flight) {
    pthread_mutex_lock(&in_flight->mutex);
    in_flight->closing = true;
    while (in_flight->n > 0) {
        pthread_cond_wait(&in_flight->none, &in_flight->mutex);
    }
    pthread_mutex_unlock(&in_flight->mutex);
}

/* ---- create, destroy ---- */

/* After what is in flight. */
static void solver_free(struct odec_solver *solver) {
    if (solver) {
        struct heap *heap = solver->context->heap;
        for (int32_t i = 0; i < solver->n_devices; i++) {
            solver->devices[i].backend->close(solver->devices[i].device);
        }
        writer_destroy(solver->writer);
        heap_give((char *)solver->options.compiler);
        heap_give((char *)solver->options.cache_dir);
        heap_give((double *)solver->options.capacities);
        program_release(&solver->program);
        heap_give(solver->seen);
        pthread_cond_destroy(&solver->in_flight.none);
        pthread_mutex_destroy(&solver->in_flight.mutex);
        heap_give(solver);
        heap_trim(heap);
    }
}

static odec_status solver_init(struct odec_solver *solver,
                               const struct odec_program *given_program,
                               const struct odec_solver_options *given) {
    struct odec_context *context = solver->context;
    const struct odec_program *program = &solver->program.known;
    struct odec_solver_options options;
    TRY(program_read(context, given_program, &solver->program));
    TRY(read_options(context, given, &options));
    TRY(context_rates(context, &solver->rates));
    solver->seen = heap_take(context->heap, 2 * (size_t)program->n_states + 1,
                             sizeof *solver->seen);
    if (solver->seen == NULL) {
        return context_out_of_memory(context);
    }
    const char *device = options.device ? options.device : "auto";
    if (strcmp(device, "auto") == 0 && !is_worth_gpu(program, options.n_runs)) {
        device = "cpu";
    }
    struct device_list list;
    TRY(backend_choose(context, device, program, &list));
    FAIL_IF(options.distribution == ODEC_CAPACITY && options.n_capacities != list.n,
            context, ODEC_ERROR_ARGUMENT, "%d capacities for %d devices",
            options.n_capacities, list.n);
    TRY(keep_options(solver, &options));
    return list.is_lenient ? open_some(solver, &list) : open_all(solver, &list);
}

/* *out: to be freed after a failure too. */
static odec_status solver_new(struct odec_context *context,
                              const struct odec_program *program,
                              const struct odec_solver_options *options,
                              struct odec_solver **out) {
    struct odec_solver *solver = heap_take(context->heap, 1, sizeof *solver);
    *out = solver;
    if (solver == NULL) {
        return context_out_of_memory(context);
    }
    pthread_mutex_init(&solver->in_flight.mutex, NULL);
    pthread_cond_init(&solver->in_flight.none, NULL);
    solver->context = context;
    return solver_init(solver, program, options);
}

odec_status odec_solver_create(odec_context *context, const odec_program *program,
                               const odec_solver_options *options, odec_solver **out) {
    if (out == NULL) {
        return context_fail(context, ODEC_ERROR_ARGUMENT,
                            "no place for a solver is given");
    }
    *out = NULL;
    TRY(context_enter(context, "odec_solver_create"));
    struct odec_solver *solver = NULL;
    odec_status status = solver_new(context, program, options, &solver);
    if (status == ODEC_OK) {
        status = context_check_use(context);
    }
    if (status == ODEC_OK) {
        *out = solver;
        context_hold(context);
    } else {
        solver_free(solver);
    }
    return context_leave(context, status);
}

void odec_solver_destroy(odec_solver *solver) {
    static const char call[] = "odec_solver_destroy";
    if (solver == NULL || !context_may_destroy(solver->context, call)) {
        return;
    }
    struct odec_context *context = solver->context;
    in_flight_close(&solver->in_flight);
    const bool entered = context_enter(context, call) == ODEC_OK;
    solver_free(solver);
    if (entered) {
        context_leave(context, ODEC_OK);
    }
    context_let_go(context);
}

/* ---- what it knows of its last batch and its devices ---- */

bool odec_solver_below_atol(const odec_solver *solver, int32_t state) {
    const int32_t n = solver ? solver->program.known.n_states : 0;
    return state >= 0 && state < n && solver->seen[state] && !solver->seen[n + state];
}

bool odec_solver_cache_hit(const odec_solver *solver) {
    bool hit = solver != NULL;
    for (int32_t i = 0; i < odec_solver_n_devices(solver); i++) {
        const struct solver_device *on = &solver->devices[i];
        hit &= on->device == NULL || on->facts.cache_hit;
    }
    return hit;
}

int32_t odec_solver_n_devices(const odec_solver *solver) {
    return solver ? solver->n_devices : 0;
}

odec_status odec_solver_device_info(const odec_solver *solver, int32_t i,
                                    odec_device_info *out) {
    odec_device_info info = {.size = sizeof info,
                             .name = "",
                             .description = "",
                             .compiler = "",
                             .failure = ""};
    const bool known = i >= 0 && i < odec_solver_n_devices(solver);
    if (known) {
        const struct solver_device *on = &solver->devices[i];
        info = (odec_device_info){
            .size = sizeof info,
            .name = on->facts.name,
            .description = on->facts.description,
            .compiler = on->facts.compiler ? on->facts.compiler : "",
            .lanes = on->facts.lanes,
            .n_threads = on->facts.n_threads,
            .cache_hit = on->facts.cache_hit,
            .failure = on->failure,
            .n_runs = on->n_runs,
            .busy_seconds = on->seconds.busy,
            .kernel_seconds = on->seconds.kernel,
        };
    }
    return sized_write(out, &info) == SIZED_OK && known ? ODEC_OK : ODEC_ERROR_ARGUMENT;
}
