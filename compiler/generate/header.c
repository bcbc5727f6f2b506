/* header.c -- NAME.h: indices, the struct of parameters, sizes, and the program's name. It is C11
 * and C++17, and includes odec.h alone.
 *
 * All names that it gives to a program begin with NAME_; a user's names stand behind that, so that
 * one called NULL or class is a name like others. Members of the struct have none before them, and
 * an underscore behind where C or C++ have the name (reserved.def).
 */
#include <math.h>
#include <string.h>

#include "writing.h"

/* ---- indices ---- */

/* The kinds of names that a model has: those to come, as events, are rows more. */
static void write_indices(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    const struct {
        const char *kind, *comment;
        const odec_quantity *quantities;
        int32_t n;
    } kinds[] = {
        {"par", "Parameters: indices into odec_batch.pars.", p->pars, p->n_pars},
        {"state", "States: indices into odec_batch.states and .atol.", p->states,
         p->n_states},
        {"output", "Outputs: columns of the results, in their order.", p->columns,
         p->n_columns},
    };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (kinds[k].n > 0) {
            text_add(out, "/* %s */\nenum %s_%s {\n", kinds[k].comment, w->name,
                     kinds[k].kind);
            for (int32_t i = 0; i < kinds[k].n; i++) {
                const odec_quantity *q = &kinds[k].quantities[i];
                text_add(out, "    %s_%s_%s = %d", w->name, kinds[k].kind, q->name, i);
                text_add_bytes(out, ",", i + 1 < kinds[k].n);
                if (q->unit[0] || q->text[0]) {
                    text_add(out, " /*");
                    write_about(out, q);
                    text_add(out, " */");
                }
                text_add(out, "\n");
            }
            text_add(out, "};\n");
        }
    }
    text_add(out, "enum {\n");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        text_add(out, "    %s_n_%ss = %d%s\n", w->name, kinds[k].kind, kinds[k].n,
                 k + 1 < sizeof kinds / sizeof *kinds ? "," : "");
    }
    text_add(out, "};\n\n");
}

/* ---- parameters ---- */

static void write_pars(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    const char *name = w->name;
    text_add(
        out,
        "/* One run's parameters. NAN: the model's own default, which it computes from\n"
        " * others%s. */\n"
        "typedef struct %s_pars {\n",
        p->n_pars ? "" : " (this model has none)", name);
    for (int32_t i = 0; i < p->n_pars; i++) {
        const odec_quantity *q = &p->pars[i];
        text_add(out, "    double %s;", w->members[i]);
        const bool bounded = q->lo > -(double)INFINITY || q->hi < (double)INFINITY;
        if (q->unit[0] || q->text[0] || bounded) {
            text_add(out, " /*");
            write_about(out, q);
            if (bounded) {
                text_add(out, "%s %s .. %s", q->unit[0] || q->text[0] ? "," : "",
                         number_text(w->arena, q->lo), number_text(w->arena, q->hi));
            }
            text_add(out, " */");
        }
        text_add(out, "\n");
    }
    text_add(out, "%s} %s_pars;\n\n#define %s_PARS_INIT \\\n    { ",
             p->n_pars ? "" : "    double none;\n", name, name);
    for (int32_t i = 0; i < p->n_pars; i++) {
        const char *value = isnan(p->pars[i].value)
                                ? "ODEC_NAN"
                                : written_number(w->arena, p->pars[i].value);
        text_add(out, "%s%s%s",
                 i == 0       ? ""
                 : i % 8 == 0 ? ", \\\n      "
                              : ", ",
                 value, i + 1 < p->n_pars ? "" : " }\n\n");
    }
    text_add(out, "%s", p->n_pars ? "" : "ODEC_NAN }\n\n");
    text_add(
        out,
        "/* Sources of a batch, to[%s_n_pars]: the same parameters for all of its runs. */\n"
        "void %s_uniform(const %s_pars *pars, odec_source *to);\n"
        "/* Parameters by run: of run i those of runs[i], which stay where they are until the\n"
        " * batch is solved. What is NAN in the first is the model's own in all. */\n"
        "void %s_columns(const %s_pars *runs, odec_source *to);\n\n",
        name, name, name, name, name);
}

/* ---- sizes ---- */

static void write_sizes(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    static const struct {
        odec_array_kind kind;
        const char *name, *comment;
    } kinds[] = {
        {ODEC_PER_RUN, "RUN", "of each run on its way"},
        {ODEC_SHARED, "BATCH", "of each batch"},
        {ODEC_PER_LANE, "LANE", "of each run that is computed at once"},
        {ODEC_PER_COMPUTED_RUN, "COMPUTED_RUN",
         "of each run of a chunk being computed"},
    };
    text_add(out,
             "/* Bytes of memory on a CPU; a save time is one that is asked for. */\n");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t bytes = 0, by_save = 0;
        for (int32_t i = 0; i < p->n_arrays; i++) {
            const odec_array *a = &p->arrays[i];
            if (a->kind == kinds[k].kind && a->targets >> ODEC_TARGET_CPU & 1) {
                bytes += a->bytes;
                by_save += a->bytes_per_save;
            }
        }
        if (bytes || by_save) {
            text_add(
                out,
                "#define %s_BYTES_PER_%s INT64_C(%lld) /* %s, */\n"
                "#define %s_BYTES_PER_%s_AND_SAVE INT64_C(%lld) /* and for each save "
                "time more */\n",
                w->name, kinds[k].name, (long long)bytes, kinds[k].comment, w->name,
                kinds[k].name, (long long)by_save);
        }
    }
    text_add(out, "\n");
}

void write_header(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    const char *name = w->name;
    text_add(out, "/* %s.h -- a solver of the model %s", name, p->model);
    if (p->text[0]) {
        text_add(out, ": ");
        text_add_comment(out, p->text, strlen(p->text));
    }
    text_add(
        out,
        "\n *\n"
        " * Made by odec %s: %s, %s steps, in %s%s. %s.c says how it is compiled; it links\n"
        " * to odec's runtime alone. How it is used:\n"
        " *\n"
        " *   %s_pars pars = %s_PARS_INIT;\n"
        " *   odec_source sources[%s_n_pars%s];\n"
        " *   odec_batch batch = ODEC_BATCH_INIT;\n"
        " *   %s_uniform(&pars, sources);\n"
        " *   batch.n_runs = 1;\n"
        " *   batch.pars = sources;\n"
        " *   odec_solver_create(context, &%s_program, NULL, &solver);\n"
        " *   odec_solve(solver, &batch, &sink, &result); ... see odec.h\n"
        " *\n"
        " * In C++ auto batch = odec::init<odec_batch>(), of odec.hpp.%s%s%s\n"
        " */\n"
        "#ifndef ODEC_MODEL_%s_H\n"
        "#define ODEC_MODEL_%s_H\n\n"
        "#include <odec.h>\n\n"
        "#ifdef __cplusplus\n"
        "extern \"C\" {\n"
        "#endif\n\n"
        "/* What the linker sees: another model of this name in a library that the program\n"
        " * links has another mark, and is not taken for this one. */\n"
        "#define %s_program %s_program_%016llx\n"
        "#define %s_uniform %s_uniform_%016llx\n"
        "#define %s_columns %s_columns_%016llx\n\n",
        ODEC_VERSION, p->method, p->adaptive ? "adaptive" : "fixed",
        p->precision == ODEC_FLOAT ? "float" : "double",
        p->saves ? "" : ", for final states alone", name, name, name, name,
        p->n_pars ? "" : " + 1", name, name,
        p->save ? " A batch without save times has\n"
                  " * those of "
                : "",
        p->save ? name : "", p->save ? "_program.save, the model's own." : "", name,
        name, name, name, w->mark, name, name, w->mark, name, name, w->mark);
    write_indices(w, out);
    write_pars(w, out);
    write_sizes(w, out);
    text_add(
        out,
        "typedef %s %s_real; /* of the results */\n\n"
        "/* The program: all of it constant, so that it needs no call and no order of\n"
        " * initialisation. */\n"
        "extern const odec_program %s_program;\n\n"
        "#ifdef __cplusplus\n"
        "}\n"
        "#endif\n"
        "#endif\n",
        p->precision == ODEC_FLOAT ? "float" : "double", name, name);
}
