// odec.hpp -- odec for C++17: the C API's objects as classes that release them, its
// statuses as an exception, its arrays as spans, and nothing else. What a call means, in
// which units, and which thread may make it, odec.h says.
//
//   odec::context context;
//   odec::solver solver(context, program);
//   auto batch = odec::init<odec_batch>();
//   batch.n_runs = 1000;
//   std::vector<double> values(1000 * 3);
//   odec_result result = solver.solve(batch, odec::span<double>(values));
//
// Functions that the library calls back (sinks, progress) are the C API's: they must not
// throw. Include odec_compile.h before this for odec::compilation.
#ifndef ODEC_HPP
#define ODEC_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "odec.h"

namespace odec {

// Whatever failed: its status, and in words what the context had to say.
class error : public std::exception {
public:
    error(odec_status status, std::string text)
        : status_(status),
          text_(text.empty() ? std::string(odec_status_text(status)) : std::move(text)) {}
    odec_status status() const noexcept { return status_; }
    const char *what() const noexcept override { return text_.c_str(); }

private:
    odec_status status_;
    std::string text_;
};

// Neighbours in memory that somebody else owns.
template <class T> class span {
public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class Container,
              class = std::enable_if_t<std::is_convertible<
                  decltype(std::declval<Container &>().data()), T *>::value>>
    constexpr span(Container &container) noexcept
        : data_(container.data()), size_(container.size()) {}
    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }

private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

// A struct of the API as its ODEC_..._INIT makes it, which C++17 cannot read.
template <class T> T init() noexcept {
    T made{};
    made.size = sizeof made;
    return made;
}
template <> inline odec_solver_options init<odec_solver_options>() noexcept {
    odec_solver_options made{};
    made.size = sizeof made;
    made.device = "auto";
    return made;
}
template <> inline odec_batch init<odec_batch>() noexcept {
    odec_batch made{};
    made.size = sizeof made;
    made.source_size = sizeof(odec_source);
    made.t0 = made.t1 = made.rtol = made.dt = made.dt_max = ODEC_NAN;
    return made;
}

// Owns an object of the C API: moved, not copied.
template <class T, void (*destroy)(T *)> class owner {
public:
    owner() noexcept = default;
    owner(owner &&other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    owner &operator=(owner &&other) noexcept {
        std::swap(at_, other.at_);
        return *this;
    }
    owner(const owner &) = delete;
    owner &operator=(const owner &) = delete;
    ~owner() { destroy(at_); }
    T *get() const noexcept { return at_; }

protected:
    T *at_ = nullptr;
};

// Used by one thread at a time. Solvers may outlive it, but their errors have no words then.
class context : public owner<odec_context, odec_context_destroy> {
public:
    context() { check(nullptr, odec_context_create(&at_)); }

    // Throws what went wrong, and clears the context for the next call.
    static void check(odec_context *context, odec_status status) {
        if (status != ODEC_OK) {
            std::string text = context ? odec_context_error(context) : "";
            if (context) {
                odec_context_clear(context);
            }
            throw error(status, std::move(text));
        }
    }
    void check(odec_status status) const { check(at_, status); }
};

// The place of a name among a program's parameters, states or columns.
inline std::int32_t find(const context &context, const odec_program &program,
                         odec_quantity_kind kind, const char *name) {
    std::int32_t index = -1;
    context.check(odec_program_find(context.get(), &program, kind, name, &index));
    return index;
}

// A value for each run; the span outlives the batch.
inline odec_source column(span<const double> values) noexcept {
    odec_source source{};
    source.kind = ODEC_SOURCE_COLUMN;
    source.column = values.data();
    source.stride = 1;
    return source;
}

// The same in the GPU's memory, double or float as the program's precision is (odec_source.device).
inline odec_source device_column(const void *values, std::int64_t stride = 1) noexcept {
    odec_source source{};
    source.kind = ODEC_SOURCE_DEVICE;
    source.device = values;
    source.stride = stride;
    return source;
}

// Results into the GPU's memory, in C order, on the stream that the batch has: for
// batch.output, with solver::solve(batch).
inline odec_output device_output(void *values,
                                 odec_run_record *records = nullptr) noexcept {
    odec_output output = init<odec_output>();
    output.values = values;
    output.records = records;
    output.on_device = ODEC_VALUES_ON_DEVICE | ODEC_RECORDS_ON_DEVICE;
    return output;
}

class solver : public owner<odec_solver, odec_solver_destroy> {
public:
    solver(const context &context, const odec_program &program,
           const odec_solver_options &options = init<odec_solver_options>())
        : context_(context.get()), program_(&program) {
        context.check(odec_solver_create(context_, &program, &options, &at_));
    }

    odec_result solve(const odec_batch &batch, const odec_sink *sink = nullptr) {
        odec_result result = init<odec_result>();
        context::check(context_, odec_solve(at_, &batch, sink, &result));
        return result;
    }

    // The values in C order, [n_runs][n_saves][n_columns], and how each run ended: spans
    // of another length or precision are an error. They take the place of batch.output.
    odec_result solve(odec_batch batch, span<double> values,
                      span<odec_run_record> records = {}) {
        return solve_into(batch, ODEC_DOUBLE, values.data(), values.size(), records);
    }
    odec_result solve(odec_batch batch, span<float> values,
                      span<odec_run_record> records = {}) {
        return solve_into(batch, ODEC_FLOAT, values.data(), values.size(), records);
    }

    odec_sizing sizing(const odec_batch &batch, bool direct = true,
                       std::int32_t device = 0) {
        odec_sizing sizing = init<odec_sizing>();
        context::check(context_,
                       odec_solver_sizing(at_, &batch, direct, device, &sizing));
        return sizing;
    }

    std::int32_t n_devices() const noexcept { return odec_solver_n_devices(at_); }
    odec_device_info device_info(std::int32_t i) const {
        odec_device_info info = init<odec_device_info>();
        context::check(nullptr, odec_solver_device_info(at_, i, &info));
        return info;
    }

private:
    odec_result solve_into(odec_batch &batch, odec_precision precision, void *values,
                           std::size_t n_values, span<odec_run_record> records) {
        odec_output output = init<odec_output>();
        batch.output = nullptr;
        if (precision != program_->precision) {
            throw error(ODEC_ERROR_ARGUMENT, "the values have another precision");
        }
        const std::int64_t n_saves = count_saves(batch);
        const std::int64_t n_runs = batch.n_runs;
        const auto n_columns = static_cast<std::int64_t>(program_->n_columns);
        // where it is no number of runs odec_solve says so
        const bool is_number = n_runs >= 1 && n_runs <= ODEC_MAX_RUNS;
        if (is_number && n_saves > INT64_MAX / n_columns / n_runs) {
            throw error(ODEC_ERROR_ARGUMENT, "more values than any memory has");
        }
        const std::int64_t wanted = is_number ? n_runs * n_saves * n_columns : 0;
        if (is_number && n_values != static_cast<std::uint64_t>(wanted)) {
            throw error(ODEC_ERROR_ARGUMENT,
                        "room for " + std::to_string(n_values) + " values, not " +
                            std::to_string(wanted));
        }
        if (is_number && !records.empty() && records.size() != static_cast<std::uint64_t>(n_runs)) {
            throw error(ODEC_ERROR_ARGUMENT,
                        "room for " + std::to_string(records.size()) +
                            " records, not " + std::to_string(n_runs));
        }
        output.values = values;
        output.n_saves = n_saves;
        output.records = records.empty() ? nullptr : records.data();
        batch.output = &output;
        return solve(static_cast<const odec_batch &>(batch));
    }

    std::int64_t count_saves(const odec_batch &batch) const {
        const double t0 = std::isnan(batch.t0) ? program_->t0 : batch.t0;
        const double t1 = std::isnan(batch.t1) ? program_->t1 : batch.t1;
        std::int64_t n = 1;
        if (const odec_save *save = batch.save ? batch.save : program_->save) {
            context::check(context_,
                           odec_save_times(context_, save, t0, t1, nullptr, 0, &n));
        }
        return n;
    }

    odec_context *context_;
    const odec_program *program_;
};

#ifdef ODEC_COMPILE_H
// A model's program, which lives as long as this; text that is no model throws its
// diagnostics.
class compilation : public owner<odec_compilation, odec_compilation_destroy> {
public:
    compilation(const char *file_name, const std::string &text,
                const odec_spec &spec = usual_spec()) {
        const odec_status status =
            odec_compile(file_name, text.data(), text.size(), &spec, &at_);
        if (status != ODEC_OK) {
            const error failed(status, at_ ? odec_compilation_diagnostics(at_) : "");
            throw failed;
        }
    }
    const odec_program &program() const {
        if (at_ == nullptr) {
            throw error(ODEC_ERROR_ARGUMENT, "the compilation was moved away");
        }
        return *odec_compilation_program(at_);
    }
    const char *diagnostics() const noexcept {
        return odec_compilation_diagnostics(at_);
    }
    static odec_spec usual_spec() noexcept {
        odec_spec spec{};
        spec.size = sizeof spec;
        spec.dt = spec.t0 = spec.t1 = spec.rtol = spec.dt_max = ODEC_NAN;
        return spec;
    }
};
#endif

} // namespace odec

#endif
