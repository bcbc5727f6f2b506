/* result_file.c -- see result_file.h. What all formats share: choosing one, room on the
 * disk, the note of what is complete, and errors in words.
 */
#define _GNU_SOURCE
#include "result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bytes.h"
#include "event.h"
#include "say.h"
#include "strbuf.h"

#define NOTE_SECONDS 1.0

static const struct result_format *const formats[] = {&result_format_csv,
                                                      &result_format_npy};

static bool ends_in(const char *path, const char *extension) {
    size_t n = strlen(path), m = strlen(extension);
    return n > m && strcmp(path + n - m, extension) == 0;
}

static odec_status find_format(struct odec_context *context, const char *path,
                               const struct result_format **out) {
    *out = &result_format_csv;
    if (strcmp(path, "-") == 0) {
        return ODEC_OK;
    }
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (ends_in(path, formats[i]->extension)) {
            *out = formats[i];
            return ODEC_OK;
        }
    }
    FAIL_IF(ends_in(path, ".nc"), context, ODEC_ERROR_ARGUMENT,
            "cannot write %s: NetCDF is not available yet; use .csv or .npy", path);
    return context_fail(
        context, ODEC_ERROR_ARGUMENT,
        "cannot tell the format of '%s': it must end in .csv or .npy, or be -", path);
}

odec_status result_file_check(struct odec_context *context, const char *path) {
    const struct result_format *format;
    return find_format(context, path, &format);
}

/* The directory that path is in, into a new string. */
static char *directory_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return strdup(".");
    }
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static odec_status check_room(struct odec_context *context, const char *path,
                              double least_bytes) {
    char *directory = directory_of(path);
    if (directory == NULL) {
        return context_out_of_memory(context);
    }
    struct statvfs info;
    bool known = strcmp(path, "-") != 0 && statvfs(directory, &info) == 0;
    double room = known ? (double)info.f_bavail * (double)info.f_frsize : 0;
    free(directory);
    char a[SAY_SIZE], b[SAY_SIZE];
    FAIL_IF(known && least_bytes > room, context, ODEC_ERROR_IO,
            "%s would take at least %s, and the disk has %s free", path,
            say_bytes(a, least_bytes < 9e18 ? (int64_t)least_bytes : INT64_MAX),
            say_bytes(b, (int64_t)room));
    return ODEC_OK;
}

odec_status result_file_room(struct odec_context *context, const char *path,
                             const struct result_about *about, int64_t *bytes,
                             bool *exact) {
    const struct result_format *format;
    *bytes = 0;
    *exact = false;
    TRY(find_format(context, path, &format));
    const double least = format->least_bytes(about);
    *bytes = least < 9e18 ? (int64_t)least : INT64_MAX;
    *exact = format->exact;
    return check_room(context, path, least);
}

char *result_file_sibling(const char *path, const char *extension, const char *other) {
    char *name;
    int stem = (int)(strlen(path) - strlen(extension));
    return asprintf(&name, "%.*s%s", stem, path, other) < 0 ? NULL : name;
}

int64_t result_run_number(const struct result_about *about, int64_t run) {
    return about->numbers ? about->numbers[run] : run;
}

const struct run_text *result_label(const struct result_about *about, int32_t i,
                                    int64_t run) {
    const struct run_label *label = &about->labels[i];
    return &label->at[result_run_number(about, run) * label->stride];
}

double run_axis_value(const struct run_axis *axis, int64_t run) {
    const struct odec_source *source = axis->source;
    if (source->kind == ODEC_SOURCE_COLUMN) {
        return source->column[run * source->stride];
    }
    return odec_grid_point(source->lo, source->hi, source->n, source->log,
                           run / source->repeat % source->n);
}

double result_final_time(const struct result_about *about,
                         const struct odec_run_record *record) {
    return record->status == ODEC_RUN_OK ? about->settings->t1 : record->t;
}

/* ---- the note of what is complete ---- */

static char *note_path(const struct result_file *file) {
    char *path;
    return asprintf(&path, "%s.partial.json", file->data.path) < 0 ? NULL : path;
}

/* {"runs": 1000, "complete": [[0, 300], [512, 768]], "bytes": 1234}: ends are not
 * included. */
static void note_text(const struct result_file *file, struct strbuf *out) {
    const char *comma = "";
    strbuf_add(out, "{\"runs\": %lld, \"complete\": [",
               (long long)file->about.batch->n_runs);
    for (int64_t i = 0; i < file->safe.n; i++) {
        const struct slice *slice = &file->safe.at[i];
        strbuf_add(out, "%s[%lld, %lld]", comma, (long long)slice->first,
                   (long long)(slice->first + slice->n_runs));
        comma = ", ";
    }
    strbuf_add(out, "], \"bytes\": %lld}\n", (long long)file->data.n_written);
}

/* Best effort: a note that cannot be written must not end the batch. */
static void write_note(const struct result_file *file) {
    struct strbuf text = {0};
    char *path = note_path(file), *new_path = NULL;
    note_text(file, &text);
    if (path == NULL || asprintf(&new_path, "%s.new", path) < 0) {
        new_path = NULL;
    }
    int fd = new_path && !text.failed
                 ? open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                        0666)
                 : -1;
    if (fd >= 0) {
        bool whole = bytes_write(fd, text.at, text.n);
        whole &= close(fd) == 0;
        if (!whole || rename(new_path, path) != 0) {
            unlink(new_path); /* the note before it stays */
        }
    }
    free(new_path);
    strbuf_release(&text);
    free(path);
}

static void remove_note(const struct result_file *file) {
    char *path = note_path(file);
    if (path) {
        unlink(path);
    }
    free(path);
}

/* ---- the file ---- */

static odec_status result_file_init(struct odec_context *context, const char *path,
                                    struct result_file *file) {
    TRY(find_format(context, path, &file->format));
    TRY(check_room(context, path, file->format->least_bytes(&file->about)));
    if (odec_context_create(&file->context) != ODEC_OK) {
        return context_out_of_memory(context);
    }
    TRY(out_file_create(context, path, &file->data));
    odec_status status = file->format->begin(file);
    FAIL_IF(status != ODEC_OK, context, status, "%s", result_file_error(file));
    return ODEC_OK;
}

odec_status result_file_create(struct odec_context *context, const char *path,
                               const struct result_about *about,
                               struct result_file **out) {
    *out = NULL;
    struct result_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return context_out_of_memory(context);
    }
    file->about = *about;
    file->data.fd = file->status.fd = -1;
    odec_status status = result_file_init(context, path, file);
    if (status != ODEC_OK) {
        result_file_destroy(file);
        return status;
    }
    *out = file;
    return ODEC_OK;
}

/* Sends on what is still in memory, so that all runs so far are in the file. */
static odec_status make_safe(struct result_file *file) {
    TRY(out_file_flush(&file->data));
    if (file->status.fd >= 0) {
        TRY(out_file_flush(&file->status));
    }
    return ranges_copy(&file->safe, &file->runs) == RANGES_OK ? ODEC_OK
                                                              : ODEC_ERROR_MEMORY;
}

static odec_status sink_write(void *user, const odec_portion *portion) {
    struct result_file *file = user;
    double start = clock_seconds();
    odec_status status = file->format->write(file, portion);
    double now = clock_seconds();
    if (status == ODEC_OK) {
        if (ranges_add(&file->runs, (struct slice){portion->first_run,
                                                   portion->n_runs}) != RANGES_OK) {
            status = context_out_of_memory(file->context);
        } else if (file->data.partial && now >= file->note_due) {
            file->note_due = now + NOTE_SECONDS;
            status = make_safe(file);
            write_note(file);
        }
    }
    file->seconds += now - start;
    return status;
}

struct odec_sink result_file_sink(struct result_file *file) {
    return (struct odec_sink){.size = sizeof(struct odec_sink),
                              .write = sink_write,
                              .user = file,
                              .any_order = file->format->any_order};
}

odec_status result_file_finish(struct result_file *file,
                               const struct odec_result *result) {
    double start = clock_seconds();
    odec_status status = file->format->finish(file, result);
    if (status == ODEC_OK) {
        status = out_file_commit(&file->data);
    }
    if (status == ODEC_OK) {
        file->finished = true;
        remove_note(file);
    }
    file->seconds += clock_seconds() - start;
    return status;
}

void result_file_keep(struct result_file *file) {
    make_safe(file); /* where it fails `safe` stays */
}

void result_file_destroy(struct result_file *file) {
    if (file == NULL) {
        return;
    }
    if (file->data.partial && !file->finished) {
        result_file_keep(file);
        bool keep = file->safe.n > 0;
        out_file_abandon(&file->data, keep);
        out_file_abandon(&file->status, keep);
        if (keep) {
            write_note(file);
        } else {
            remove_note(file);
        }
    }
    out_file_release(&file->data);
    out_file_release(&file->status);
    odec_context_destroy(file->context);
    ranges_release(&file->runs);
    ranges_release(&file->safe);
    if (file->format_data) {
        file->format->release(file);
    }
    free(file);
}

double result_file_seconds(const struct result_file *file) { return file->seconds; }

int64_t result_file_bytes(const struct result_file *file) {
    return file->data.n_written;
}

int64_t result_file_runs(const struct result_file *file) {
    return ranges_total(&file->safe);
}

const char *result_file_error(const struct result_file *file) {
    const struct out_file *failed = file->data.error     ? &file->data
                                    : file->status.error ? &file->status
                                                         : NULL;
    if (failed) {
        context_fail(file->context, ODEC_ERROR_IO, "cannot write %s: %s",
                     failed->fd == STDOUT_FILENO ? "standard output" : failed->path,
                     strerror(failed->error));
    }
    return odec_context_error(file->context);
}

bool result_file_is_broken_pipe(const struct result_file *file) {
    return file->data.error == EPIPE;
}
