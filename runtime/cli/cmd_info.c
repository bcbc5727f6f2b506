/* cmd_info.c -- odec info: what a model is made of and what it costs, for a person, as
 * JSON (info.schema.json), and as a picture (plot.c); and what memory a batch of it takes on
 * the devices that are named. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "model_file.h"
#include "plot.h"
#include "progress.h"
#include "request.h"
#include "runs.h"
#include "say.h"
#include "strbuf.h"

/* ---- for a person ---- */

static void print_quantities(const char *title, const odec_quantity *list, int32_t n,
                             bool valued) {
    char value[SAY_SIZE], bounds[SAY_BOUNDS];
    printf("%s (%d)\n", title, n);
    for (int32_t i = 0; i < n; i++) {
        const odec_quantity *q = &list[i];
        printf("  %s", q->name);
        if (valued) {
            printf(" = %s", isnan(q->value) ? "computed" : say_real(value, q->value));
        }
        if (q->unit[0]) {
            printf(" [%s]", q->unit);
        }
        if (valued && (isfinite(q->lo) || isfinite(q->hi))) {
            printf(" in %s", say_bounds(bounds, q->lo, q->hi));
        }
        printf("%s%s\n", q->text[0] ? "  " : "", q->text);
    }
}

static const struct {
    const char *words, *word; /* for people, for JSON */
} array_kinds[] = {
    [ODEC_PER_RUN] = {"a run", "per_run"},
    [ODEC_SHARED] = {"in all", "shared"},
    [ODEC_PER_LANE] = {"a lane", "per_lane"},
    [ODEC_PER_COMPUTED_RUN] = {"a run being computed", "per_computed_run"},
};

static void print_arrays(const odec_program *program) {
    printf("arrays\n");
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const odec_array *a = &program->arrays[i];
        printf("  %s: %lld B", a->name, (long long)a->bytes);
        if (a->bytes_per_save) {
            printf(" + %lld B a save time", (long long)a->bytes_per_save);
        }
        printf(", %s\n", array_kinds[a->kind].words);
    }
}

/* "34 %", "0.3 %": n of all entries of a square matrix. */
static char *say_share(char buffer[SAY_SIZE], int32_t n, int32_t n_rows) {
    double percent = 100.0 * n / ((double)n_rows * n_rows);
    snprintf(buffer, SAY_SIZE, percent < 1 ? "%.1g %%" : "%.0f %%", percent);
    return buffer;
}

static void print_sparsity(const odec_program *program) {
    const odec_sparsity *s = program->sparsity;
    int32_t n = program->n_states;
    char a[SAY_SIZE], b[SAY_SIZE];
    printf(
        "sparsity\n  %d state%s, %d entr%s in the Jacobian (%s), %d in its factors L + "
        "U (%s), %d of them fill\n",
        n, say_s(n), s->n_jacobian, s->n_jacobian == 1 ? "y" : "ies",
        say_share(a, s->n_jacobian, n), s->n_factors, say_share(b, s->n_factors, n),
        plot_count_fill(s));
}

static void print_cost(const odec_program *program) {
    const odec_sparsity *s = program->sparsity;
    printf("cost\n  flops: right-hand side %d", program->flops_rhs);
    if (s) {
        printf(", with Jacobian %d, factorisation %lld, one solve %lld",
               s->flops_linear, (long long)s->flops_factor, (long long)s->flops_solve);
    }
    printf("\n  %d live value%s, %d computed once a run\n", program->live_values,
           say_s(program->live_values), program->n_hoisted);
}

/* A batch on the devices named; no solver: there are none. */
struct planned {
    odec_context *context;
    struct progress progress; /* of its compiling */
    odec_solver *solver;
    struct runs runs;
    odec_batch batch;
};

static void planned_release(struct planned *planned) {
    odec_solver_destroy(planned->solver);
    runs_release(&planned->runs);
    odec_context_destroy(planned->context);
}

static int device_plan(const struct planned *planned, int32_t i, const char **name,
                       odec_sizing *out) {
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    odec_solver_device_info(planned->solver, i, &info);
    *name = info.name;
    *out = (odec_sizing)ODEC_SIZING_INIT;
    odec_status status =
        odec_solver_sizing(planned->solver, &planned->batch, false, i, out);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(planned->context, status);
}

static int print_plans(const struct planned *planned) {
    char a[SAY_SIZE], b[SAY_SIZE], c[SAY_SIZE], d[SAY_SIZE];
    for (int32_t i = 0; i < odec_solver_n_devices(planned->solver); i++) {
        odec_sizing s;
        const char *name;
        CLI_TRY(device_plan(planned, i, &name, &s));
        printf("%s\n  %s run%s of %lld save%s: %s of results, in %s chunk%s of at most "
               "%s\n",
               name, say_count(a, s.n_runs), say_s(s.n_runs), (long long)s.n_saves,
               say_s(s.n_saves), say_bytes(b, s.value_bytes + s.record_bytes),
               say_count(c, s.n_chunks), say_s(s.n_chunks), say_count(d, s.chunk_runs));
        printf("  %s at once: %s in all, %s a run in each of %lld buffer%s",
               say_bytes(a, s.total_bytes), say_bytes(b, s.fixed_bytes),
               say_bytes(c, s.run_bytes), (long long)s.n_buffers, say_s(s.n_buffers));
        if (s.computed_bytes > 0) {
            printf(", %s a run being computed", say_bytes(d, s.computed_bytes));
        }
        printf("\n");
    }
    return EXIT_DONE;
}

static void print_info(const odec_program *program) {
    char a[SAY_SIZE], b[SAY_SIZE];
    printf("%s%s%s\n", program->model, program->text[0] ? ": " : "", program->text);
    printf("  %s, order %d, %s steps, %s\n", program->method, program->order,
           program->adaptive ? "adaptive" : "fixed",
           program->precision == ODEC_FLOAT ? "float" : "double");
    if (program->method_reason) {
        printf("  (%s was chosen: %s)\n", program->method, program->method_reason);
    }
    if (!isnan(program->t0)) {
        printf("  t = %s .. %s\n", say_real(a, program->t0), say_real(b, program->t1));
    }
    printf("\n");
    print_quantities("states", program->states, program->n_states, true);
    print_quantities("parameters", program->pars, program->n_pars, true);
    print_quantities("columns", program->columns, program->n_columns, false);
    print_arrays(program);
    if (program->sparsity) {
        print_sparsity(program);
    }
    print_cost(program);
}

/* ---- as JSON ---- */

static void add_quantities(struct strbuf *out, const char *key,
                           const odec_quantity *list, int32_t n, bool valued) {
    strbuf_add(out, "  \"%s\": [", key);
    for (int32_t i = 0; i < n; i++) {
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, list[i].name);
        strbuf_add(out, ", \"unit\": ");
        strbuf_add_json_string(out, list[i].unit);
        strbuf_add(out, ", \"text\": ");
        strbuf_add_json_string(out, list[i].text);
        if (valued) {
            strbuf_add(out, ", \"value\": ");
            strbuf_add_json_real(out, list[i].value);
            strbuf_add(out, ", \"lo\": ");
            strbuf_add_json_real(out, list[i].lo);
            strbuf_add(out, ", \"hi\": ");
            strbuf_add_json_real(out, list[i].hi);
        }
        strbuf_add(out, "}");
    }
    strbuf_add(out, "],\n");
}

static void add_arrays(struct strbuf *out, const odec_program *program) {
    strbuf_add(out, "  \"arrays\": [");
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const odec_array *a = &program->arrays[i];
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, a->name);
        strbuf_add(out,
                   ", \"kind\": \"%s\", \"bytes\": %lld, \"bytes_per_save\": %lld}",
                   array_kinds[a->kind].word, (long long)a->bytes,
                   (long long)a->bytes_per_save);
    }
    strbuf_add(out, "],\n");
}

static void add_sparsity(struct strbuf *out, const odec_program *program) {
    const odec_sparsity *s = program->sparsity;
    if (s == NULL) {
        strbuf_add(out, "  \"sparsity\": null,\n");
        return;
    }
    strbuf_add(out,
               "  \"sparsity\": {\"jacobian\": %d, \"factors\": %d, \"fill\": %d,\n"
               "    \"order\": [",
               s->n_jacobian, s->n_factors, plot_count_fill(s));
    for (int32_t i = 0; i < program->n_states; i++) {
        strbuf_add(out, i ? ", " : "");
        strbuf_add_json_string(out, program->states[s->order[i]].name);
    }
    strbuf_add(out,
               "],\n    \"flops_linear\": %d, \"flops_factor\": %lld, "
               "\"flops_solve\": %lld},\n",
               s->flops_linear, (long long)s->flops_factor, (long long)s->flops_solve);
}

static void add_plan(struct strbuf *out, const char *name, const odec_sizing *s) {
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {{"runs", s->n_runs},
                {"saves", s->n_saves},
                {"value_bytes", s->value_bytes},
                {"record_bytes", s->record_bytes},
                {"chunk_runs", s->chunk_runs},
                {"chunks", s->n_chunks},
                {"buffers", s->n_buffers},
                {"run_bytes", s->run_bytes},
                {"computed_bytes", s->computed_bytes},
                {"fixed_bytes", s->fixed_bytes},
                {"total_bytes", s->total_bytes},
                {"budget_bytes", s->budget_bytes}};
    strbuf_add(out, "    {\"device\": ");
    strbuf_add_json_string(out, name);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        strbuf_add(out, ", \"%s\": %lld", rows[i].key, (long long)rows[i].value);
    }
    strbuf_add(out, ", \"arrays\": [");
    for (int64_t i = 0; i < s->n_arrays; i++) {
        strbuf_add(out, "%s\n      {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, s->array_name[i]);
        strbuf_add(out, ", \"kind\": \"%s\", \"bytes\": %lld}",
                   array_kinds[s->array_kind[i]].word, (long long)s->array_bytes[i]);
    }
    strbuf_add(out, "]}");
}

static int add_plans(struct strbuf *out, const struct planned *planned) {
    strbuf_add(out, "  \"plans\": [");
    const int32_t n = planned->solver ? odec_solver_n_devices(planned->solver) : 0;
    for (int32_t i = 0; i < n; i++) {
        odec_sizing sizing;
        const char *name;
        CLI_TRY(device_plan(planned, i, &name, &sizing));
        strbuf_add(out, i ? ",\n" : "\n");
        add_plan(out, name, &sizing);
    }
    strbuf_add(out, "],\n");
    return EXIT_DONE;
}

static int print_json(const odec_program *program, const struct planned *planned) {
    struct strbuf out = {0};
    strbuf_add(&out, "{\n  \"model\": ");
    strbuf_add_json_string(&out, program->model);
    strbuf_add(&out, ",\n  \"text\": ");
    strbuf_add_json_string(&out, program->text);
    strbuf_add(&out,
               ",\n  \"method\": \"%s\",\n  \"method_reason\": ", program->method);
    if (program->method_reason) {
        strbuf_add_json_string(&out, program->method_reason);
    } else {
        strbuf_add(&out, "null");
    }
    strbuf_add(&out, ",\n  \"order\": %d,\n  \"adaptive\": %s,\n", program->order,
               program->adaptive ? "true" : "false");
    strbuf_add(&out, "  \"precision\": \"%s\",\n",
               program->precision == ODEC_FLOAT ? "float" : "double");
    strbuf_add(&out, "  \"uses_time\": %s,\n", program->uses_time ? "true" : "false");
    strbuf_add(&out, "  \"t\": [");
    strbuf_add_json_real(&out, program->t0);
    strbuf_add(&out, ", ");
    strbuf_add_json_real(&out, program->t1);
    strbuf_add(&out, "],\n");
    add_quantities(&out, "states", program->states, program->n_states, true);
    add_quantities(&out, "parameters", program->pars, program->n_pars, true);
    add_quantities(&out, "columns", program->columns, program->n_columns, false);
    add_arrays(&out, program);
    add_sparsity(&out, program);
    int status = add_plans(&out, planned);
    strbuf_add(&out,
               "  \"flops_rhs\": %d,\n  \"live_values\": %d,\n  \"hoisted\": %d\n}\n",
               program->flops_rhs, program->live_values, program->n_hoisted);
    if (status == EXIT_DONE && out.failed) {
        status = cli_error(EXIT_UNFINISHED, "out of memory");
    }
    if (status == EXIT_DONE) {
        fputs(out.at, stdout);
    }
    strbuf_release(&out);
    return status;
}

/* Options that say where and how many mean nothing without a device. */
static int check_plan_options(const struct options *options) {
    const struct {
        const char *name;
        bool given;
    } rows[] = {{"--sweep", options->sweep.n > 0},
                {"--ignore", options->ignore.n > 0},
                {"--keep", options->keep.n > 0},
                {"--runs", options->runs},
                {"--threads", options->threads},
                {"--lanes", options->lanes},
                {"--cc", options->cc},
                {"--compile-timeout", options->compile_timeout},
                {"--memory", options->memory},
                {"--chunk", options->chunk}};
    for (size_t i = 0; !options->device && i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].given) {
            return cli_error(EXIT_WRONG, "info: %s needs --device", rows[i].name);
        }
    }
    return EXIT_DONE;
}

static int plan_batch(const struct options *options, struct request *request,
                      const struct model_file *model, struct planned *out) {
    const odec_program *program = model->program;
    if (odec_context_create(&out->context) != ODEC_OK) {
        return cli_error(EXIT_UNFINISHED, "out of memory");
    }
    CLI_TRY(runs_parse(out->context, options, model, &out->runs));
    out->batch = (odec_batch)ODEC_BATCH_INIT;
    out->batch.n_runs = out->runs.n_runs;
    out->batch.pars = out->runs.pars;
    out->batch.states = out->runs.states;
    out->batch.t0 = request->t0;
    out->batch.t1 = request->t1;
    out->batch.dt = request->dt;
    out->batch.save = options->save ? &request->save : program->save;
    progress_catch_signals();
    progress_start(&out->progress, false);
    request->solver.n_runs = out->batch.n_runs;
    request->solver.waiting = progress_compiling;
    request->solver.waiting_user = &out->progress;
    odec_status status =
        odec_solver_create(out->context, program, &request->solver, &out->solver);
    progress_end(&out->progress);
    return status == ODEC_OK ? EXIT_DONE : cli_failed(out->context, status);
}

int cmd_info(const struct options *options) {
    struct request request;
    struct model_file model = {0};
    struct planned planned = {0};
    const char *path;
    CLI_TRY(model_file_argument(options, &path));
    CLI_TRY(check_plan_options(options));
    int status = request_parse(options, &request);
    if (status == EXIT_DONE) {
        status = request_take_defaults(options, &request);
    }
    if (status == EXIT_DONE) {
        status = model_file_open(path, &request.spec, &model);
    }
    if (status == EXIT_DONE && options->device) {
        status = plan_batch(options, &request, &model, &planned);
    }
    if (status == EXIT_DONE && options->plot) {
        status = plot_write(model.program, options->plot);
    }
    if (status == EXIT_DONE && options->plot && strcmp(options->plot, "-") == 0) {
        /* the picture has standard output to itself */
    } else if (status == EXIT_DONE && options->dump) {
        fputs(odec_compilation_dump(model.compilation), stdout);
    } else if (status == EXIT_DONE && options->json) {
        status = print_json(model.program, &planned);
    } else if (status == EXIT_DONE) {
        print_info(model.program);
        status = planned.solver ? print_plans(&planned) : EXIT_DONE;
    }
    planned_release(&planned);
    model_file_close(&model);
    request_release(&request);
    int output = cli_finish_output();
    return status != EXIT_DONE ? status : output;
}
