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
#include <strings.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "batch_id.h"
#include "bytes.h"
#include "event.h"
#include "path.h"
#include "say.h"
#include "strbuf.h"

#define NOTE_SECONDS 1.0
#define NOTE_SHARE 0.1 /* of the time, at most, for flushing to the disk */

static const struct result_format *const formats[] = {&result_format_csv,
                                                      &result_format_npy};

static bool ends_in(const char *path, const char *extension) {
    size_t n = strlen(path), m = strlen(extension);
    return n > m && strcasecmp(path + n - m, extension) == 0;
}

/* NULL: none that we know. */
static const struct result_format *format_of(const char *path) {
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (ends_in(path, formats[i]->extension)) {
            return formats[i];
        }
    }
    return strcmp(path, "-") == 0 ? &result_format_csv : NULL;
}

static odec_status find_format(struct odec_context *context, const char *path,
                               const struct result_format **out) {
    *out = format_of(path);
    FAIL_IF(*out == NULL && ends_in(path, ".nc"), context, ODEC_ERROR_ARGUMENT,
            "cannot write %s: NetCDF is not available yet; use .csv or .npy", path);
    FAIL_IF(*out == NULL, context, ODEC_ERROR_ARGUMENT,
            "cannot tell the format of '%s': it must end in .csv or .npy, or be -",
            path);
    return ODEC_OK;
}

odec_status result_file_check(struct odec_context *context, const char *path) {
    const struct result_format *format;
    return find_format(context, path, &format);
}

/* Where a stream goes to is not ours to ask. */
static odec_status check_room(struct odec_context *context, const char *path,
                              double least_bytes) {
    struct stat former;
    if (out_file_is_standard_output(path) ||
        (stat(path, &former) == 0 && !S_ISREG(former.st_mode))) {
        return ODEC_OK;
    }
    char *target = path_follow(path);
    char *directory = target ? path_directory(target) : NULL;
    free(target);
    if (directory == NULL) {
        return errno == ELOOP ? ODEC_OK /* which opening it tells */
                              : context_out_of_memory(context);
    }
    struct statvfs info;
    bool known = statvfs(directory, &info) == 0;
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

char *result_file_part(const char *path, int i) {
    const struct result_format *format = format_of(path);
    char *name;
    if (format == NULL || i >= RESULT_PARTS || (i > 0 && format->beside[i] == NULL)) {
        return NULL;
    }
    int stem = (int)(strlen(path) - (i ? strlen(format->extension) : 0));
    return asprintf(&name, "%.*s%s", stem, path, i ? format->beside[i] : "") < 0 ? NULL
                                                                                 : name;
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
    return asprintf(&path, "%s.partial.json", file->parts[RESULT_DATA].path) < 0 ? NULL
                                                                                 : path;
}

/* {"runs": 1000, "complete": [[0, 300], [512, 768]], "bytes": 1234, "batch": "0f3a..."}: ends
 * are not included. */
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
    strbuf_add(out, "], \"bytes\": %lld, \"batch\": \"%s\"}\n",
               (long long)file->parts[RESULT_DATA].n_written, file->batch);
}

/* The whole note under a name that was not there, for whom the result is. */
static bool write_new_note(const struct result_file *file, const char *new_path,
                           const struct strbuf *text) {
    struct stat info;
    unlink(new_path); /* of one that was killed: nothing that was there is opened */
    if (fstat(file->parts[RESULT_DATA].fd, &info) != 0) {
        return false;
    }
    int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                  info.st_mode & 0777);
    bool whole = fd >= 0 && bytes_write(fd, text->at, text->n) && fsync(fd) == 0;
    return fd >= 0 && close(fd) == 0 && whole;
}

/* Best effort: a note that cannot be written must not end the batch. */
static void write_note(const struct result_file *file) {
    struct strbuf text = {0};
    char *path = note_path(file), *new_path = NULL;
    note_text(file, &text);
    if (path && !text.failed && out_file_has_its_name(&file->parts[RESULT_DATA]) &&
        asprintf(&new_path, "%s.new", path) >= 0) {
        if (write_new_note(file, new_path, &text) && rename(new_path, path) == 0) {
            path_sync_directory(path);
        } else {
            unlink(new_path); /* the note before it stays */
        }
        free(new_path);
    }
    strbuf_release(&text);
    free(path);
}

/* For good: before what it tells of changes. */
static odec_status remove_note(struct result_file *file) {
    if (!out_file_has_its_name(&file->parts[RESULT_DATA])) {
        return ODEC_OK; /* not ours: what comes next finds out */
    }
    char *path = note_path(file);
    if (path == NULL) {
        return context_out_of_memory(file->context);
    }
    const int error = unlink(path) == 0 ? path_sync_directory(path)
                      : errno == ENOENT ? 0
                                        : errno;
    if (error) {
        context_fail(file->context, ODEC_ERROR_IO, "cannot write %s: %s", path,
                     strerror(error));
    }
    free(path);
    return error ? ODEC_ERROR_IO : ODEC_OK;
}

/* ---- the file ---- */

/* All parts, beside the name that was given, so that what is in the way of the last is found
 * before any work. */
static odec_status create_parts(struct odec_context *context, struct result_file *file,
                                const char *path) {
    struct out_file *parts = file->parts;
    TRY(out_file_create(context, path, &parts[RESULT_DATA]));
    for (int i = RESULT_DATA + 1; i < RESULT_PARTS && file->format->beside[i]; i++) {
        FAIL_IF(out_file_is_stream(&parts[RESULT_DATA]), context, ODEC_ERROR_IO,
                "cannot write %s: it is a pipe or a device, and %s needs a plain file",
                path, file->format->extension);
        char *name = result_file_part(path, i);
        odec_status status = name ? out_file_create(context, name, &parts[i])
                                  : context_out_of_memory(context);
        free(name);
        TRY(status);
        parts[i].has_sum = parts[RESULT_DATA].has_sum = true;
    }
    return ODEC_OK;
}

static odec_status result_file_init(struct odec_context *context, const char *path,
                                    struct result_file *file) {
    TRY(find_format(context, path, &file->format));
    TRY(check_room(context, path, file->format->least_bytes(&file->about)));
    if (odec_context_create(&file->context) != ODEC_OK) {
        return context_out_of_memory(context);
    }
    file->path = strdup(path);
    if (file->path == NULL) {
        return context_out_of_memory(context);
    }
    TRY(create_parts(context, file, path));
    batch_id(&file->about, file->batch);
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
    for (int i = 0; i < RESULT_PARTS; i++) {
        file->parts[i].fd = -1;
    }
    odec_status status = result_file_init(context, path, file);
    if (status != ODEC_OK) {
        result_file_destroy(file);
        return status;
    }
    *out = file;
    return ODEC_OK;
}

/* Sends on what is still in memory, so that all runs so far are in the file; the first time,
 * this is where an earlier run's NAME.partial goes. */
static odec_status make_safe(struct result_file *file) {
    struct out_file *data = &file->parts[RESULT_DATA];
    struct out_file *status = &file->parts[RESULT_STATUS];
    TRY(out_file_sync(data));
    TRY(status->at ? out_file_sync(status) : ODEC_OK);
    if (data->at && !file->is_published) {
        TRY(remove_note(file)); /* of the earlier run */
        TRY(out_file_publish(data));
        TRY(out_file_publish(status));
        file->is_published = true;
    }
    return ranges_copy(&file->safe, &file->runs) == RANGES_OK ? ODEC_OK
                                                              : ODEC_ERROR_MEMORY;
}

/* Makes safe and notes, from time to time, so that a slow disk does not do this alone. */
static odec_status note_runs(struct result_file *file, double now) {
    if (file->parts[RESULT_DATA].at == NULL || now < file->note_due) {
        return ODEC_OK;
    }
    TRY(make_safe(file));
    write_note(file);
    const double taken = clock_seconds() - now;
    file->note_due = now + NOTE_SECONDS + taken / NOTE_SHARE;
    return ODEC_OK;
}

static odec_status sink_write(void *user, const odec_portion *portion) {
    struct result_file *file = user;
    const struct slice slice = {portion->first_run, portion->n_runs};
    double start = clock_seconds();
    odec_status status = file->format->write(file, portion);
    if (status == ODEC_OK) {
        status = ranges_add(&file->runs, slice) == RANGES_OK
                     ? note_runs(file, clock_seconds())
                     : context_out_of_memory(file->context);
    }
    file->seconds += clock_seconds() - start;
    return status;
}

struct odec_sink result_file_sink(struct result_file *file) {
    return (struct odec_sink){.size = sizeof(struct odec_sink),
                              .write = sink_write,
                              .user = file,
                              .any_order = file->format->any_order};
}

/* All parts under their names, as result_file.h draws it. */
static odec_status commit_parts(struct result_file *file) {
    struct out_file *parts = file->parts;
    TRY(make_safe(file));
    TRY(parts[RESULT_ABOUT].at ? out_file_sync(&parts[RESULT_ABOUT]) : ODEC_OK);
    for (int i = RESULT_PARTS - 1; i > RESULT_DATA; i--) {
        TRY(out_file_remove_former(&parts[i]));
    }
    TRY(remove_note(file));
    for (int i = 0; i < RESULT_PARTS; i++) {
        TRY(parts[i].fd >= 0 ? out_file_commit(&parts[i]) : ODEC_OK);
    }
    return ODEC_OK;
}

odec_status result_file_finish(struct result_file *file,
                               const struct odec_result *result) {
    double start = clock_seconds();
    odec_status status = file->format->finish(file, result);
    if (status == ODEC_OK) {
        status = commit_parts(file);
    }
    file->seconds += clock_seconds() - start;
    return status;
}

void result_file_keep(struct result_file *file) {
    if (file->runs.n > 0) {
        make_safe(file); /* where it fails `safe` stays */
    }
}

void result_file_destroy(struct result_file *file) {
    if (file == NULL) {
        return;
    }
    if (file->parts[RESULT_DATA].at) {
        result_file_keep(file);
        if (file->is_published) {
            write_note(file);
        }
    }
    for (int i = 0; i < RESULT_PARTS; i++) {
        out_file_release(&file->parts[i]);
    }
    if (file->format_data) {
        file->format->release(file); /* whose threads are the context's */
    }
    odec_context_destroy(file->context);
    ranges_release(&file->runs);
    ranges_release(&file->safe);
    free(file->path);
    free(file);
}

double result_file_seconds(const struct result_file *file) { return file->seconds; }

int64_t result_file_bytes(const struct result_file *file) {
    return file->parts[RESULT_DATA].n_written;
}

int64_t result_file_runs(const struct result_file *file) {
    return ranges_total(&file->safe);
}

const char *result_file_error(const struct result_file *file) {
    for (int i = 0; i < RESULT_PARTS; i++) {
        const struct out_file *part = &file->parts[i];
        if (part->error) {
            context_fail(file->context, ODEC_ERROR_IO, "cannot write %s: %s",
                         part->fd == STDOUT_FILENO ? "standard output" : part->path,
                         out_file_trouble(part));
            break;
        }
    }
    return odec_context_error(file->context);
}

bool result_file_is_broken_pipe(const struct result_file *file) {
    return file->parts[RESULT_DATA].error == EPIPE;
}

bool result_file_is_unguarded(const struct result_file *file) {
    const struct out_file *data = &file->parts[RESULT_DATA];
    return data->at && !data->is_locked;
}

const char *result_file_place(const struct result_file *file) {
    const struct out_file *data = &file->parts[RESULT_DATA];
    return data->at ? data->at : data->fd == -1 && data->path ? data->path : "";
}
