/* unit_formats.c -- what goes in and out as text and numbers: grids, save times, tables of runs,
 * decimals, bytes and counts in words.
 */
#define _GNU_SOURCE
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "decimal.h"
#include "grid.h"
#include "number.h"
#include "run_table.h"
#include "say.h"

static uint64_t random_state = UINT64_C(88172645463325252);

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* ---- grids ---- */

static void test_grid_ends(void **state) {
    (void)state;
    static const double ends[][2] = {{0, 28},         {0.1, 0.3},      {-5, 7},
                                     {7, -5},         {1e-300, 1e300}, {3, 3},
                                     {-1e308, 1e308}, {-0.1, -1e-9}};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        double lo = ends[i][0], hi = ends[i][1];
        for (int log = 0; log < 2; log++) {
            if (log && !(lo * hi > 0)) {
                continue;
            }
            for (int64_t n = 1; n < 200; n = 2 * n + 1) {
                assert_true(odec_grid_point(lo, hi, n, log, 0) == lo);
                assert_true(n == 1 || odec_grid_point(lo, hi, n, log, n - 1) == hi);
                for (int64_t k = 1; k + 1 < n; k++) {
                    double x = odec_grid_point(lo, hi, n, log, k);
                    assert_true(lo < hi ? x >= lo && x <= hi : x <= lo && x >= hi);
                }
            }
        }
    }
    assert_true(odec_grid_point(0, 9, 10, false, 4) == 4);
    assert_true(odec_grid_point(0, 1, 1000001, false, 500000) == 0.5);
}

/* Many at once are the same bits as one by one, whatever part is asked for. */
static void test_grid_fill(void **state) {
    (void)state;
    enum { N = 500 };
    for (int i = 0; i < 2000; i++) {
        struct grid grid = {.lo = 1 + (double)(random_word() % 100),
                            .hi = 0.1 * (double)(1 + random_word() % 1000),
                            .n = 1 + (int64_t)(random_word() % 40),
                            .repeat = 1 + (int64_t)(random_word() % 3) * 7,
                            .log = random_word() & 1};
        int64_t first = (int64_t)(random_word() % 10000),
                n = (int64_t)(random_word() % N);
        double values[N];
        float floats[N];
        grid_fill(&grid, first, n, ODEC_DOUBLE, values);
        grid_fill(&grid, first, n, ODEC_FLOAT, floats);
        for (int64_t k = 0; k < n; k++) {
            int64_t point = (first + k) / grid.repeat % grid.n;
            double one = odec_grid_point(grid.lo, grid.hi, grid.n, grid.log, point);
            assert_true(values[k] == one);
            assert_true(floats[k] == (float)one);
        }
    }
}

/* ---- save times ---- */

static void assert_times(odec_save save, double t0, double t1, int64_t n,
                         double before_last, double last) {
    static double times[100000];
    int64_t count;
    odec_context_clear(context);
    odec_status status = odec_save_times(context, &save, t0, t1, times, 100000, &count);
    assert_string_equal(odec_context_error(context), "");
    assert_int_equal(status, ODEC_OK);
    assert_int_equal(count, n);
    assert_true(times[n - 1] == last);
    assert_true(n < 2 || fabs(times[n - 2] - before_last) <= 1e-12 * fabs(before_last));
    for (int64_t i = 1; i < n; i++) {
        assert_true(times[i] > times[i - 1] && times[i] <= t1 && times[i - 1] >= t0);
    }
}

#define EVERY(x) \
    ((odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_EVERY, .dt = (x)})
#define COUNT(x) \
    ((odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_COUNT, .count = (x)})

static void test_save_times(void **state) {
    (void)state;
    assert_times((odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_FINAL}, 0, 2,
                 1, 0, 2);
    assert_times(EVERY(0.1), 0, 100, 1001, 99.9, 100);
    assert_times(EVERY(0.1), 0, 0.3, 4, 0.2, 0.3);
    assert_times(EVERY(0.3), 0, 1, 4, 0.6, fma(3, 0.3, 0));
    assert_times(EVERY(1.0 / 3), 0, 1e4, 30001, 1e4 - 1.0 / 3, 1e4);
    assert_times(EVERY(0.1), 1e6, 1e6 + 1, 11, 1e6 + 0.9, 1e6 + 1);
    assert_times(EVERY(5), 0, 1, 1, 0, 0);
    assert_times(COUNT(2), -1, 1, 2, -1, 1);
    assert_times(COUNT(11), 0, 1, 11, 0.9, 1);
    const double at[] = {0, 0.25, 1};
    assert_times(
        (odec_save){
            .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .at = at, .count = 3},
        0, 1, 3, 0.25, 1);
}

/* Listed times may repeat, and all of a span's that ends where it begins are one. */
static void test_times_that_repeat(void **state) {
    (void)state;
    static const double twice[] = {0, 0, 0.5, 0.5, 0.5, 1, 1}, same[] = {7, 7};
    const odec_save at = {
        .size = sizeof at, .kind = ODEC_SAVE_AT, .at = twice, .count = 7};
    const odec_save at_7 = {
        .size = sizeof at, .kind = ODEC_SAVE_AT, .at = same, .count = 2};
    const odec_save empty[] = {{.size = sizeof at, .kind = ODEC_SAVE_FINAL},
                               EVERY(1),
                               EVERY(1e-300),
                               at_7,
                               COUNT(5)};
    static const int64_t counts[] = {1, 1, 1, 2, 5};
    double times[7];
    int64_t n;
    assert_int_equal(odec_save_times(context, &at, 0, 1, times, 7, &n), ODEC_OK);
    assert_int_equal(n, 7);
    assert_memory_equal(times, twice, sizeof twice);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(odec_save_times(context, &empty[i], 7, 7, times, 7, &n),
                         ODEC_OK);
        assert_int_equal(n, counts[i]);
        for (int64_t k = 0; k < n; k++) {
            assert_true(times[k] == 7);
        }
    }
}

static void assert_no_times(odec_save save, double t0, double t1, const char *text) {
    int64_t count;
    odec_context_clear(context);
    assert_int_equal(odec_save_times(context, &save, t0, t1, NULL, 0, &count),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), text);
}

static void test_save_errors(void **state) {
    (void)state;
    const double late[] = {0.5, 2}, falling[] = {0.5, 0.25};
    assert_no_times(EVERY(0), 0, 1, "the save interval must be positive, not 0");
    assert_no_times(EVERY(1e-12), 0, 1,
                    "saving every 1e-12 gives 1e+12 save times; at most 100000000 are "
                    "possible");
    assert_no_times(EVERY(1e-12), 1e9, 1e9 + 1e-5,
                    "the save interval 1e-12 is too small to move the time at 1e+09");
    assert_no_times(COUNT(1), 0, 1,
                    "evenly spaced save times include both ends: at least 2, not 1");
    assert_no_times(COUNT(INT64_C(1) << 60), 0, 1,
                    "1152921504606846976 save times; at most 100000000 are possible");
    assert_no_times(EVERY(1), 0, NAN, "the time span 0 .. nan is not finite");
    assert_no_times(EVERY(1), INFINITY, 0, "the time span inf .. 0 is not finite");
    assert_no_times(
        (odec_save){
            .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .at = late, .count = 2},
        0, 1, "save time 2 is outside the time span 0 .. 1");
    assert_no_times(
        (odec_save){
            .size = sizeof(odec_save), .kind = ODEC_SAVE_AT, .at = falling, .count = 2},
        0, 1, "save times must ascend: 0.25 comes after 0.5");
    assert_no_times((odec_save){.size = sizeof(odec_save),
                                .kind = ODEC_SAVE_AT,
                                .at = (const double[]){0.25, 0.5},
                                .count = 2},
                    1, 0,
                    "save times must descend, as the time span does: 0.5 comes after "
                    "0.25");
    assert_no_times((odec_save){.size = sizeof(odec_save), .kind = ODEC_SAVE_AT}, 0, 1,
                    "no save time is given");
}

/* ---- numbers ---- */

/* Doubles of every kind: random bits, decimals of few digits, powers of two, floats. */
static double random_real(int kind) {
    uint64_t bits = random_word();
    double value;
    float single;
    switch (kind % 5) {
    case 0:
        memcpy(&value, &bits, sizeof value);
        return isnan(value) ? 1 : value;
    case 1:
        return (double)(int64_t)bits / 9.3e16;
    case 2:
        return ldexp(1, (int)(bits % 2098) - 1074);
    case 3:
        return ldexp((double)(bits % 4096), -(int)(bits >> 56) / 4); /* ties are here */
    default:
        memcpy(&single, &bits, sizeof single);
        return isnan(single) ? 1 : (double)single;
    }
}

static void test_decimals_are_printf_s(void **state) {
    (void)state;
    static struct decimal decimal;
    decimal_init(&decimal);
    for (int i = 0; i < 500000; i++) {
        double value = random_real(i);
        int digits = i & 1 ? 17 : 9;
        char expected[64], got[DECIMAL_SIZE + 1];
        snprintf(expected, sizeof expected, "%.*g", digits,
                 digits == 17 ? value : (double)(float)value);
        float single = (float)value;
        if (digits == 17) {
            got[decimal_double(&decimal, got, value)] = '\0';
        } else {
            char *end = decimal_floats(&decimal, got, &single, 1);
            assert_int_equal(end[-1], ',');
            end[-1] = '\0';
        }
        assert_string_equal(got, expected);
    }
    static const int64_t integers[] = {0,  9,   10,     99,        100,
                                       -1, -10, 123456, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        char expected[64], got[DECIMAL_SIZE + 1];
        snprintf(expected, sizeof expected, "%lld", (long long)integers[i]);
        got[decimal_integer(&decimal, got, integers[i])] = '\0';
        assert_string_equal(got, expected);
    }
    char got[DECIMAL_SIZE + 1];
    got[decimal_double(&decimal, got, -NAN)] = '\0';
    assert_string_equal(got, "nan");
}

static void test_numbers_are_strtod_s(void **state) {
    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[64];
        double value = random_real(i), got;
        if (!isfinite(value)) {
            continue;
        }
        int n = snprintf(text, sizeof text, "%.*g", 1 + i % 20, value);
        double expected = strtod(text, NULL);
        if (isfinite(expected)) { /* rounding up the largest number overflows */
            assert_true(number_real(text, text + n, (locale_t)0, &got));
            assert_true(got == expected);
        }
    }
    static const struct {
        const char *text;
        double value; /* NaN: not a number */
    } rows[] = {{"28", 28},
                {"-1.5e-3", -1.5e-3},
                {".5", 0.5},
                {"5.", 5},
                {"+3", 3},
                {"1E6", 1e6},
                {"0x10", NAN},
                {"inf", NAN},
                {"nan", NAN},
                {"", NAN},
                {".", NAN},
                {"-", NAN},
                {"1e", NAN},
                {"1e+", NAN},
                {"1 ", NAN},
                {"1.2.3", NAN},
                {"1e999", NAN},
                {"1e-999", 0},
                {"--1", NAN},
                {"1,5", NAN},
                {"9007199254740993", 9007199254740992.0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double got = NAN;
        const char *end = rows[i].text + strlen(rows[i].text);
        bool read = number_real(rows[i].text, end, (locale_t)0, &got);
        assert_int_equal(read, !isnan(rows[i].value));
        assert_true(!read || got == rows[i].value);
    }
}

static void test_words(void **state) {
    (void)state;
    char a[SAY_SIZE];
    assert_string_equal(say_bytes(a, 1023), "1023 B");
    assert_string_equal(say_bytes(a, INT64_C(3328599655)), "3.1 GiB");
    assert_string_equal(say_count(a, 1234567), "1,234,567");
    assert_string_equal(say_count(a, -100), "-100");
    assert_string_equal(say_rate(a, 1234567), "1.23 M");
    assert_string_equal(say_real(a, 0.1), "0.1");
    assert_string_equal(say_seconds(a, 0.1234), "0.123 s");
    assert_string_equal(say_seconds(a, 125), "2:05");
    assert_string_equal(say_seconds(a, 3725), "1:02:05");
}

/* ---- tables of runs ---- */

static char path[64];

static void write_table(const char *text, size_t n) {
    strcpy(path, "/tmp/odec-table-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static void test_table_right(void **state) {
    (void)state;
    static const char *const texts[] = {
        "k,x(0)\n1,2\n3,4\n",
        "\xef\xbb\xbfk,x(0)\r\n1,2\r\n3,4\r\n\r\n",
        " \"k\" , x(0)\n  1 ,\"2\"\n3.0, 4e0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct run_table table;
        write_table(texts[i], strlen(texts[i]));
        assert_int_equal(run_table_read(context, path, &table), ODEC_OK);
        unlink(path);
        assert_int_equal(table.n_rows, 2);
        assert_int_equal(table.n_columns, 2);
        assert_string_equal(table.names[0], "k");
        assert_string_equal(table.names[1], "x(0)");
        const double expected[] = {1, 2, 3, 4};
        assert_memory_equal(table.values, expected, sizeof expected);
        run_table_release(&table);
    }
}

static void test_table_wrong(void **state) {
    (void)state;
    static const struct {
        const char *text, *error; /* after the path */
        size_t n;
    } rows[] = {
        {"", ":1: the file is empty", 0},
        {"\n \n", ":1: the file is empty", 0},
        {"k\n", ":1: names, but no row of values", 0},
        {"k,\n1,2\n", ":1: column 2 has no name: a comma at the end of the line?", 0},
        {"k,,b\n1,2,3\n", ":1: column 2 has no name", 0},
        {",k\n0,1\n",
         ":1: column 1 has no name; an index? Write the table without it (in pandas "
         "index=False, in R row.names=FALSE)",
         0},
        {"\"\",\"k\"\n\"1\",1\n",
         ":1: column 1 has no name; an index? Write the table without it (in pandas "
         "index=False, in R row.names=FALSE)",
         0},
        {"k,b\n1,2,\n",
         ":2: 3 values, the first line has 2 names: a comma at the end of the line?",
         0},
        {"k,b\n\"1\",1,2\n",
         ":2: 3 values, the first line has 2 names: names of rows, or an index, in front?",
         0},
        {"k,b\n0,5,1,2\n",
         ":2: 4 values, the first line has 2 names: decimal commas? Numbers have a decimal "
         "point (in pandas decimal='.')",
         0},
        {"k,b\n\"0,5\",1\n",
         ":2: '0,5' is not a number (column 'k'): it is to have a decimal point", 0},
        {"k;b\n0,5;1\n",
         ":1: columns seem to be separated by ';': here it is ',', and numbers have a decimal "
         "point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)",
         0},
        {"\"k\";\"b\"\n1;1\n",
         ":1: columns seem to be separated by ';': here it is ',', and numbers have a decimal "
         "point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)",
         0},
        {"\"k\"\t\"b\"\n1\t1\n",
         ":1: columns seem to be separated by tabs: here it is ',', and numbers have a decimal "
         "point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)",
         0},
        {"k b\n1 1\n",
         ":1: columns seem to be separated by spaces: here it is ',', and numbers have a "
         "decimal point (in pandas to_csv(sep=',', decimal='.'), in R write.csv)",
         0},
        {"k,b\r1,2\r", ":1: a line ends in CR alone: save the table with LF or CR LF",
         0},
        {"k,b\n1,2\r3,4\n",
         ":2: a line ends in CR alone: save the table with LF or CR LF", 0},
        {"\xff\xfek\0", ":1: this is UTF-16: save the table as UTF-8", 4},
        {"\xfe\xff\0k", ":1: this is UTF-16: save the table as UTF-8", 4},
        {"k,b\n1,2\n\r\n3,4\n", ":3: an empty line, and rows behind it", 0},
        {"k,k\n1,2\n", ":1: two columns are called 'k'", 0},
        {"k,b\n1,2\n3\n", ":3: 1 value, the first line has 2 names", 0},
        {"k,b\n1,2\n3,4,5\n", ":3: 3 values, the first line has 2 names", 0},
        {"k,b\n1,two\n", ":2: 'two' is not a number (column 'b')", 0},
        {"k,b\n1,\n", ":2: no value for 'b'", 0},
        {"k,b\n1,nan\n", ":2: 'nan' is not a number (column 'b')", 0},
        {"k,b\n1,1e999\n", ":2: '1e999' is not a number (column 'b')", 0},
        {"k\n\"1\n", ":2: a quote is not closed", 0},
        {"k\n\"1\"2\n", ":2: text after a closing quote", 0},
        {"k\n1\n\n2\n", ":3: an empty line, and rows behind it", 0},
        {"k\n1\n\0\n", ":3: this is not a text file", 6},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_table table;
        write_table(rows[i].text, rows[i].n ? rows[i].n : strlen(rows[i].text));
        odec_context_clear(context);
        assert_int_equal(run_table_read(context, path, &table), ODEC_ERROR_ARGUMENT);
        unlink(path);
        const char *error = odec_context_error(context);
        assert_memory_equal(error, path, strlen(path));
        assert_string_equal(error + strlen(path), rows[i].error);
    }
    struct run_table table;
    odec_context_clear(context);
    assert_int_equal(run_table_read(context, "/nowhere/runs.csv", &table),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "cannot read /nowhere/runs.csv: No such file or directory");
    odec_context_clear(context);
    assert_int_equal(run_table_read(context, "/tmp", &table), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "cannot read /tmp: Is a directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_ends),
        cmocka_unit_test(test_grid_fill),
        cmocka_unit_test(test_save_times),
        cmocka_unit_test(test_times_that_repeat),
        cmocka_unit_test(test_save_errors),
        cmocka_unit_test(test_decimals_are_printf_s),
        cmocka_unit_test(test_numbers_are_strtod_s),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_table_right),
        cmocka_unit_test(test_table_wrong),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
