/* device_table.c -- see device_table.h.
 *
 *   device  what it is                     memory                    load  power  temp
 * ... cpu     Intel(R) Xeon(R), 16 cores     31.2 GiB of 128.0 GiB     12 %      -  48
 * C cuda:0  NVIDIA H200, 132 multiproc...  0.5 GiB of 139.8 GiB       0 %   75 W  34 C
 *   cuda:1: the GPU is lost
 *
 * In JSON an array of objects, all with the same members; null is not known:
 *
 *   name, description                          "cuda:0", "NVIDIA H200, ..."
 *   missing                                    why it cannot be used; null where it can
 *   memory_used, memory_total                  bytes
 *   utilization, watts, celsius, mhz           0 .. 1, ...
 *   runs_per_second, runs_done                 as measured (--measure), of this process
 *   unknown, refused, not_measured             why values are null; null: no reason
 *
 * Where no GPU can be seen an object with the name "cuda" says why.
 */
#include "device_table.h"

#include <stdio.h>
#include <string.h>

#include "say.h"

/* COLUMN(name, head) */
#define COLUMNS                 \
    COLUMN(NAME, "device")      \
    COLUMN(WHAT, "what it is")  \
    COLUMN(MEMORY, "memory")    \
    COLUMN(LOAD, "load")        \
    COLUMN(POWER, "power")      \
    COLUMN(TEMPERATURE, "temp") \
    COLUMN(CLOCK, "clock")      \
    COLUMN(RATE, "runs/s") /* where it is known of any device */

enum column {
#define COLUMN(name, head) COLUMN_##name,
    COLUMNS
#undef COLUMN
        N_COLUMNS
};

enum { CELL_SIZE = 160, REFUSED_SIZE = 512 };

struct row {
    char cells[N_COLUMNS][CELL_SIZE];
};

static const struct row head = {{
#define COLUMN(name, head) head,
    COLUMNS
#undef COLUMN
}};

static void write_real(char cell[CELL_SIZE], const char *format, double value) {
    if (isnan(value)) {
        snprintf(cell, CELL_SIZE, "-");
    } else {
        snprintf(cell, CELL_SIZE, format, value);
    }
}

static void write_memory(char cell[CELL_SIZE], const odec_device_state *state) {
    char used[SAY_SIZE] = "-", total[SAY_SIZE];
    if (state->memory_total < 0) {
        snprintf(cell, CELL_SIZE, "-");
        return;
    }
    if (state->memory_used >= 0) {
        say_bytes(used, state->memory_used);
    }
    snprintf(cell, CELL_SIZE, "%s of %s", used, say_bytes(total, state->memory_total));
}

static void write_row(struct row *row, const odec_device_state *state) {
    char rate[SAY_SIZE];
    snprintf(row->cells[COLUMN_NAME], CELL_SIZE, "%s", state->name);
    snprintf(row->cells[COLUMN_WHAT], CELL_SIZE, "%s", state->description);
    write_memory(row->cells[COLUMN_MEMORY], state);
    write_real(row->cells[COLUMN_LOAD], "%.0f %%", 100 * state->utilization);
    write_real(row->cells[COLUMN_POWER], "%.0f W", state->watts);
    write_real(row->cells[COLUMN_TEMPERATURE], "%.0f C", state->celsius);
    write_real(row->cells[COLUMN_CLOCK], "%.0f MHz", state->mhz);
    snprintf(row->cells[COLUMN_RATE], CELL_SIZE, "%s",
             isnan(state->runs_per_second) ? "-"
                                           : say_rate(rate, state->runs_per_second));
}

/* Texts to the left, numbers to the right. */
static void add_row(struct strbuf *out, const struct row *row, const int *widths,
                    int n_columns) {
    for (int c = 0; c < n_columns; c++) {
        strbuf_add(out, c < COLUMN_MEMORY ? "%s%-*s" : "%s%*s", c ? "  " : "",
                   widths[c], row->cells[c]);
    }
    strbuf_add(out, "\n");
}

/* ---- below the table ---- */

static const char *missing_of(const odec_device_state *state) { return state->missing; }
static const char *unknown_of(const odec_device_state *state) { return state->unknown; }

/* "cuda:0, cuda:1: no NVRTC ...": each text once, after the names that it holds for. */
static void add_reasons(struct strbuf *out, const odec_devices *devices,
                        const char *(*reason)(const odec_device_state *state)) {
    const int32_t n = odec_devices_count(devices);
    odec_device_state state = ODEC_DEVICE_STATE_INIT, other = ODEC_DEVICE_STATE_INIT;
    for (int32_t i = 0; i < n; i++) {
        odec_devices_get(devices, i, &state);
        bool is_told = reason(&state)[0] == '\0';
        for (int32_t k = 0; k < i && !is_told; k++) {
            odec_devices_get(devices, k, &other);
            is_told = strcmp(reason(&other), reason(&state)) == 0;
        }
        if (is_told) {
            continue;
        }
        strbuf_add(out, "%s", state.name);
        for (int32_t k = i + 1; k < n; k++) {
            odec_devices_get(devices, k, &other);
            if (strcmp(reason(&other), reason(&state)) == 0) {
                strbuf_add(out, ", %s", other.name);
            }
        }
        strbuf_add(out, ": %s\n", reason(&state));
    }
}

static void add_refusals(struct strbuf *out, const odec_devices *devices) {
    for (int32_t i = 0; i < odec_devices_count(devices); i++) {
        odec_device_state state = ODEC_DEVICE_STATE_INIT;
        char text[REFUSED_SIZE];
        odec_devices_get(devices, i, &state);
        int64_t n = odec_devices_refused(devices, i, text, sizeof text);
        if (n > 0) {
            strbuf_add(out, "%s: %lld value%s refused: %s\n", state.name, (long long)n,
                       n > 1 ? "s" : "", text);
        }
    }
}

void device_table(const odec_devices *devices, const struct measured *measured,
                  struct strbuf *out) {
    const int32_t n = odec_devices_count(devices);
    struct row row;
    int widths[N_COLUMNS];
    int n_columns = COLUMN_RATE;
    odec_device_state state = ODEC_DEVICE_STATE_INIT;
    for (int c = 0; c < N_COLUMNS; c++) {
        widths[c] = (int)strlen(head.cells[c]);
    }
    for (int32_t i = 0; i < n; i++) {
        odec_devices_get(devices, i, &state);
        write_row(&row, &state);
        for (int c = 0; c < N_COLUMNS && state.description[0]; c++) {
            int width = (int)strlen(row.cells[c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
        n_columns = isnan(state.runs_per_second) ? n_columns : N_COLUMNS;
    }
    add_row(out, &head, widths, n_columns);
    for (int32_t i = 0; i < n; i++) {
        odec_devices_get(devices, i, &state);
        if (state.description[0]) { /* else there is nothing to show but a reason */
            write_row(&row, &state);
            add_row(out, &row, widths, n_columns);
        }
    }
    add_reasons(out, devices, missing_of);
    add_reasons(out, devices, unknown_of);
    add_refusals(out, devices);
    for (int32_t i = 0; i < n && measured; i++) {
        if (measured[i].failure[0]) {
            odec_devices_get(devices, i, &state);
            strbuf_add(out, "%s: not measured: %s\n", state.name, measured[i].failure);
        }
    }
}

/* ---- JSON ---- */

static void add_text(struct strbuf *out, const char *key, const char *text) {
    strbuf_add(out, ", \"%s\": ", key);
    if (text[0]) {
        strbuf_add_json_string(out, text);
    } else {
        strbuf_add(out, "null");
    }
}

static void add_real(struct strbuf *out, const char *key, double value) {
    strbuf_add(out, ", \"%s\": ", key);
    strbuf_add_json_real(out, value);
}

static void add_count(struct strbuf *out, const char *key, int64_t count) {
    if (count < 0) {
        add_text(out, key, "");
    } else {
        strbuf_add(out, ", \"%s\": %lld", key, (long long)count);
    }
}

static void add_object(struct strbuf *out, const odec_devices *devices, int32_t i,
                       const struct measured *measured) {
    odec_device_state state = ODEC_DEVICE_STATE_INIT;
    char refused[REFUSED_SIZE];
    odec_devices_get(devices, i, &state);
    odec_devices_refused(devices, i, refused, sizeof refused);
    strbuf_add(out, "{\"name\": ");
    strbuf_add_json_string(out, state.name);
    add_text(out, "description", state.description);
    add_text(out, "missing", state.missing);
    add_count(out, "memory_used", state.memory_used);
    add_count(out, "memory_total", state.memory_total);
    add_real(out, "utilization", state.utilization);
    add_real(out, "watts", state.watts);
    add_real(out, "celsius", state.celsius);
    add_real(out, "mhz", state.mhz);
    add_real(out, "runs_per_second", state.runs_per_second);
    add_count(out, "runs_done", state.runs_done);
    add_text(out, "unknown", state.unknown);
    add_text(out, "refused", refused);
    add_text(out, "not_measured", measured ? measured[i].failure : "");
    strbuf_add(out, "}");
}

void device_json(const odec_devices *devices, const struct measured *measured,
                 bool one_line, struct strbuf *out) {
    strbuf_add(out, "[");
    for (int32_t i = 0; i < odec_devices_count(devices); i++) {
        strbuf_add(out, "%s%s", i ? "," : "", one_line ? i ? " " : "" : "\n  ");
        add_object(out, devices, i, measured);
    }
    strbuf_add(out, one_line ? "]\n" : "\n]\n");
}
