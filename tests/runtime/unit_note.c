/* unit_note.c -- NAME.partial.json, the note of which runs NAME.partial holds: whoever
 * looks at it sees a whole one, of some time, whatever becomes of the next; and nothing
 * else is left beside the two files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bytes.h"
#include "result_file.h"
#include "runtime_support.h"

enum { N_RUNS = 1000, PORTION = 100 };

#define FIRST_NOTE "{\"runs\": 1000, \"complete\": [[0, 100]], \"bytes\": "
#define LAST_NOTE "{\"runs\": 1000, \"complete\": [[0, 300]], \"bytes\": "

/* ---- a result that is not finished ---- */

struct part {
    odec_program program;
    odec_batch batch;
    struct settings settings;
    struct result_about about;
    struct result_file *file;
    char name[32], note[160]; /* of the note: where it is */
};

static void part_open(struct part *part, const char *name) {
    *part = (struct part){.program = decay_program(), .batch = batch_of(N_RUNS, NULL)};
    snprintf(part->name, sizeof part->name, "%s", name);
    snprintf(part->note, sizeof part->note, "%s.partial.json", in_directory(name));
    assert_int_equal(
        settings_resolve(context, &part->program, &part->batch, &part->settings),
        ODEC_OK);
    part->about = (struct result_about){
        .program = &part->program, .batch = &part->batch, .settings = &part->settings};
    assert_int_equal(
        result_file_create(context, in_directory(name), &part->about, &part->file),
        ODEC_OK);
}

/* The first portion is noted at once, the others at the end. */
static void part_write(struct part *part, int64_t first) {
    static const double values[PORTION];
    static const struct odec_run_record records[PORTION];
    const odec_portion portion = {.size = sizeof portion,
                                  .first_run = first,
                                  .n_runs = PORTION,
                                  .values = values,
                                  .records = records};
    odec_sink sink = result_file_sink(part->file);
    assert_int_equal(sink.write(sink.user, &portion), ODEC_OK);
    part->file->note_due = INFINITY; /* however slow this machine is */
}

static void part_close(struct part *part) {
    result_file_destroy(part->file);
    settings_release(&part->settings);
}

static struct bytes read_all(int fd) {
    struct bytes bytes;
    assert_true(fd >= 0 && bytes_read(NULL, fd, 1 << 20, &bytes));
    close(fd);
    return bytes;
}

static struct bytes note_of(const struct part *part) {
    return read_all(open(part->note, O_RDONLY));
}

static void assert_begins(const struct bytes *text, const char *with) {
    assert_true(text->n > strlen(with));
    assert_memory_equal(text->at, with, strlen(with));
}

/* NAME.partial and its note are all that begins with NAME. */
static void assert_nothing_else(const struct part *part) {
    DIR *entries = opendir(in_directory(""));
    int n = 0;
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        n += strncmp(entry->d_name, part->name, strlen(part->name)) == 0;
    }
    closedir(entries);
    assert_int_equal(n, 2);
}

/* ---- tests ---- */

/* Who has opened a note before there is another reads the one that was opened. */
static void test_reader_sees_one_note(void **state) {
    (void)state;
    struct part part;
    part_open(&part, "read.csv");
    part_write(&part, 0);
    struct bytes before = note_of(&part);
    assert_begins(&before, FIRST_NOTE);
    int reader = open(part.note, O_RDONLY);
    part_write(&part, 100);
    part_write(&part, 200);
    part_close(&part);
    struct bytes read = read_all(reader), after = note_of(&part);
    assert_string_equal((const char *)read.at, (const char *)before.at);
    assert_begins(&after, LAST_NOTE);
    assert_nothing_else(&part);
    bytes_release(&before);
    bytes_release(&read);
    bytes_release(&after);
}

/* The disk is full in the middle of the last note: the first one stays as it was. */
static void test_failed_note_leaves_last(void **state) {
    (void)state;
    struct part part;
    struct rlimit limit, none;
    part_open(&part, "full.csv");
    part_write(&part, 0);
    struct bytes before = note_of(&part);
    assert_begins(&before, FIRST_NOTE);
    part_write(&part, 100);
    part_write(&part, 200);
    result_file_keep(part.file);
    assert_int_equal(result_file_runs(part.file), 300);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    none = (struct rlimit){strlen(LAST_NOTE), limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    part_close(&part);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    struct bytes after = note_of(&part);
    assert_string_equal((const char *)after.at, (const char *)before.at);
    assert_nothing_else(&part);
    bytes_release(&before);
    bytes_release(&after);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_sees_one_note),
        cmocka_unit_test(test_failed_note_leaves_last),
    };
    return cmocka_run_group_tests(tests, runtime_begin, runtime_end);
}
