/* units.c -- units of measure: their algebra, and what their names mean.
 *
 * A unit is a product of names with integer exponents, as the user wrote it. To compare
 * two, each name is worked out: the table below knows the common units in terms of SI's
 * base units with a factor, and the SI prefixes; any other name is a base of its own.
 * So nS*mV is pA, mV and V differ by a factor, and cells/mL is what it says.
 */
#include "units.h"

#include <math.h>
#include <string.h>

/* ---- the algebra of names ---- */

struct unit *unit_one(struct arena *arena) {
    return ARENA_NEW(arena, struct unit);
}

static struct unit *new_unit(struct arena *arena, int capacity) {
    return arena_alloc(arena, sizeof(struct unit) +
                                  sizeof(struct unit_factor) * (size_t)capacity);
}

/* Multiplies `unit`, which has room, by name^exponent. */
static void multiply_by(struct unit *unit, const char *name, int exponent) {
    int i = 0;
    while (i < unit->n && strcmp(unit->at[i].name, name) != 0) {
        i++;
    }
    if (i == unit->n) {
        unit->at[unit->n++] = (struct unit_factor){name, 0};
    }
    unit->at[i].exponent += exponent;
    if (unit->at[i].exponent == 0) {
        memmove(&unit->at[i], &unit->at[i + 1],
                sizeof unit->at[0] * (size_t)(unit->n - i - 1));
        unit->n--;
    }
}

struct unit *unit_power(struct arena *arena, const char *name, int exponent) {
    struct unit *unit = new_unit(arena, 1);
    multiply_by(unit, name, exponent);
    return unit;
}

static struct unit *combine(struct arena *arena, const struct unit *a,
                            const struct unit *b, int sign) {
    struct unit *unit = new_unit(arena, a->n + b->n);
    for (int i = 0; i < a->n; i++) {
        multiply_by(unit, a->at[i].name, a->at[i].exponent);
    }
    for (int i = 0; i < b->n; i++) {
        multiply_by(unit, b->at[i].name, sign * b->at[i].exponent);
    }
    return unit;
}

struct unit *unit_times(struct arena *arena, const struct unit *a,
                        const struct unit *b) {
    return combine(arena, a, b, 1);
}

struct unit *unit_over(struct arena *arena, const struct unit *a,
                       const struct unit *b) {
    return combine(arena, a, b, -1);
}

const char *unit_text(struct arena *arena, const struct unit *unit) {
    struct text out = {.arena = arena};
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int i = 0; i < unit->n; i++) {
            int exponent = sign * unit->at[i].exponent;
            if (exponent <= 0) {
                continue;
            }
            text_add(&out, "%s%s",
                     sign < 0 ? out.n ? "/" : "1/"
                     : out.n  ? "*"
                              : "",
                     unit->at[i].name);
            if (exponent > 1) {
                text_add(&out, "^%d", exponent);
            }
        }
    }
    return out.n ? out.at : "1";
}

/* ---- what names mean ---- */

enum { KG, M, S, A, K, MOL, N_BASES };

static const struct known {
    const char *name;
    bool prefixes; /* takes SI prefixes */
    double factor;
    signed char exponents[N_BASES];
} known_units[] = {
    {"g", true, 1e-3, {[KG] = 1}},
    {"m", true, 1, {[M] = 1}},
    {"s", true, 1, {[S] = 1}},
    {"A", true, 1, {[A] = 1}},
    {"K", true, 1, {[K] = 1}},
    {"mol", true, 1, {[MOL] = 1}},
    {"L", true, 1e-3, {[M] = 3}},
    {"l", true, 1e-3, {[M] = 3}},
    {"M", true, 1e3, {[MOL] = 1, [M] = -3}},
    {"Hz", true, 1, {[S] = -1}},
    {"N", true, 1, {[KG] = 1, [M] = 1, [S] = -2}},
    {"Pa", true, 1, {[KG] = 1, [M] = -1, [S] = -2}},
    {"J", true, 1, {[KG] = 1, [M] = 2, [S] = -2}},
    {"W", true, 1, {[KG] = 1, [M] = 2, [S] = -3}},
    {"V", true, 1, {[KG] = 1, [M] = 2, [S] = -3, [A] = -1}},
    {"C", true, 1, {[S] = 1, [A] = 1}},
    {"F", true, 1, {[KG] = -1, [M] = -2, [S] = 4, [A] = 2}},
    {"S", true, 1, {[KG] = -1, [M] = -2, [S] = 3, [A] = 2}},
    {"ohm", true, 1, {[KG] = 1, [M] = 2, [S] = -3, [A] = -2}},
    {"H", true, 1, {[KG] = 1, [M] = 2, [S] = -2, [A] = -2}},
    {"T", true, 1, {[KG] = 1, [S] = -2, [A] = -1}},
    {"Wb", true, 1, {[KG] = 1, [M] = 2, [S] = -2, [A] = -1}},
    {"min", false, 60, {[S] = 1}},
    {"h", false, 3600, {[S] = 1}},
    {"d", false, 86400, {[S] = 1}},
    {"day", false, 86400, {[S] = 1}},
    {"rad", false, 1, {0}},
};

static const struct {
    const char *name;
    double factor;
} prefixes[] = {{"p", 1e-12}, {"n", 1e-9}, {"u", 1e-6}, {"m", 1e-3},
                {"c", 1e-2},  {"d", 1e-1}, {"h", 1e2},  {"k", 1e3},
                {"M", 1e6},   {"G", 1e9},  {"T", 1e12}, {"f", 1e-15}};

static const char *const base_names[N_BASES] = {"kg", "m", "s", "A", "K", "mol"};

static bool is_base(const char *name) {
    int i = 0;
    while (i < N_BASES && strcmp(base_names[i], name) != 0) {
        i++;
    }
    return i < N_BASES;
}

static const struct known *find_known(const char *name) {
    for (size_t i = 0; i < sizeof known_units / sizeof *known_units; i++) {
        if (strcmp(known_units[i].name, name) == 0) {
            return &known_units[i];
        }
    }
    return NULL;
}

/* A known unit behind a prefix, or NULL. */
static const struct known *find_prefixed(const char *name, double *factor) {
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const struct known *known =
            name[0] == prefixes[i].name[0] ? find_known(name + 1) : NULL;
        if (known && known->prefixes) {
            *factor = prefixes[i].factor;
            return known;
        }
    }
    return NULL;
}

/* The unit in terms of base names, and its factor. */
static struct unit *work_out(struct arena *arena, const struct unit *unit,
                             double *factor) {
    struct unit *bases = new_unit(arena, unit->n + N_BASES);
    *factor = 1;
    for (int i = 0; i < unit->n; i++) {
        const char *name = unit->at[i].name;
        int exponent = unit->at[i].exponent;
        double prefix = 1;
        const struct known *known = find_known(name);
        known = known ? known : find_prefixed(name, &prefix);
        if (!known) {
            multiply_by(bases, name, exponent);
            continue;
        }
        *factor *= pow(prefix * known->factor, exponent);
        for (int k = 0; k < N_BASES; k++) {
            if (known->exponents[k]) {
                multiply_by(bases, base_names[k], known->exponents[k] * exponent);
            }
        }
    }
    return bases;
}

bool unit_can_be_time(struct arena *arena, const struct unit *unit) {
    double factor;
    const struct unit *bases = work_out(arena, unit, &factor);
    bool known = true;
    for (int i = 0; i < bases->n; i++) {
        known = known && is_base(bases->at[i].name);
    }
    const bool seconds = bases->n == 1 && strcmp(bases->at[0].name, "s") == 0 &&
                         bases->at[0].exponent == 1;
    return !known || bases->n == 0 || seconds;
}

/* ---- names that are nearly known ---- */

/* Words in small letters, of which any mixture of case, a plural and a prefix are
 * understood. Names of one letter are left alone: they may be anything. */
static const struct {
    const char *word, *unit;
} words[] = {
    {"sec", "s"},    {"second", "s"},   {"minute", "min"}, {"mins", "min"},
    {"min", "min"},  {"hr", "h"},       {"hour", "h"},     {"day", "d"},
    {"liter", "L"},  {"litre", "L"},    {"ltr", "L"},      {"gram", "g"},
    {"gramme", "g"}, {"gm", "g"},       {"kg", "kg"},      {"meter", "m"},
    {"metre", "m"},  {"mol", "mol"},    {"mole", "mol"},   {"molar", "M"},
    {"volt", "V"},   {"mv", "mV"},      {"amp", "A"},      {"ampere", "A"},
    {"kelvin", "K"}, {"ohm", "ohm"},    {"siemens", "S"},  {"hz", "Hz"},
    {"hertz", "Hz"}, {"newton", "N"},   {"pascal", "Pa"},  {"kpa", "kPa"},
    {"joule", "J"},  {"kj", "kJ"},      {"watt", "W"},     {"kw", "kW"},
    {"farad", "F"},  {"coulomb", "C"},  {"henry", "H"},    {"tesla", "T"},
    {"weber", "Wb"}, {"radian", "rad"}, {"rad", "rad"},    {"mcg", "ug"},
    {"mcl", "uL"},   {"micron", "um"},
};

static const struct {
    const char *word;
    char letter;
} prefix_words[] = {{"pico", 'p'},  {"nano", 'n'}, {"micro", 'u'}, {"milli", 'm'},
                    {"centi", 'c'}, {"deci", 'd'}, {"kilo", 'k'},  {"mega", 'M'},
                    {"giga", 'G'},  {"tera", 'T'}, {"femto", 'f'}};

static char small(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

/* Where `name` begins with `word`, whatever the case: what follows; else NULL. */
static const char *after_word(const char *name, const char *word) {
    while (*word && small(*name) == *word) {
        name++;
        word++;
    }
    return *word ? NULL : name;
}

/* The unit whose word, with or without a plural's s, is the whole name; or NULL. */
static const char *unit_of_word(const char *name) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *rest = after_word(name, words[i].word);
        if (rest && (*rest == '\0' || (small(*rest) == 's' && rest[1] == '\0'))) {
            return words[i].unit;
        }
    }
    return NULL;
}

static bool takes_prefixes(const char *unit) {
    const struct known *known = find_known(unit);
    return known && known->prefixes;
}

const char *unit_suggestion(struct arena *arena, const char *name) {
    double factor;
    if (find_known(name) || find_prefixed(name, &factor)) {
        return NULL;
    }
    const char *unit = unit_of_word(name);
    for (size_t i = 0; !unit && i < sizeof prefix_words / sizeof *prefix_words; i++) {
        const char *rest = after_word(name, prefix_words[i].word);
        const char *base = rest ? unit_of_word(rest) : NULL;
        if (base && takes_prefixes(base)) {
            unit = arena_printf(arena, "%c%s", prefix_words[i].letter, base);
        }
    }
    for (size_t i = 0; !unit && i < sizeof prefixes / sizeof *prefixes; i++) {
        const bool prefixed = name[0] == prefixes[i].name[0];
        const char *base = prefixed ? unit_of_word(name + 1) : NULL;
        if (base && takes_prefixes(base)) {
            unit = arena_printf(arena, "%c%s", name[0], base);
        }
    }
    return unit;
}

enum unit_relation unit_compare(struct arena *arena, const struct unit *a,
                                const struct unit *b, double *ratio) {
    double factor;
    const struct unit *quotient = work_out(arena, unit_over(arena, a, b), &factor);
    *ratio = factor;
    if (quotient->n > 0) {
        return UNITS_DIFFERENT;
    }
    return fabs(factor - 1) < 1e-9 ? UNITS_SAME : UNITS_SCALED;
}
