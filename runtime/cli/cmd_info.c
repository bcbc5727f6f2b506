/* cmd_info.c -- odec info: what a model is made of and what it costs, for a person, as
 * JSON, and as a picture (plot.c). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "model_file.h"
#include "plot.h"
#include "request.h"
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

static int print_json(const odec_program *program) {
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
    strbuf_add(&out,
               "  \"flops_rhs\": %d,\n  \"live_values\": %d,\n  \"hoisted\": %d\n}\n",
               program->flops_rhs, program->live_values, program->n_hoisted);
    int status = out.failed ? cli_error(EXIT_UNFINISHED, "out of memory") : EXIT_DONE;
    if (status == EXIT_DONE) {
        fputs(out.at, stdout);
    }
    strbuf_release(&out);
    return status;
}

int cmd_info(const struct options *options) {
    struct request request;
    struct model_file model = {0};
    const char *path;
    CLI_TRY(model_file_argument(options, &path));
    int status = request_parse(options, &request);
    if (status == EXIT_DONE) {
        status = model_file_open(path, &request.spec, &model);
    }
    if (status == EXIT_DONE && options->plot) {
        status = plot_write(model.program, options->plot);
    }
    if (status == EXIT_DONE && options->plot && strcmp(options->plot, "-") == 0) {
        /* the picture has standard output to itself */
    } else if (status == EXIT_DONE && options->dump) {
        fputs(odec_compilation_dump(model.compilation), stdout);
    } else if (status == EXIT_DONE && options->json) {
        status = print_json(model.program);
    } else if (status == EXIT_DONE) {
        print_info(model.program);
    }
    model_file_close(&model);
    request_release(&request);
    int output = cli_finish_output();
    return status != EXIT_DONE ? status : output;
}
