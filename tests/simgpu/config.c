/* config.c -- reads the settings: "devices=2; memory=64M,32M; fault=17:out-of-memory".
 *
 * Settings stand apart by ';', devices by ',' (the last value is every further
 * device's) and the fields of a value by ':'. Numbers take K, M and G, which are powers
 * of 1024.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuda_api.h"

/* The codes that a fault can have, by name; a number does as well. */
static const struct {
    const char *name;
    CUresult code;
} codes[] = {
    {"out-of-memory", CUDA_ERROR_OUT_OF_MEMORY},
    {"no-device", CUDA_ERROR_NO_DEVICE},
    {"launch-failed", CUDA_ERROR_LAUNCH_FAILED},
    {"illegal-address", CUDA_ERROR_ILLEGAL_ADDRESS},
    {"lost", CUDA_ERROR_DEVICE_UNAVAILABLE},
    {"ecc", CUDA_ERROR_ECC_UNCORRECTABLE},
    {"unknown", CUDA_ERROR_UNKNOWN},
};

/* What NVRTC 13.0 says of itself. */
static const int standard_architectures[] = {75, 80,  86,  87,  88,  89,
                                             90, 100, 103, 110, 120, 121};

/* ---- pieces of text ---- */

/* The next piece of *text up to the separator, without blanks around it; *text moves
 * behind it. NULL: none is left. Writes into the text. */
static char *next_piece(char **text, char separator) {
    char *piece = *text;
    if (!piece) {
        return NULL;
    }
    char *end = strchr(piece, separator);
    *text = end ? end + 1 : NULL;
    if (end) {
        *end = '\0';
    }
    piece += strspn(piece, " \t\n");
    size_t n = strlen(piece);
    while (n > 0 && strchr(" \t\n", piece[n - 1])) {
        piece[--n] = '\0';
    }
    return piece;
}

static bool read_number(const char *text, double *out) {
    char *end;
    double x = text ? strtod(text, &end) : 0;
    if (!text || end == text || isnan(x)) {
        return false;
    }
    const char *const units = "KMG", *unit = *end ? strchr(units, *end) : NULL;
    if (unit) {
        x = ldexp(x, 10 * (int)(unit - units + 1));
        end++;
    }
    *out = x;
    return *end == '\0';
}

static bool read_integer(const char *text, long least, long most, long *out) {
    double x;
    if (!read_number(text, &x) || !(x >= least && x <= most) || x != floor(x)) {
        return false;
    }
    *out = (long)x;
    return true;
}

static bool read_int(const char *text, int least, int most, int *out) {
    long x;
    const bool ok = read_integer(text, least, most, &x);
    *out = ok ? (int)x : *out;
    return ok;
}

static bool read_code(const char *text, int *out) {
    for (size_t i = 0; text && i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(text, codes[i].name) == 0) {
            *out = codes[i].code;
            return true;
        }
    }
    return read_int(text, 1, 9999, out);
}

static bool read_choice(const char *text, const char *const *names, int n, int *out) {
    for (int i = 0; i < n; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* ---- settings of each device ---- */

/* A setting's place in each device's configuration. */
static double *device_place(struct config *config, int device, size_t offset) {
    return (double *)(void *)((char *)&config->devices[device] + offset);
}

/* "1,2,4" or, with a second member, "0.5:3,1:2". */
static bool read_device_list(struct config *config, char *text, size_t first,
                             const size_t *second) {
    double x = 0, y = 0;
    for (int i = 0; i < MAX_DEVICES; i++) {
        char *piece = next_piece(&text, ',');
        if (piece) {
            const char *x_text = next_piece(&piece, ':');
            if (!read_number(x_text, &x) || (second && !read_number(piece, &y)) ||
                (!second && piece)) {
                return false;
            }
        }
        *device_place(config, i, first) = x;
        if (second) {
            *device_place(config, i, *second) = y;
        }
    }
    return text == NULL;
}

/* "DEVICE:VALUE", of that device alone. */
static bool read_one_device(struct config *config, char *text, size_t offset) {
    int device = 0;
    double x = 0;
    if (!read_int(next_piece(&text, ':'), 0, MAX_DEVICES - 1, &device) ||
        !read_number(text, &x)) {
        return false;
    }
    *device_place(config, device, offset) = x;
    return true;
}

/* ---- settings of the machine ---- */

static bool read_driver(struct config *config, char *text) {
    int version = 0;
    if (!read_int(next_piece(&text, ':'), 0, 99999, &version)) {
        return false;
    }
    if (version > 0) {
        config->driver_version = version;
        return text == NULL;
    }
    config->init_error = CUDA_ERROR_NO_DEVICE;
    return !text || read_code(text, &config->init_error);
}

/* "N:CODE[:DEVICE]", behind "SYMBOL:" where it is of one function. */
static bool read_fault(struct config *config, char *text, bool has_symbol) {
    struct fault fault = {.device = -1};
    if (config->n_faults == MAX_FAULTS) {
        return false;
    }
    if (has_symbol) {
        snprintf(fault.symbol, sizeof fault.symbol, "%s", next_piece(&text, ':'));
    }
    if (!read_integer(next_piece(&text, ':'), 1, 1000000000, &fault.n) ||
        !read_code(next_piece(&text, ':'), &fault.code) ||
        (text && !read_int(text, 0, MAX_DEVICES - 1, &fault.device))) {
        return false;
    }
    config->faults[config->n_faults++] = fault;
    return true;
}

static bool read_architectures(struct config *config, char *text) {
    config->n_architectures = 0;
    for (char *piece; (piece = next_piece(&text, ','));) {
        if (config->n_architectures == MAX_ARCHITECTURES ||
            !read_int(piece, 10, 999,
                      &config->architectures[config->n_architectures])) {
            return false;
        }
        config->n_architectures++;
    }
    return true;
}

static bool read_setting(struct config *config, const char *name, char *value) {
    static const char *const nvml_names[] = {"ok", "missing", "lies"};
    static const char *const nvrtc_names[] = {"ok", "fail", "missing"};
    int choice = 0;
#define SETTING(member, standard)                                                      \
    if (strcmp(name, #member) == 0) {                                                  \
        return read_device_list(config, value, offsetof(struct device_config, member), \
                                NULL);                                                 \
    }
    DEVICE_SETTINGS(SETTING)
#undef SETTING
    if (strcmp(name, "slow") == 0) {
        const size_t factor = offsetof(struct device_config, slow_factor);
        return read_device_list(config, value,
                                offsetof(struct device_config, slow_at_s), &factor);
    }
    if (strcmp(name, "lost") == 0) {
        return read_one_device(config, value,
                               offsetof(struct device_config, lost_after_s));
    }
    if (strcmp(name, "lost_launch") == 0) {
        return read_one_device(config, value,
                               offsetof(struct device_config, lost_launch));
    }
    if (strcmp(name, "devices") == 0) {
        return read_int(value, 0, MAX_DEVICES, &config->n_devices);
    }
    if (strcmp(name, "driver") == 0) {
        return read_driver(config, value);
    }
    if (strcmp(name, "async") == 0) {
        const bool ok = read_int(value, 0, 1, &choice);
        config->async = choice;
        return ok;
    }
    if (strcmp(name, "default_stream") == 0) {
        const bool ok = read_int(value, 0, 1, &choice);
        config->default_stream = choice;
        return ok;
    }
    if (strcmp(name, "capturing") == 0) {
        const bool ok = read_int(value, 0, 1, &choice);
        config->capturing = choice;
        return ok;
    }
    if (strcmp(name, "fault") == 0 || strcmp(name, "fault_call") == 0) {
        return read_fault(config, value, strcmp(name, "fault_call") == 0);
    }
    if (strcmp(name, "nvml") == 0) {
        const bool ok = read_choice(value, nvml_names, 3, &choice);
        config->nvml = (enum nvml_mode)choice;
        return ok;
    }
    if (strcmp(name, "nvrtc") == 0) {
        const bool ok = read_choice(value, nvrtc_names, 3, &choice);
        config->nvrtc = (enum nvrtc_mode)choice;
        return ok;
    }
    if (strcmp(name, "nvrtc_version") == 0) {
        return read_int(value, 1000, 99999, &config->nvrtc_version);
    }
    return strcmp(name, "architectures") == 0 && read_architectures(config, value);
}

/* ---- all ---- */

static void config_standard(struct config *out) {
    *out = (struct config){
        .n_devices = 1, .driver_version = 13000, .nvrtc_version = 13000};
    for (int i = 0; i < MAX_DEVICES; i++) {
        out->devices[i] = (struct device_config){
#define SETTING(name, standard) .name = standard,
            DEVICE_SETTINGS(SETTING)
#undef SETTING
                .slow_at_s = (double)INFINITY,
            .slow_factor = 1, .lost_after_s = (double)INFINITY};
    }
    out->n_architectures =
        (int)(sizeof standard_architectures / sizeof *standard_architectures);
    memcpy(out->architectures, standard_architectures, sizeof standard_architectures);
}

bool config_read(const char *text, struct config *out, char *message, size_t size) {
    bool ok = true;
    config_standard(out);
    char *copy = strdup(text ? text : ""), *rest = copy;
    for (char *setting; copy && (setting = next_piece(&rest, ';'));) {
        if (*setting == '\0') {
            continue;
        }
        char shown[128];
        snprintf(shown, sizeof shown, "%s", setting);
        char *value = setting;
        const char *name = next_piece(&value, '=');
        if (!value || !read_setting(out, name, value)) {
            snprintf(message, size, "no such setting or value: %s", shown);
            ok = false;
        }
    }
    free(copy);
    if (out->n_devices == 0 && out->init_error == 0) {
        out->init_error = CUDA_ERROR_NO_DEVICE;
    }
    return ok;
}
