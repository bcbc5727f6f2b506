/* fatbin.c -- generated solvers that carry images of their kernels (odec build --fatbin, with the
 * simulated nvcc), on the simulated driver, linked to the runtime alone: no NVRTC, the bits of it
 * and of the CPU; and what happens where the driver does not take an image.
 *
 * The programs are made by CMakeLists.txt: lorenz, adaptive with saves, and robertson, stiff. Both
 * have a kernel for the CPU. The linker's --wrap=dlopen says which NVRTCs there are.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lorenz.h"
#include "robertson.h"
#include "simgpu/image.h"
#include "simgpu/sim.h"

static bool has_nvrtc;

void *__real_dlopen(const char *path, int flags);
void *__wrap_dlopen(const char *path, int flags);

void *__wrap_dlopen(const char *path, int flags) {
    const bool is_nvrtc = path && strstr(path, "libnvrtc");
    const bool is_simulated = is_nvrtc && strcmp(path, "libnvrtc.so.13") == 0;
    return is_nvrtc && !(is_simulated && has_nvrtc) ? NULL : __real_dlopen(path, flags);
}

/* ---- a batch ---- */

enum { N_RUNS = 300, N_STATES = 3 };

struct outcome {
    odec_status status;
    char error[1024], digest[33], device[16];
    bool is_linked_in;
    int32_t n_devices;
};

static void note_devices(const odec_solver *solver, struct outcome *out) {
    odec_device_info info = ODEC_DEVICE_INFO_INIT;
    assert_int_equal(odec_solver_device_info(solver, 0, &info), ODEC_OK);
    snprintf(out->device, sizeof out->device, "%s", info.name);
    out->is_linked_in = info.compiler[0] == '\0';
    out->n_devices = odec_solver_n_devices(solver);
}

static odec_status solve(odec_context *context, const odec_program *program,
                         const char *device, struct outcome *out) {
    odec_source states[N_STATES] = {
        {.kind = ODEC_SOURCE_GRID, .lo = 0.5, .hi = 1, .n = N_RUNS, .repeat = 1}};
    odec_solver_options options = ODEC_SOLVER_OPTIONS_INIT;
    odec_batch batch = ODEC_BATCH_INIT;
    odec_result result = ODEC_RESULT_INIT;
    odec_solver *solver = NULL;
    options.device = device;
    options.cache_dir = "";
    options.n_threads = 1;
    batch.n_runs = N_RUNS;
    batch.states = states;
    batch.t1 = program->sparsity ? NAN : 3; /* the stiff one's */
    batch.save = program->save;
    odec_status status = odec_solver_create(context, program, &options, &solver);
    if (status == ODEC_OK) {
        note_devices(solver, out);
        status = odec_solve(solver, &batch, NULL, &result);
        memcpy(out->digest, result.digest, sizeof out->digest);
    }
    odec_solver_destroy(solver);
    return status;
}

/* The simulated driver must have no complaint afterwards, whatever the outcome. */
static struct outcome run(const char *settings, const odec_program *program,
                          const char *device) {
    struct outcome out = {.status = ODEC_OK};
    odec_context *context;
    assert_true(sim.configure(settings));
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    out.status = solve(context, program, device, &out);
    snprintf(out.error, sizeof out.error, "%s", odec_context_error(context));
    odec_context_destroy(context);
    struct simgpu_report report;
    const int n = sim.finish();
    sim.report(&report);
    assert_string_equal(report.first_violation, "");
    assert_int_equal(n, 0);
    return out;
}

static int n_compilations(void) {
    struct simgpu_report report;
    sim.report(&report);
    return (int)report.n_compilations;
}

static void assert_fails(const struct outcome *out, odec_status status,
                         const char *error) {
    assert_int_equal(out->status, status);
    assert_string_equal(out->error, error);
}

static odec_program without_image(const odec_program *program) {
    odec_program copy = *program;
    copy.images[ODEC_TARGET_CUDA] = NULL;
    return copy;
}

static odec_program without_text(const odec_program *program) {
    odec_program copy = *program;
    copy.kernels[ODEC_TARGET_CUDA] = (odec_kernel_text){.text = NULL};
    return copy;
}

/* ---- tests ---- */

static const odec_program *const programs[] = {&lorenz_program, &robertson_program};

static void test_bits(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        const odec_program text_alone = without_image(programs[i]);
        const odec_program image_alone = without_text(programs[i]);
        has_nvrtc = false;
        const struct outcome image = run("devices=1", &image_alone, "cuda");
        assert_string_equal(image.error, "");
        assert_string_equal(image.device, "cuda:0");
        assert_true(image.is_linked_in);
        assert_int_equal(n_compilations(), 0);
        has_nvrtc = true;
        const struct outcome text = run("devices=1", &text_alone, "cuda");
        assert_string_equal(text.error, "");
        assert_false(text.is_linked_in);
        assert_true(n_compilations() > 0);
        const struct outcome cpu = run("devices=0", programs[i], "cpu");
        assert_string_equal(cpu.error, "");
        assert_true(cpu.is_linked_in);
        assert_string_equal(image.digest, text.digest);
        assert_string_equal(image.digest, cpu.digest);
    }
}

/* The image comes first, and NVRTC is left alone. */
static void test_image_first(void **state) {
    (void)state;
    has_nvrtc = true;
    const struct outcome out = run("devices=2", &lorenz_program, "cuda");
    assert_string_equal(out.error, "");
    assert_int_equal(out.n_devices, 2);
    assert_int_equal(n_compilations(), 0);
}

/* `auto` and `all` take GPUs without NVRTC for a program that has an image, for no other. */
static void test_devices(void **state) {
    (void)state;
    const odec_program text_alone = without_image(&lorenz_program);
    has_nvrtc = false;
    for (int i = 0; i < 2; i++) {
        const char *const device = i ? "all" : "auto";
        const struct outcome with = run("devices=1", &lorenz_program, device);
        const struct outcome without = run("devices=1", &text_alone, device);
        assert_string_equal(with.device, "cuda:0");
        assert_string_equal(without.error, "");
        assert_string_equal(without.device, "cpu");
        assert_int_equal(without.n_devices, 1);
    }
    const struct outcome out = run("devices=1", &text_alone, "cuda");
    assert_fails(&out, ODEC_ERROR_DEVICE,
                 "cuda: no NVRTC for this driver is installed (libnvrtc.so.N)");
}

/* GPUs to come take the PTX of the newest. */
static void test_newer_gpu(void **state) {
    (void)state;
    has_nvrtc = false;
    const struct outcome now =
        run("devices=1; capability=9.0", &lorenz_program, "cuda");
    const struct outcome new =
        run("devices=1; capability=13.0", &lorenz_program, "cuda");
    assert_string_equal(new.error, "");
    assert_string_equal(new.digest, now.digest);
}

static void test_older_gpu(void **state) {
    (void)state;
    const odec_program image_alone = without_text(&lorenz_program);
    has_nvrtc = false;
    struct outcome out = run("devices=1; capability=7.5", &lorenz_program, "cuda");
    assert_fails(
        &out, ODEC_ERROR_DEVICE,
        "cuda:0: loading the image in the program: "
        "no kernel image is available for execution on the device "
        "(CUDA_ERROR_NO_BINARY_FOR_GPU); it was made by CUDA 13.0 for sm_80, sm_90, "
        "and this GPU is of 7.5, its driver of CUDA 13.0; it cannot be made here: "
        "no NVRTC for this driver is installed (libnvrtc.so.N)");
    has_nvrtc = true;
    out = run("devices=1; capability=7.5", &image_alone, "cuda");
    assert_true(strstr(out.error, "it cannot be made here: the program has no text"));
    out = run("devices=1; capability=7.5", &lorenz_program, "cuda");
    assert_string_equal(out.error, "");
    assert_false(out.is_linked_in);
    const struct outcome cpu = run("devices=0", &lorenz_program, "cpu");
    assert_string_equal(out.digest, cpu.digest);
}

static void test_older_driver(void **state) {
    (void)state;
    has_nvrtc = true; /* NVRTC 13, which a driver of 12 does not take either */
    const struct outcome out = run("devices=1; driver=12020", &lorenz_program, "cuda");
    assert_fails(
        &out, ODEC_ERROR_DEVICE,
        "cuda:0: loading the image in the program: "
        "the provided PTX was compiled with an unsupported toolchain. "
        "(CUDA_ERROR_UNSUPPORTED_PTX_VERSION); it was made by CUDA 13.0 for sm_80, "
        "sm_90, and this GPU is of 9.0, its driver of CUDA 12.2; it cannot be made "
        "here: no NVRTC for this driver is installed (libnvrtc.so.N)");
}

/* ---- images that are not what they should be ---- */

/* A copy of the program whose image a test may change; the caller frees it. */
struct changed {
    odec_program program;
    odec_image image;
    unsigned char *kernel;
};

static struct changed *change(const odec_program *program) {
    struct changed *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->program = without_text(program);
    c->image = *program->images[ODEC_TARGET_CUDA];
    c->kernel = malloc((size_t)c->image.kernel_bytes);
    assert_non_null(c->kernel);
    memcpy(c->kernel, c->image.kernel, (size_t)c->image.kernel_bytes);
    c->image.kernel = c->kernel;
    c->program.images[ODEC_TARGET_CUDA] = &c->image;
    return c;
}

static void give_up(struct changed *c) {
    free(c->kernel);
    free(c);
}

/* All images of the fatbin with another name in the place of theirs. */
static void rename_abi(struct changed *c, const char *from, const char *to) {
    struct fatbin_header *fatbin = (struct fatbin_header *)c->kernel;
    struct image_header *images = (struct image_header *)(fatbin + 1);
    unsigned char *object = (unsigned char *)(images + fatbin->n);
    const size_t n = strlen(from);
    int n_renamed = 0;
    for (size_t i = 0; i + n <= images[0].bytes; i++) {
        if (memcmp(object + i, from, n) == 0) {
            memcpy(object + i, to, n);
            n_renamed++;
        }
    }
    assert_true(n_renamed > 0);
    for (int i = 0; i < fatbin->n; i++) {
        images[i].hash = image_hash(object, images[i].bytes);
    }
}

static void test_wrong_abi(void **state) {
    (void)state;
    char symbol[64], error[160];
    struct changed *c = change(&lorenz_program);
    has_nvrtc = false;
    struct outcome out = run("devices=1", &c->program, "cuda");
    assert_string_equal(out.error, "");
    snprintf(symbol, sizeof symbol, "%s%d", ODEC_IMAGE_ABI, ODEC_KERNEL_ABI);
    rename_abi(c, symbol, "odec_image_abi_?");
    snprintf(error, sizeof error,
             "cuda:0: the image in the program is not for kernel ABI %d, which this "
             "runtime has: build it anew",
             ODEC_KERNEL_ABI);
    out = run("devices=1", &c->program, "cuda");
    assert_fails(&out, ODEC_ERROR_ARGUMENT, error);
    give_up(c);
}

static void test_damaged(void **state) {
    (void)state;
    struct changed *c = change(&lorenz_program);
    has_nvrtc = false;
    c->kernel[c->image.kernel_bytes / 2] ^= 1;
    struct outcome out = run("devices=1", &c->program, "cuda");
    assert_int_equal(out.status, ODEC_ERROR_DEVICE);
    assert_true(strstr(out.error, "CUDA_ERROR_INVALID_IMAGE"));
    c->image.tools = NULL;
    out = run("devices=1", &c->program, "cuda");
    assert_fails(&out, ODEC_ERROR_ARGUMENT,
                 "the program's image for CUDA lacks a kernel");
    give_up(c);
}

/* Calls fail one after the other: one clear error or none, and nothing is left behind. */
static void test_faults(void **state) {
    (void)state;
    static const char *const codes[] = {"out-of-memory", "illegal-address"};
    has_nvrtc = false;
    for (size_t k = 0; k < sizeof codes / sizeof *codes; k++) {
        int n_failed = 0;
        for (int i = 1; i <= 40; i++) {
            char settings[64];
            snprintf(settings, sizeof settings, "devices=1; fault=%d:%s", i, codes[k]);
            const struct outcome out = run(settings, &lorenz_program, "cuda");
            assert_true((out.status == ODEC_OK) == (out.error[0] == '\0'));
            n_failed += out.status != ODEC_OK;
        }
        assert_true(n_failed > 10);
    }
}

static int begin(void **state) {
    (void)state;
    return sim_open() ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bits),      cmocka_unit_test(test_image_first),
        cmocka_unit_test(test_devices),   cmocka_unit_test(test_newer_gpu),
        cmocka_unit_test(test_older_gpu), cmocka_unit_test(test_older_driver),
        cmocka_unit_test(test_wrong_abi), cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
