/* source.c -- NAME.c: the kernel's text, compiled with ODEC_LEVEL_... for one level, and the
 * program, compiled without.
 *
 *   | head: how to compile it
 *   | #if a level is named: which one, what its flags must give | the kernel | the check
 *   | #else: the program as constants, and its table of kernels
 */
#include <math.h>
#include <string.h>

#include "writing.h"

static const struct level {
    const char *id, *word, *name, *isa;
    int lanes;
    const char *machine, *is, *has, *beyond, *flags, *undo;
} levels[] = {
#define LEVEL(id, word, name, isa, lanes, machine, is, has, beyond, flags, undo) \
    {#id, #word, name, #isa, lanes, machine, is, has, beyond, flags, undo},
#include "levels.def"
};
enum { N_LEVELS = sizeof levels / sizeof *levels };

static int reals_of(const struct writing *w, const struct level *level) {
    return level->lanes > 1 && w->program->precision == ODEC_FLOAT ? 2 * level->lanes
                                                                   : level->lanes;
}

/* ---- head ---- */

static void write_head(const struct writing *w, struct text *out) {
    const char *name = w->name, *machine = "";
    text_add(
        out,
        "/* %s.c -- a solver made by odec %s. See %s.h.\n"
        " *\n"
        " * It is compiled once for each level of CPU that it shall serve, with the level's\n"
        " * flags, and once as the program, which takes the best one for the CPU it is on:\n"
        " *\n"
        " *   FLAGS=\"%s\"\n",
        name, ODEC_VERSION, name, ODEC_LEVEL_FLAGS);
    for (int i = 0; i < N_LEVELS; i++) {
        const struct level *l = &levels[i];
        if (strcmp(machine, l->machine) != 0) {
            machine = l->machine;
            text_add(out, " * %s%s:\n",
                     strcmp(machine, "*") == 0 ? "others, and x86_64 too" : "for ",
                     strcmp(machine, "*") == 0 ? "" : machine);
        }
        text_add(out, " *   cc $FLAGS %s%s-DODEC_LEVEL_%s -c %s.c -o %s_%s.o\n",
                 l->flags, l->flags[0] ? " " : "", l->id, name, name, l->word);
    }
    text_add(
        out,
        " * and the program:\n"
        " *   cc $FLAGS $(pkg-config --cflags odec-runtime) -c %s.c -o %s.o\n"
        " *   cc main.o %s*.o $(pkg-config --libs odec-runtime)\n"
        " *\n"
        " * A level that is not wanted is left out of the program by -DODEC_WITHOUT_ and its\n"
        " * name above, GPUs by -DODEC_WITHOUT_CUDA. Without -ffp-contract=off results would\n"
        " * have other bits: such a kernel is found out when a solver is made, and refused. One\n"
        " * without fused multiply-add in hardware (x86-64-v2, portable) is right, and 30 times\n"
        " * slower. The environment variable ODEC_ISA (x86-64-v3, x86-64-v2, portable) has a\n"
        " * program take none above that level. What the linker sees of both files ends with a\n"
        " * mark of their text: an object from before the model changed is not linked, and\n"
        " * another model of this name elsewhere in a program is another program.\n"
        " */\n\n",
        name, name, name);
}

/* ---- the kernel ---- */

static void write_level_choice(const struct writing *w, struct text *out) {
    const unsigned long long mark = w->mark;
    text_add(out, "#ifdef __cplusplus\n"
                  "#error \"this file is C: compile it as C11\"\n"
                  "#endif\n\n");
    for (int i = 0; i < N_LEVELS; i++) {
        text_add(
            out,
            "%s defined(ODEC_LEVEL_%s)\n"
            "#define ODEC_KERNEL %s_kernel_%s_%016llx\n"
            "#define ODEC_CHECK %s_check_%s_%016llx\n"
            "#define LANES %d\n"
            "#if !(%s)\n"
            "#error \"this level is compiled with %s\"\n"
            "#elif %s\n"
            "#error \"the flags allow what CPUs of %s do not have: end them with %s%s%s\"\n"
            "#endif\n",
            i == 0 ? "#if" : "#elif", levels[i].id, w->name, levels[i].word, mark,
            w->name, levels[i].word, mark, reals_of(w, &levels[i]), levels[i].has,
            levels[i].flags[0] ? levels[i].flags : "no flags of its own",
            levels[i].beyond, levels[i].name, levels[i].undo,
            levels[i].undo[0] && levels[i].flags[0] ? " " : "", levels[i].flags);
    }
    text_add(out, "#endif\n\n");
}

/* What applications' flags may ask their compiler to say, and is meant here. */
static const char *const kernel_warnings[] = {"unused-function", "undef",
                                              "conversion",      "sign-conversion",
                                              "float-equal",     "double-promotion"};
static const char *const data_warnings[] = {"overlength-strings", "double-promotion"};

static void write_ignored(struct text *out, const char *const *warnings, size_t n) {
    text_add(out, "#ifdef __GNUC__\n");
    for (size_t i = 0; i < n; i++) {
        text_add(out, "#pragma GCC diagnostic ignored \"-W%s\"\n", warnings[i]);
    }
    text_add(out, "#endif\n\n");
}

/* Not every compiler has a macro for each liberty that it takes. */
static const char check_text[] =
    "\n/* Does arithmetic stand as it is written? 2: sums are put in another order, quotients\n"
    " * are products, or -0 and NaN are not believed in. 1: multiplications and additions are\n"
    " * joined (a*b is just below 1, and rounds to it). */\n"
    "int ODEC_CHECK(void);\n"
    "int ODEC_CHECK(void) {\n"
    "    volatile double a = 1 + DBL_EPSILON, b = 1 - DBL_EPSILON, c = -1;\n"
    "    volatile float d = 1 + FLT_EPSILON, e = 1 - FLT_EPSILON, f = -1;\n"
    "    const double x = a * b + c;\n"
    "    const float y = d * e + f;\n"
    "    volatile double tiny = DBL_EPSILON / 16, n = 49, zero = -0.0, nan = __builtin_nan(\"\");\n"
    "    const double below = c, divisor = n, none = nan, left = below + tiny - below;\n"
    "    const double p = n / divisor, q = n / divisor, r = n / divisor;\n"
    "    if (left != 0 || p != 1 || q != 1 || r != 1 || __builtin_signbit(zero + 0.0) ||\n"
    "        none == none) {\n"
    "        return 2;\n"
    "    }\n"
    "    return x != 0 || y != 0;\n"
    "}\n\n";

static void write_kernel(const struct writing *w, struct text *out) {
    const char *text = w->program->kernels[ODEC_TARGET_CPU].text;
    text_add(
        out,
        "#ifdef ODEC_KERNEL\n"
        "/* ======== the kernel, for one level ======== */\n\n"
        "#include <float.h>\n\n"
        "_Static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16,\n"
        "               \"float and double are computed as such (-msse2 "
        "-mfpmath=sse)\");\n"
        "_Static_assert(sizeof 1.0 == sizeof(double),\n"
        "               \"literals are double (-fno-single-precision-constant)\");\n"
        "#if defined(__GNUC__) && !defined(__clang__)\n"
        "#pragma GCC optimize(\"schedule-insns\") /* weaves groups of lanes */\n"
        "#endif\n");
    write_ignored(out, kernel_warnings,
                  sizeof kernel_warnings / sizeof *kernel_warnings);
    text_add_bytes(out, text, strlen(text));
    text_add(out, "%s", check_text);
}

/* ---- the program ---- */

static void write_quantities(const struct writing *w, struct text *out,
                             const char *name, const odec_quantity *q, int32_t n) {
    if (n == 0) {
        return;
    }
    text_add(out, "static const odec_quantity %s[] = {\n", name);
    for (int32_t i = 0; i < n; i++) {
        text_add(out, "    {");
        const char *texts[] = {q[i].name, q[i].unit, q[i].text};
        for (int k = 0; k < 3; k++) {
            write_string(out, texts[k]);
            text_add(out, ", ");
        }
        text_add(out, "%s, %s, %s},\n", written_number(w->arena, q[i].value),
                 written_number(w->arena, q[i].lo), written_number(w->arena, q[i].hi));
    }
    text_add(out, "};\n");
}

static void write_arrays(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    static const char *const kinds[] = {"ODEC_PER_RUN", "ODEC_SHARED", "ODEC_PER_LANE",
                                        "ODEC_PER_COMPUTED_RUN"};
    static const char *const roles[] = {"ODEC_ARRAY_NONE",
#define ROLE(ROLE, name, element) "ODEC_ARRAY_" #ROLE,
                                        ODEC_ARRAYS(ROLE)
#undef ROLE
    };
    text_add(out, "static const odec_array array_list[] = {\n");
    for (int32_t i = 0; i < p->n_arrays; i++) {
        const odec_array *a = &p->arrays[i];
        text_add(out, "    {\"%s\", %s, %lld, %lld, %s, %uu},\n", a->name,
                 kinds[a->kind], (long long)a->bytes, (long long)a->bytes_per_save,
                 roles[a->role], a->targets);
    }
    text_add(out, "};\n");
}

/* Lists of numbers, some to a line. */
static void begin_list(struct text *out, const char *type, const char *name) {
    text_add(out, "static const %s %s[] = {", type, name);
}

static void write_item(struct text *out, int64_t i, const char *value) {
    text_add(out, "%s%s,", i % 12 ? " " : "\n    ", value);
}

static void write_reals(const struct writing *w, struct text *out, const char *name,
                        const double *at, int64_t n) {
    begin_list(out, "double", name);
    for (int64_t i = 0; i < n; i++) {
        write_item(out, i, written_number(w->arena, at[i]));
    }
    text_add(out, "\n};\n");
}

static void write_integers(const struct writing *w, struct text *out, const char *name,
                           const int32_t *at, int64_t n) {
    begin_list(out, "int32_t", name);
    for (int64_t i = 0; i < n; i++) {
        write_item(out, i, arena_printf(w->arena, "%d", at[i]));
    }
    text_add(out, "\n};\n");
}

static void write_save(const struct writing *w, struct text *out) {
    static const char *const kinds[] = {"ODEC_SAVE_FINAL", "ODEC_SAVE_EVERY",
                                        "ODEC_SAVE_AT", "ODEC_SAVE_COUNT"};
    const odec_save *save = w->program->save;
    if (save->kind == ODEC_SAVE_AT) {
        write_reals(w, out, "save_times", save->at, save->count);
    }
    text_add(out,
             "static const odec_save save = {\n"
             "    sizeof(odec_save), %s, %s, %lld, %s,\n"
             "};\n",
             kinds[save->kind], written_number(w->arena, save->dt),
             (long long)save->count,
             save->kind == ODEC_SAVE_AT ? "save_times" : "NULL");
}

static void write_sparsity(const struct writing *w, struct text *out) {
    const odec_sparsity *s = w->program->sparsity;
    write_integers(w, out, "lu_order", s->order, w->program->n_states);
    write_integers(w, out, "lu_row", s->row, s->n_factors);
    write_integers(w, out, "lu_column", s->column, s->n_factors);
    begin_list(out, "bool", "lu_is_fill");
    for (int32_t i = 0; i < s->n_factors; i++) {
        write_item(out, i, s->is_fill[i] ? "true" : "false");
    }
    text_add(
        out,
        "\n};\n"
        "static const odec_sparsity sparsity = {\n"
        "    sizeof(odec_sparsity), %d, %d, lu_order, lu_row, lu_column, lu_is_fill,\n"
        "    %d, %lld, %lld,\n"
        "};\n",
        s->n_jacobian, s->n_factors, s->flops_linear, (long long)s->flops_factor,
        (long long)s->flops_solve);
}

/* The table of kernels; a program of none still has a list, with nothing in it. */
static void write_natives(const struct writing *w, struct text *out) {
    const unsigned long long mark = w->mark;
    for (int i = 0; i < N_LEVELS; i++) {
        text_add(out,
                 "#if %s && !defined(ODEC_WITHOUT_%s)\n"
                 "odec_kernel_function %s_kernel_%s_%016llx;\n"
                 "odec_native_check %s_check_%s_%016llx;\n"
                 "#endif\n",
                 levels[i].is, levels[i].id, w->name, levels[i].word, mark, w->name,
                 levels[i].word, mark);
    }
    const char *precision =
        w->program->precision == ODEC_FLOAT ? "ODEC_FLOAT" : "ODEC_DOUBLE";
    text_add(out, "\nstatic const odec_native natives[] = {\n");
    for (int i = 0; i < N_LEVELS; i++) {
        text_add(
            out,
            "#if %s && !defined(ODEC_WITHOUT_%s)\n"
            "    {ODEC_ISA_%s, %d, %s, %s_kernel_%s_%016llx, %s_check_%s_%016llx},\n"
            "#endif\n",
            levels[i].is, levels[i].id, levels[i].isa, levels[i].lanes, precision,
            w->name, levels[i].word, mark, w->name, levels[i].word, mark);
    }
    text_add(out, "    {ODEC_ISA_BASE, 0, %s, NULL, NULL}, /* not counted */\n};\n\n",
             precision);
}

static void write_cuda(const struct writing *w, struct text *out) {
    const odec_kernel_text *cuda = &w->program->kernels[ODEC_TARGET_CUDA];
    if (cuda->text == NULL) {
        return;
    }
    text_add(out, "#ifndef ODEC_WITHOUT_CUDA\n"
                  "static const char cuda_text[] =\n");
    write_long_string(out, cuda->text, "    ");
    text_add(out, ";\nstatic const char cuda_tools[] =\n");
    write_long_string(out, cuda->tools ? cuda->tools : "", "    ");
    text_add(out, ";\n#endif\n\n");
}

/* Words as a little-endian machine has them, which those with GPUs are. */
static void write_words(struct text *out, const char *name, const void *bytes,
                        int64_t n) {
    text_add(out, "static const uint64_t %s[] = {", name);
    for (int64_t i = 0; i < n; i += 8) {
        const unsigned char *at = (const unsigned char *)bytes + i;
        uint64_t word = 0;
        for (int64_t k = 0; k < 8 && i + k < n; k++) {
            word |= (uint64_t)at[k] << 8 * k;
        }
        text_add(out, "%s0x%016llx,", i % 32 ? " " : "\n    ",
                 (unsigned long long)word);
    }
    text_add(out, "\n};\n");
}

/* What nvcc has made of the texts. */
static void write_images(struct text *out, const odec_image *image) {
    if (image) {
        text_add(out, "#ifndef ODEC_WITHOUT_CUDA\n");
        write_words(out, "cuda_kernel_image", image->kernel, image->kernel_bytes);
        write_words(out, "cuda_tools_image", image->tools, image->tools_bytes);
        text_add(
            out,
            "static const odec_image cuda_image = {\n"
            "    sizeof(odec_image), cuda_kernel_image, cuda_tools_image, %lld, %lld, "
            "%lld,\n    ",
            (long long)image->kernel_bytes, (long long)image->tools_bytes,
            (long long)image->compiler);
        write_string(out, image->architectures);
        text_add(out, ",\n};\n#endif\n\n");
    }
}

static void write_functions(const struct writing *w, struct text *out) {
    const char *name = w->name;
    const bool some = w->program->n_pars > 0;
    text_add(
        out,
        "void %s_uniform(const %s_pars *pars, odec_source *to) {\n"
        "    const double *values = (const double *)pars;\n"
        "    for (int i = 0; i < %s_n_pars; i++) {\n"
        "        const odec_source_kind kind =\n"
        "            isnan(values[i]) ? ODEC_SOURCE_DEFAULT : ODEC_SOURCE_UNIFORM;\n"
        "        to[i] = (odec_source){.kind = kind, .value = values[i]};\n"
        "    }\n"
        "}\n\n"
        "void %s_columns(const %s_pars *runs, odec_source *to) {\n"
        "    const double *values = (const double *)runs;\n"
        "    for (int i = 0; i < %s_n_pars; i++) {\n"
        "        const odec_source_kind kind =\n"
        "            isnan(values[i]) ? ODEC_SOURCE_DEFAULT : ODEC_SOURCE_COLUMN;\n"
        "        to[i] = (odec_source){\n"
        "            .kind = kind, .column = values + i, .stride = %s};\n"
        "    }\n"
        "}\n\n",
        name, name, name, name, name, name,
        some ? arena_printf(w->arena, "%s_n_pars", name) : "1");
}

static void write_pointer(struct text *out, const char *member, const char *list,
                          bool is_there) {
    text_add(out, "    .%s = %s,\n", member, is_there ? list : "NULL");
}

static void write_program(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    text_add(out,
             "const odec_program %s_program = {\n"
             "    .size = sizeof(odec_program),\n"
             "    .quantity_size = sizeof(odec_quantity),\n"
             "    .array_size = sizeof(odec_array),\n"
             "    .native_size = sizeof(odec_native),\n"
             "    .abi = %d,\n",
             w->name, ODEC_KERNEL_ABI);
    const struct {
        const char *member, *text;
    } texts[] = {{"model", p->model},
                 {"text", p->text},
                 {"method", p->method},
                 {"method_reason", p->method_reason}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        text_add(out, "    .%s = ", texts[i].member);
        if (texts[i].text) {
            write_string(out, texts[i].text);
        } else {
            text_add(out, "NULL");
        }
        text_add(out, ",\n");
    }
    const struct {
        const char *member;
        int32_t value;
    } counts[] = {{"n_pars", p->n_pars},
                  {"n_states", p->n_states},
                  {"n_columns", p->n_columns},
                  {"n_arrays", p->n_arrays},
                  {"order", p->order},
                  {"flops_rhs", p->flops_rhs},
                  {"live_values", p->live_values},
                  {"n_hoisted", p->n_hoisted},
                  {"n_groups", p->n_groups}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        text_add(out, "    .%s = %d,\n", counts[i].member, counts[i].value);
    }
    const struct {
        const char *member;
        bool value;
    } flags[] = {
        {"adaptive", p->adaptive}, {"saves", p->saves}, {"uses_time", p->uses_time}};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        text_add(out, "    .%s = %s,\n", flags[i].member,
                 flags[i].value ? "true" : "false");
    }
    const struct {
        const char *member;
        double value;
    } hints[] = {{"rtol", p->rtol},
                 {"dt", p->dt},
                 {"dt_max", p->dt_max},
                 {"t0", p->t0},
                 {"t1", p->t1}};
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        text_add(out, "    .%s = %s,\n", hints[i].member,
                 written_number(w->arena, hints[i].value));
    }
    text_add(out, "    .precision = %s,\n",
             p->precision == ODEC_FLOAT ? "ODEC_FLOAT" : "ODEC_DOUBLE");
    write_pointer(out, "pars", "par_list", p->n_pars > 0);
    write_pointer(out, "states", "state_list", p->n_states > 0);
    write_pointer(out, "columns", "column_list", p->n_columns > 0);
    write_pointer(out, "arrays", "array_list", true);
    write_pointer(out, "atol", "atol", p->atol != NULL);
    write_pointer(out, "save", "&save", p->save != NULL);
    write_pointer(out, "sparsity", "&sparsity", p->sparsity != NULL);
    if (p->kernels[ODEC_TARGET_CUDA].text) {
        text_add(out, "#ifndef ODEC_WITHOUT_CUDA\n"
                      "    .kernels = {[ODEC_TARGET_CUDA] = {cuda_text, cuda_tools}},\n"
                      "#endif\n");
    }
    if (p->images[ODEC_TARGET_CUDA]) {
        text_add(out, "#ifndef ODEC_WITHOUT_CUDA\n"
                      "    .images = {[ODEC_TARGET_CUDA] = &cuda_image},\n"
                      "#endif\n");
    }
    text_add(out,
             "    .n_natives = (int32_t)(sizeof natives / sizeof natives[0]) - 1,\n"
             "    .natives = natives,\n"
             "};\n");
}

static void write_data(const struct writing *w, struct text *out) {
    const odec_program *p = w->program;
    text_add(
        out,
        "#else\n"
        "/* ======== the program ======== */\n\n"
        "#include \"%s.h\"\n\n"
        "#include <math.h>\n\n"
        "_Static_assert(ODEC_KERNEL_ABI == %d,\n"
        "               \"this file was made for another version of odec: run odec "
        "build again\");\n\n",
        w->name, ODEC_KERNEL_ABI);
    write_ignored(out, data_warnings, sizeof data_warnings / sizeof *data_warnings);
    write_cuda(w, out);
    write_images(out, p->images[ODEC_TARGET_CUDA]);
    write_quantities(w, out, "par_list", p->pars, p->n_pars);
    write_quantities(w, out, "state_list", p->states, p->n_states);
    write_quantities(w, out, "column_list", p->columns, p->n_columns);
    write_arrays(w, out);
    if (p->atol) {
        write_reals(w, out, "atol", p->atol, p->n_states);
    }
    if (p->save) {
        write_save(w, out);
    }
    if (p->sparsity) {
        write_sparsity(w, out);
    }
    text_add(out, "\n");
    write_natives(w, out);
    write_functions(w, out);
    write_program(w, out);
    text_add(out, "#endif\n");
}

void write_source(const struct writing *w, struct text *out) {
    write_head(w, out);
    write_level_choice(w, out);
    write_kernel(w, out);
    write_data(w, out);
}
