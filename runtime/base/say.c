/* say.c -- see say.h. */
#include "say.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

char *say_bytes(char buffer[SAY_SIZE], int64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    double value = (double)bytes;
    while (fabs(value) >= 1024 && unit < 6) {
        value /= 1024;
        unit++;
    }
    snprintf(buffer, SAY_SIZE, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return buffer;
}

char *say_count(char buffer[SAY_SIZE], int64_t count) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)count);
    char *p = buffer;
    for (int i = 0; i < n; i++) {
        *p++ = digits[i];
        int left = n - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') {
            *p++ = ',';
        }
    }
    *p = '\0';
    return buffer;
}

char *say_rate(char buffer[SAY_SIZE], double per_second) {
    static const char *const units[] = {"", " k", " M", " G", " T"};
    int unit = 0;
    while (per_second >= 999.5 && unit < 4) {
        per_second /= 1000;
        unit++;
    }
    snprintf(buffer, SAY_SIZE, "%.3g%s", per_second, units[unit]);
    return buffer;
}

char *say_real(char buffer[SAY_SIZE], double value) {
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, SAY_SIZE, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) {
            break;
        }
    }
    return buffer;
}

char *say_bounds(char buffer[SAY_BOUNDS], double lo, double hi) {
    char low[SAY_SIZE], high[SAY_SIZE];
    const bool is_low = isfinite(lo), is_high = isfinite(hi);
    snprintf(buffer, SAY_BOUNDS, "%s%s..%s%s", is_low ? say_real(low, lo) : "",
             is_low ? " " : "", is_high ? " " : "", is_high ? say_real(high, hi) : "");
    return buffer;
}

char *say_seconds(char buffer[SAY_SIZE], double seconds) {
    if (seconds < 60) {
        snprintf(buffer, SAY_SIZE, seconds < 10 ? "%.3f s" : "%.1f s", seconds);
    } else {
        double whole = fmin(floor(seconds), 1e9);
        long total = (long)whole, hours = total / 3600;
        int minutes = (int)(total / 60 % 60), rest = (int)(total % 60);
        if (hours > 0) {
            snprintf(buffer, SAY_SIZE, "%ld:%02d:%02d", hours, minutes, rest);
        } else {
            snprintf(buffer, SAY_SIZE, "%d:%02d", minutes, rest);
        }
    }
    return buffer;
}
