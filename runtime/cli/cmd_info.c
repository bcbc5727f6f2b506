/* cmd_info.c -- odec info: what a model is made of and what it costs, for a person or
 * as JSON. */
#include <math.h>
#include <stdio.h>

#include "commands.h"
#include "model.h"
#include "request.h"
#include "say.h"
#include "strbuf.h"

/* ---- for a person ---- */

static void print_quantities(const char *title, const odec_quantity *list, int32_t n,
                             bool valued) {
    char value[SAY_SIZE], lo[SAY_SIZE], hi[SAY_SIZE];
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
        if (isfinite(q->lo) || isfinite(q->hi)) {
            printf(" in %s .. %s", say_real(lo, q->lo), say_real(hi, q->hi));
        }
        printf("%s%s\n", q->text[0] ? "  " : "", q->text);
    }
}

static void print_arrays(const odec_program *program) {
    static const char *const kinds[] = {"a run", "in all", "a lane"};
    printf("arrays\n");
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const odec_array *a = &program->arrays[i];
        printf("  %s: %lld B", a->name, (long long)a->bytes);
        if (a->bytes_per_save) {
            printf(" + %lld B a save time", (long long)a->bytes_per_save);
        }
        printf(", %s\n", kinds[a->kind]);
    }
}

static void print_info(const odec_program *program) {
    char a[SAY_SIZE], b[SAY_SIZE];
    printf("%s%s%s\n", program->model, program->text[0] ? ": " : "", program->text);
    printf("  %s, order %d, %s steps, %s\n", program->method, program->order,
           program->adaptive ? "adaptive" : "fixed",
           program->precision == ODEC_FLOAT ? "float" : "double");
    if (!isnan(program->t0)) {
        printf("  t = %s .. %s\n", say_real(a, program->t0), say_real(b, program->t1));
    }
    printf("\n");
    print_quantities("states", program->states, program->n_states, true);
    print_quantities("parameters", program->pars, program->n_pars, true);
    print_quantities("columns", program->columns, program->n_columns, false);
    print_arrays(program);
    printf(
        "cost\n  %d flops for the right-hand side, %d live values, %d values computed "
        "once a run\n",
        program->flops_rhs, program->live_values, program->n_hoisted);
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
    static const char *const kinds[] = {"per_run", "shared", "per_lane"};
    strbuf_add(out, "  \"arrays\": [");
    for (int32_t i = 0; i < program->n_arrays; i++) {
        const odec_array *a = &program->arrays[i];
        strbuf_add(out, "%s\n    {\"name\": ", i ? "," : "");
        strbuf_add_json_string(out, a->name);
        strbuf_add(out,
                   ", \"kind\": \"%s\", \"bytes\": %lld, \"bytes_per_save\": %lld}",
                   kinds[a->kind], (long long)a->bytes, (long long)a->bytes_per_save);
    }
    strbuf_add(out, "],\n");
}

static int print_json(const odec_program *program) {
    struct strbuf out = {0};
    strbuf_add(&out, "{\n  \"model\": ");
    strbuf_add_json_string(&out, program->model);
    strbuf_add(&out, ",\n  \"text\": ");
    strbuf_add_json_string(&out, program->text);
    strbuf_add(&out,
               ",\n  \"method\": \"%s\",\n  \"order\": %d,\n  \"adaptive\": %s,\n",
               program->method, program->order, program->adaptive ? "true" : "false");
    strbuf_add(&out, "  \"precision\": \"%s\",\n",
               program->precision == ODEC_FLOAT ? "float" : "double");
    strbuf_add(&out, "  \"t\": [");
    strbuf_add_json_real(&out, program->t0);
    strbuf_add(&out, ", ");
    strbuf_add_json_real(&out, program->t1);
    strbuf_add(&out, "],\n");
    add_quantities(&out, "states", program->states, program->n_states, true);
    add_quantities(&out, "parameters", program->pars, program->n_pars, true);
    add_quantities(&out, "columns", program->columns, program->n_columns, false);
    add_arrays(&out, program);
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
    struct model model = {0};
    const char *path;
    CLI_TRY(model_argument(options, &path));
    int status = request_parse(options, &request);
    if (status == EXIT_DONE) {
        status = model_open(path, &request.spec, &model);
    }
    if (status == EXIT_DONE && options->dump) {
        fputs(odec_compilation_dump(model.compilation), stdout);
    } else if (status == EXIT_DONE && options->json) {
        status = print_json(model.program);
    } else if (status == EXIT_DONE) {
        print_info(model.program);
    }
    model_close(&model);
    request_release(&request);
    int output = cli_finish_output();
    return status != EXIT_DONE ? status : output;
}
