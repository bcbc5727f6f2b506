/* calculator.c -- integrates a model that its user gives, and says what is wrong with it in words
 * of its own:
 *
 *   calculator MODEL.ode PARAMETER VALUE...
 */
#include <odec_compile.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_BYTES = 1 << 16, MOST_VALUES = 100 };

static void explain(const odec_table *table) {
    const odec_compilation *c = table->compilation;
    const int32_t n = c ? odec_compilation_n_diagnostics(c) : 0;
    for (int32_t i = 0; i < n; i++) {
        odec_diagnostic d = ODEC_DIAGNOSTIC_INIT;
        if (odec_compilation_diagnostic(c, i, &d) == ODEC_OK) {
            printf("line %d, columns %d to %d: %s%s%s%s\n", (int)d.line, (int)d.column,
                   (int)d.end_column, d.text, *d.hint ? " (" : "", d.hint,
                   *d.hint ? ")" : "");
        }
    }
    if (n == 0) {
        printf("%s\n", table->error);
    }
}

int main(int argc, char **argv) {
    static char text[MOST_BYTES];
    FILE *file = argc > 3 ? fopen(argv[1], "rb") : NULL;
    if (!file || argc - 3 > MOST_VALUES) {
        fputs("usage: calculator MODEL.ode PARAMETER VALUE...\n", stderr);
        return 2;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);

    double values[MOST_VALUES];
    for (int i = 3; i < argc; i++) {
        values[i - 3] = atof(argv[i]);
    }
    const odec_setting setting = {.name = argv[2], .column = values};
    const odec_save at_the_end = ODEC_SAVE_INIT;
    odec_run_options options = ODEC_RUN_OPTIONS_INIT;
    odec_table *table;
    options.file_name = argv[1];
    options.n_runs = argc - 3;
    options.settings = &setting;
    options.n_settings = 1;
    options.save = &at_the_end;
    const odec_status status = odec_run_text(text, &options, &table);
    if (!table) {
        fputs("calculator: out of memory\n", stderr);
    } else if (status != ODEC_OK) {
        explain(table);
    }
    for (int64_t run = 0; status == ODEC_OK && run < table->n_runs; run++) {
        printf("%s = %g:", argv[2], values[run]);
        for (int64_t k = 0; k < table->n_columns; k++) {
            printf("%s %s = %.8g", k ? "," : "", table->columns[k],
                   table->values[run * table->n_columns + k]);
        }
        printf(" (%s)\n", odec_run_status_text(table->records[run].status));
    }
    odec_table_destroy(table);
    return status != ODEC_OK;
}
