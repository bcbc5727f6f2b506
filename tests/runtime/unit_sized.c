/* unit_sized.c -- structs of callers who know fewer of our members than we, or more: of
 * every size from 0 to ours and 8 bytes more, each at the end of a block of its own, so
 * that ASan sees a read or a write past it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "odec_compile.h"
#include "runtime_support.h"
#include "sized.h"

enum { MORE = 8, WORD = sizeof(size_t) };

/* ---- the helper ---- */

struct sample {
    size_t size;
    double a;
    int32_t b, c;
    const char *d;
};

static const struct sample defaults = {sizeof defaults, 1, 2, 3, "d"};
static const struct sample given = {0, 10, 20, 30, "given"};

/* A block of `size` bytes that is no longer than that: the first of `from`, then `tail`. */
static void *block_of(const void *from, size_t from_size, size_t size, char tail) {
    char *block = malloc(size > 0 ? size : 1);
    assert_non_null(block);
    for (size_t i = 0; i < size; i++) {
        block[i] = i < from_size ? ((const char *)from)[i] : tail;
    }
    if (size >= sizeof size) {
        memcpy(block, &size, sizeof size);
    }
    return block;
}

/* What a struct of `size` bytes is to be read as. */
static enum sized expected(size_t size, size_t ours, char tail) {
    return size < WORD || size % WORD != 0 ? SIZED_WRONG
           : size > ours && tail != 0      ? SIZED_UNKNOWN
                                           : SIZED_OK;
}

static void test_copy(void **state) {
    (void)state;
    for (size_t size = 0; size <= sizeof given + MORE; size++) {
        for (char tail = 0; tail < 2; tail++) {
            struct sample out = defaults;
            char *block = block_of(&given, sizeof given, size, tail);
            const enum sized is = sized_copy(&out, sizeof out, block, size);
            assert_int_equal(is, expected(size, sizeof out, tail));
            const size_t n = is != SIZED_OK        ? 0
                             : size > sizeof given ? sizeof given
                                                   : size;
            assert_memory_equal(&out, block, n);
            assert_memory_equal((char *)&out + n, (const char *)&defaults + n,
                                sizeof out - n);
            free(block);
        }
    }
}

static void test_read(void **state) {
    (void)state;
    for (size_t size = WORD; size <= sizeof given + MORE; size++) {
        for (char tail = 0; tail < 2; tail++) {
            struct sample out = defaults;
            char *block = block_of(&given, sizeof given, size, tail);
            const enum sized is = sized_read(&out, block);
            const bool good = is == SIZED_OK;
            assert_int_equal(is, expected(size, sizeof out, tail));
            assert_int_equal(out.size, sizeof out);
            const size_t end_of_b = offsetof(struct sample, c);
            assert_true(out.a == (good && size > WORD ? 10 : 1));
            assert_int_equal(out.b, good && size >= end_of_b ? 20 : 2);
            assert_int_equal(out.c, good && size >= end_of_b ? 30 : 3);
            assert_string_equal(out.d, good && size >= sizeof out ? "given" : "d");
            free(block);
        }
    }
    struct sample out = defaults;
    assert_int_equal(sized_read(&out, NULL), SIZED_MISSING);
    assert_memory_equal(&out, &defaults, sizeof out);
}

static void test_write(void **state) {
    (void)state;
    for (size_t size = WORD; size <= sizeof given + MORE; size++) {
        char *block = block_of(&given, 0, size, 7);
        const enum sized is = sized_write(block, &defaults);
        assert_int_equal(is, expected(size, sizeof defaults, 0));
        assert_int_equal(sized_size(block), size);
        for (size_t i = WORD; i < size; i++) {
            const char told = i < sizeof defaults ? ((const char *)&defaults)[i] : 0;
            assert_int_equal(block[i], is == SIZED_OK ? told : 7);
        }
        free(block);
    }
    assert_int_equal(sized_write(NULL, &defaults), SIZED_MISSING);
}

static void test_explain(void **state) {
    (void)state;
    char text[SIZED_TEXT];
    assert_string_equal(
        sized_explain(text, SIZED_MISSING, "odec_x", 0, 16, "ODEC_X_INIT"),
        "there is no odec_x");
    assert_string_equal(
        sized_explain(text, SIZED_WRONG, "odec_x", 12, 16, "ODEC_X_INIT"),
        "odec_x has size 12, not 16: start from ODEC_X_INIT");
    assert_string_equal(
        sized_explain(text, SIZED_UNKNOWN, "odec_x", 24, 16, "ODEC_X_INIT"),
        "odec_x has size 24, and this odec, which knows 16 of it, is too old for what "
        "the rest asks for");
}

/* ---- lists, whose elements others say the size of ---- */

static void test_list(void **state) {
    (void)state;
    enum { N = 3 };
    for (size_t size = 0; size <= sizeof given + MORE; size++) {
        for (char tail = 0; tail < 2; tail++) {
            char *block = block_of(NULL, 0, N * size, tail);
            for (size_t i = 0; i < N; i++) {
                memcpy(block + i * size, &given,
                       size < sizeof given ? size : sizeof given);
            }
            void *list;
            odec_context_clear(context);
            const odec_status status = context_read_list(
                context, &list, sizeof given, block, size, N, "odec_x", "ODEC_X_INIT");
            const enum sized is = expected(size, sizeof given, tail);
            assert_int_equal(status, is == SIZED_OK ? ODEC_OK : ODEC_ERROR_ARGUMENT);
            const struct sample nothing = {0}, *read = list;
            const size_t known = size < sizeof given ? size : sizeof given;
            for (size_t i = 0; is == SIZED_OK && i < N; i++) {
                assert_memory_equal(&read[i], &given, known);
                assert_memory_equal((const char *)&read[i] + known, &nothing,
                                    sizeof given - known);
            }
            heap_give(list);
            free(block);
        }
    }
    void *list;
    odec_context_clear(context);
    assert_int_equal(context_read_list(context, &list, 8, NULL, 8, 2, "odec_x", ""),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), "the list of 2 odec_x is missing");
    assert_null(list);
    odec_context_clear(context);
}

/* ---- the public structs, through the functions that take them ---- */

static odec_program program; /* decay, with one parameter and one state */
static odec_solver *solver;
static odec_devices *devices;
static char said[2048]; /* of the last call, why it failed */

static odec_status tell(odec_status status) {
    snprintf(said, sizeof said, "%s", odec_context_error(context));
    odec_context_clear(context);
    return status;
}

static odec_status call_options(void *block) {
    odec_solver *made = NULL;
    const odec_status status = odec_solver_create(context, &program, block, &made);
    odec_solver_destroy(made);
    return tell(status);
}

static odec_status call_program(void *block) {
    const odec_solver_options options = test_options();
    odec_solver *made = NULL;
    const odec_status status = odec_solver_create(context, block, &options, &made);
    odec_solver_destroy(made);
    return tell(status);
}

static odec_status call_sparsity(void *block) {
    odec_program stiff = program;
    stiff.sparsity = block;
    return call_program(&stiff);
}

static odec_status call_batch(void *block) {
    return tell(odec_solve(solver, block, NULL, NULL));
}

static odec_status call_batch_save(void *block) {
    odec_batch batch = batch_of(2, NULL);
    batch.save = block;
    return call_batch(&batch);
}

static odec_status call_sink(void *block) {
    const odec_batch batch = batch_of(2, NULL);
    return tell(odec_solve(solver, &batch, block, NULL));
}

static odec_status call_result(void *block) {
    const odec_batch batch = batch_of(2, NULL);
    return tell(odec_solve(solver, &batch, NULL, block));
}

static odec_status call_context(void *block) {
    odec_context *own = NULL;
    const odec_status status = odec_context_create_with(block, &own);
    odec_context_destroy(own);
    said[0] = '\0';
    return status;
}

static odec_status call_output(void *block) {
    odec_batch batch = batch_of(2, NULL);
    batch.output = block;
    return tell(odec_solve(solver, &batch, NULL, NULL));
}

static odec_status call_sizing(void *block) {
    const odec_batch batch = batch_of(2, NULL);
    return tell(odec_solver_sizing(solver, &batch, false, 0, block));
}

static odec_status call_save(void *block) {
    int64_t n;
    return tell(odec_save_times(context, block, 0, 1, NULL, 0, &n));
}

static odec_status call_spec(void *block) {
    static const char text[] = "model m\ninit x = 1\nx' = -x\n";
    static const char error[] = "error: ";
    odec_compilation *compilation = NULL;
    const odec_status status =
        odec_compile("m.ode", text, strlen(text), block, &compilation);
    assert_non_null(compilation);
    const char *diagnostics = odec_compilation_diagnostics(compilation);
    said[0] = '\0';
    if (status != ODEC_OK) {
        assert_null(odec_compilation_program(compilation));
        assert_string_equal(odec_compilation_dump(compilation), "");
        assert_memory_equal(diagnostics, error, strlen(error));
        snprintf(said, sizeof said, "%s", diagnostics + strlen(error));
        said[strcspn(said, "\n")] = '\0';
    }
    odec_compilation_destroy(compilation);
    return status;
}

static odec_status call_spec_save(void *block) {
    odec_spec spec = ODEC_SPEC_INIT;
    spec.save = block;
    return call_spec(&spec);
}

static odec_status call_device_info(void *block) {
    said[0] = '\0';
    return odec_solver_device_info(solver, 0, block);
}

static odec_status call_device_state(void *block) {
    said[0] = '\0';
    return odec_devices_get(devices, 0, block);
}

static odec_status call_name(void *block) {
    static const char text[] = "model m\ninit x = 1\nx' = -x\n";
    odec_compilation *compilation = NULL;
    said[0] = '\0';
    assert_int_equal(odec_compile("m.ode", text, strlen(text), NULL, &compilation),
                     ODEC_OK);
    const odec_status status = odec_compilation_name(compilation, "x", block);
    odec_compilation_destroy(compilation);
    return status;
}

struct row {
    const char *name, *start;
    const void *sample; /* one that is well */
    size_t size;
    size_t least;  /* a shorter one is refused for want of what it leaves out */
    bool is_out;   /* filled by the call: what it had in it does not matter */
    bool is_quiet; /* nobody to tell why it was refused */
    odec_status (*call)(void *block);
};

/* Every size but those in which there is no room for the size itself: the first member
 * always is there. */
static void assert_row(const struct row *row) {
    for (size_t size = 0; size <= row->size + MORE; size++) {
        for (char tail = 0; tail < 2; tail++) {
            char *block =
                block_of(row->sample, row->size, size > WORD ? size : WORD, tail);
            memcpy(block, &size, sizeof size);
            const enum sized is = expected(size, row->size, row->is_out ? 0 : tail);
            char text[SIZED_TEXT] = "";
            if (is != SIZED_OK && !row->is_quiet) {
                sized_explain(text, is, row->name, size, row->size, row->start);
            }
            const odec_status status = row->call(block);
            if (is == SIZED_OK && size < row->least) {
                assert_int_equal(status, ODEC_ERROR_ARGUMENT);
            } else {
                assert_string_equal(said, text);
                assert_int_equal(status,
                                 is == SIZED_OK ? ODEC_OK : ODEC_ERROR_ARGUMENT);
            }
            for (size_t i = row->size; row->is_out && is == SIZED_OK && i < size; i++) {
                assert_int_equal(block[i], 0);
            }
            assert_int_equal(sized_size(block), size);
            free(block);
        }
    }
}

#define COMPILER "what the compiler made"

static void test_public(void **state) {
    (void)state;
    const odec_spec spec = ODEC_SPEC_INIT;
    const odec_save save = ODEC_SAVE_INIT;
    const odec_solver_options options = test_options();
    const odec_batch batch = batch_of(2, NULL);
    const odec_sink sink = ODEC_SINK_INIT;
    const odec_context_options of_context = ODEC_CONTEXT_OPTIONS_INIT;
    const odec_output output = ODEC_OUTPUT_INIT;
    const odec_sizing sizing = ODEC_SIZING_INIT;
    const odec_result result = ODEC_RESULT_INIT;
    const odec_sparsity sparsity = {.size = sizeof sparsity};
    const odec_device_info info = ODEC_DEVICE_INFO_INIT;
    const odec_device_state device = ODEC_DEVICE_STATE_INIT;
    const odec_name name = ODEC_NAME_INIT;
    const size_t with_kernel = offsetof(odec_program, kernels) + sizeof(char *);
    const size_t with_runs = offsetof(odec_batch, n_runs) + sizeof(int64_t);
    const struct row rows[] = {
        {"odec_spec", "ODEC_SPEC_INIT", &spec, sizeof spec, 0, 0, 0, call_spec},
        {"odec_save", "ODEC_SAVE_INIT", &save, sizeof save, 0, 0, 0, call_spec_save},
        {"odec_save", "ODEC_SAVE_INIT", &save, sizeof save, 0, 0, 0, call_batch_save},
        {"odec_save", "ODEC_SAVE_INIT", &save, sizeof save, 0, 0, 0, call_save},
        {"odec_solver_options", "ODEC_SOLVER_OPTIONS_INIT", &options, sizeof options, 0,
         0, 0, call_options},
        {"odec_program", COMPILER, &program, sizeof program, with_kernel, 0, 0,
         call_program},
        {"odec_sparsity", COMPILER, &sparsity, sizeof sparsity, 0, 0, 0, call_sparsity},
        {"odec_batch", "ODEC_BATCH_INIT", &batch, sizeof batch, with_runs, 0, 0,
         call_batch},
        {"odec_context_options", "", &of_context, sizeof of_context, 0, 0, 1,
         call_context},
        {"odec_output", "ODEC_OUTPUT_INIT", &output, sizeof output, 0, 0, 0,
         call_output},
        {"odec_sizing", "ODEC_SIZING_INIT", &sizing, sizeof sizing, 0, 1, 0,
         call_sizing},
        {"odec_sink", "ODEC_SINK_INIT", &sink, sizeof sink, 0, 0, 0, call_sink},
        {"odec_result", "ODEC_RESULT_INIT", &result, sizeof result, 0, 1, 0,
         call_result},
        {"odec_device_info", "", &info, sizeof info, 0, 1, 1, call_device_info},
        {"odec_name", "", &name, sizeof name, 0, 1, 1, call_name},
        {"odec_device_state", "", &device, sizeof device, 0, 1, 1, call_device_state},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_row(&rows[i]);
    }
}

/* What is not there at all: an error, or the defaults where they are enough. */
static void test_missing(void **state) {
    (void)state;
    assert_int_equal(call_spec(NULL), ODEC_OK);
    assert_int_equal(call_options(NULL), ODEC_OK);
    assert_int_equal(call_sink(NULL), ODEC_OK);
    assert_int_equal(call_result(NULL), ODEC_OK);
    assert_int_equal(call_save(NULL), ODEC_OK);
    assert_int_equal(call_batch(NULL), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, "there is no odec_batch");
    assert_int_equal(call_program(NULL), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, "there is no odec_program");
    assert_int_equal(call_device_info(NULL), ODEC_ERROR_ARGUMENT);
    assert_int_equal(call_device_state(NULL), ODEC_ERROR_ARGUMENT);
}

/* A batch whose sources have a member more, and two of a program's lists. */
static void test_strides(void **state) {
    (void)state;
    struct newer_source {
        odec_source known;
        int64_t more;
    } k = {.known = sweep_k(2)};
    odec_batch batch = batch_of(2, &k.known);
    odec_result narrow = ODEC_RESULT_INIT, wide = ODEC_RESULT_INIT;
    assert_int_equal(odec_solve(solver, &batch, NULL, &narrow), ODEC_OK);
    batch.source_size = sizeof k;
    assert_int_equal(odec_solve(solver, &batch, NULL, &wide), ODEC_OK);
    assert_string_equal(narrow.digest, wide.digest);
    k.more = 1;
    char text[SIZED_TEXT];
    assert_int_equal(call_batch(&batch), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, sized_explain(text, SIZED_UNKNOWN, "odec_source",
                                            sizeof k, sizeof k.known, ""));
    batch.source_size = 0;
    assert_int_equal(call_batch(&batch), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, sized_explain(text, SIZED_WRONG, "odec_source", 0,
                                            sizeof k.known, "ODEC_BATCH_INIT"));
    odec_program other = program;
    other.quantity_size = 4;
    assert_int_equal(call_program(&other), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, sized_explain(text, SIZED_WRONG, "odec_quantity", 4,
                                            sizeof(odec_quantity), COMPILER));
    other = program;
    other.array_size = 0;
    assert_int_equal(call_program(&other), ODEC_ERROR_ARGUMENT);
    assert_string_equal(said, sized_explain(text, SIZED_WRONG, "odec_array", 0,
                                            sizeof(odec_array), COMPILER));
}

static int begin(void **state) {
    if (runtime_begin(state) != 0 ||
        setenv("XDG_CACHE_HOME", in_directory("home"), 1) != 0) {
        return 1;
    }
    program = decay_program();
    const odec_solver_options options = test_options();
    solver = open_solver(&program, &options);
    return odec_devices_create(context, &devices) != ODEC_OK;
}

static int end(void **state) {
    odec_devices_destroy(devices);
    odec_solver_destroy(solver);
    return runtime_end(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy),    cmocka_unit_test(test_read),
        cmocka_unit_test(test_write),   cmocka_unit_test(test_explain),
        cmocka_unit_test(test_list),    cmocka_unit_test(test_public),
        cmocka_unit_test(test_missing), cmocka_unit_test(test_strides),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
