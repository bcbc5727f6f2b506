// hpp.cpp -- odec.hpp as an application uses it: what it computes is what the C API computes,
// and what fails is thrown once, with everything released (ASan, where the library has it).
#include <array>
#include <cstdio>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "odec_compile.h"

#include "odec.hpp"

static int n_failures;

static void expect(bool right, const char *what, int line) {
    if (!right) {
        std::fprintf(stderr, "line %d: not so: %s\n", line, what);
        n_failures++;
    }
}
#define EXPECT(condition) expect(condition, #condition, __LINE__)

template <class Call>
static void expect_error(Call call, odec_status status, const char *text, int line) {
    try {
        call();
    } catch (const odec::error &e) {
        expect(e.status() == status, "the status", line);
        expect(std::strstr(e.what(), text) != nullptr, e.what(), line);
        return;
    }
    expect(false, "an error", line);
}
#define EXPECT_ERROR(status, text, ...) \
    expect_error([&] { __VA_ARGS__; }, status, text, __LINE__)

static const char model[] = "model decay\n"
                            "par k = 1\n"
                            "init x = 1, y = 2\n"
                            "x' = -k*x\n"
                            "y' = -k*y\n"
                            "solve { t = 0 .. 1 }\n";

static_assert(!std::is_copy_constructible<odec::context>::value, "one owner");
static_assert(!std::is_copy_assignable<odec::solver>::value, "one owner");
static_assert(std::is_nothrow_move_constructible<odec::solver>::value, "moved");
static_assert(std::is_nothrow_move_assignable<odec::compilation>::value, "moved");
static_assert(!std::is_convertible<std::vector<float> &, odec::span<double>>::value,
              "of its own type");

static odec_solver_options cpu() {
    auto options = odec::init<odec_solver_options>();
    options.device = "cpu";
    options.n_threads = 1;
    options.cache_dir = "";
    return options;
}

static void solves() {
    odec::context context;
    auto save = odec::init<odec_save>();
    save.kind = ODEC_SAVE_COUNT;
    save.count = 2;
    auto spec = odec::compilation::usual_spec();
    spec.save = &save;
    const odec::compilation compiled("decay.ode", model, spec);
    EXPECT(std::strcmp(compiled.diagnostics(), "") == 0);
    const odec_program &program = compiled.program();
    odec::solver first(context, program, cpu());
    odec::solver solver(std::move(first));
    EXPECT(first.get() == nullptr);
    EXPECT(solver.n_devices() == 1);
    EXPECT(std::strcmp(solver.device_info(0).name, "cpu") == 0);
    EXPECT(odec::find(context, program, ODEC_COLUMN, "y") == 1);

    const std::vector<double> rates = {0, 1, 2};
    const odec_source k = odec::column(rates);
    auto batch = odec::init<odec_batch>();
    batch.n_runs = 3;
    batch.pars = &k;
    batch.save = &save;
    std::vector<double> values(3 * 2 * 2);
    std::array<odec_run_record, 3> records{};
    const odec_result result = solver.solve(batch, values, records);
    EXPECT(result.n_by_status[ODEC_RUN_OK] == 3);
    for (std::size_t run = 0; run < 3; run++) {
        EXPECT(values[4 * run] == 1 && values[4 * run + 1] == 2);
        EXPECT(std::fabs(values[4 * run + 2] - std::exp(-rates[run])) < 1e-6);
        EXPECT(std::fabs(values[4 * run + 3] - 2 * std::exp(-rates[run])) < 1e-6);
        EXPECT(records[run].status == ODEC_RUN_OK && records[run].t == 1);
    }
    EXPECT(std::strcmp(solver.solve(batch).digest, result.digest) == 0);
    const odec_sizing sizing = solver.sizing(batch);
    EXPECT(sizing.value_bytes == 96 && sizing.n_saves == 2);

    std::vector<float> floats(12);
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "the values have another precision",
                 solver.solve(batch, floats));
    values.resize(11);
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "room for 11 values, not 12",
                 solver.solve(batch, values));
    values.resize(12);
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "room for 2 records, not 3",
                 solver.solve(batch, values,
                              odec::span<odec_run_record>(records.data(), 2)));
    batch.rtol = -1;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "rtol must be positive, not -1",
                 solver.solve(batch, values));
    batch.rtol = NAN;

    const odec_output output = odec::device_output(values.data());
    EXPECT(output.values == values.data() && output.size == sizeof output);
    batch.output = &output;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "this one has the cpu", solver.solve(batch));
    batch.output = nullptr;
    const odec_source there = odec::device_column(values.data(), 2);
    EXPECT(there.stride == 2);
    batch.pars = &there;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "this one has the cpu", solver.solve(batch));
    batch.pars = &k; // and the context has forgotten it
    EXPECT(std::strcmp(solver.solve(batch, values).digest, result.digest) == 0);
    batch.save = nullptr; // the program's
    EXPECT(std::strcmp(solver.solve(batch, values).digest, result.digest) == 0);
    batch.n_runs = ODEC_MAX_RUNS;
    auto many = save;
    many.count = 100000000;
    batch.save = &many;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "more values than any memory has",
                 solver.solve(batch, values));
    batch.n_runs = -1;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "a batch of -1 runs", solver.solve(batch, values));
    batch.n_runs = 3;
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "an argument is wrong", first.solve(batch));
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "an argument is wrong", first.sizing(batch));
    EXPECT(first.n_devices() == 0);
}

static void fails() {
    EXPECT_ERROR(ODEC_ERROR_MODEL, "bad.ode:2:",
                 odec::compilation("bad.ode", "model m\ninit x = \n"));
    odec::context context;
    const odec::compilation compiled("decay.ode", model);
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "decay has no parameter 'kk'; did you mean 'k'?",
                 odec::find(context, compiled.program(), ODEC_PARAMETER, "kk"));
    auto options = cpu();
    options.device = "abacus";
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "unknown device 'abacus'",
                 odec::solver(context, compiled.program(), options));
    odec::solver solver(context, compiled.program(), cpu());
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "an argument is wrong", solver.device_info(1));
    odec::compilation from("decay.ode", model);
    const odec::compilation to(std::move(from));
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "the compilation was moved away", from.program());
    EXPECT(std::strcmp(from.diagnostics(), "") == 0);
    odec::context other;
    const odec::context moved(std::move(other));
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "an argument is wrong",
                 odec::solver(other, to.program(), cpu()));
    EXPECT_ERROR(ODEC_ERROR_ARGUMENT, "an argument is wrong",
                 odec::find(other, to.program(), ODEC_STATE, "z"));
}

int main() {
    solves();
    fails();
    return n_failures > 0;
}
