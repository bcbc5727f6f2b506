/* identity.c -- the same run gives the same bits however the batch is worked off.
 *
 * Every model's batch is solved by threads 1, 2 x chunks 1, 7, 1000, none x lanes 1, 2,
 * 4, 8 x gcc, clang x a kernel just compiled or cached, and as large kernels are compiled, and one
 * digest must come out;
 * then every run alone must give the bytes it has in the batch, and so must a kernel whose
 * runs could stop on their way. Some runs fail on purpose: how a failed run ends is part of
 * the promise.
 */
#include "stops.h"
#include "support.h"

static const char pole[] =
    "model pole \"a pole for positive a, a square root's end\"\n"
    "par a = 1\ninit x = 1, r = 1\n"
    "x' = a*x^2\nr' = -a*sqrt(r)*r - 0.3*(if a > 1 then 1 else 0)\n";

static const char many[] =
    "model many \"every function once or so\"\n"
    "par a = 1\n"
    "init x = 1, y = 0.5\n"
    "f(u) = if u > 0.3 and not (u > 2) then atan2(u, 1 + u^2) else cbrt(u) + erf(u)\n"
    "x' = -x + f(y)*cosh(0.1*x) - log1p(x^2)/7 + hypot(x, y)^0.3 - mod(t, 1)/3\n"
    "y' = a*sin(t + 100*a) - tanh(y) + expm1(-y^2) + asinh(x)*exp(-t) + max(x, y)/10\n"
    "out z = x/y + log10(1 + abs(y)) + floor(10*x)\n";

static const char singular[] =
    "model singular \"derivatives that are infinite at the start, and later\"\n"
    "par a = 1\n"
    "init x = 0, y = 0, z = 0\n"
    "x' = 1 - x^(0.3 + abs(a)) + hypot(x, y)^0.3 - cbrt(y)\n"
    "y' = exp(0.5*log(t) - t) - y + acos(1 - x)/9 - max(x - a, 0)^0.4\n"
    "z' = a*atan2(y, x) - z + 1/(1 + (2/x)^2) + t^(0.7 + a)\n";

static const char bounded[] =
    "model bounded \"states that come to their bounds, and some that leave them\"\n"
    "par a = 1\n"
    "init x = a in 0 .. 2, y = 0.5 in 0 .., s = 0 in .. 1, w = 0.6 in 0 .., v = 0.6\n"
    "x' = 0.1*sin(9*t) - 0.4\ny' = -40*y*(1 + a*a)\ns' = 8*(1 - s)\n"
    "w' = w*(1 - w - 0.8*v)\nv' = 3*v*(1 - 1.3*w - v)\nout top = s + t\n";

static const struct model_case {
    const char *name;
    const char *example, *text; /* one of them */
    struct trial trial;
    double lo, hi; /* the first parameter goes from lo to hi */
} cases[] = {
    {.name = "lorenz adaptive final",
     .example = "lorenz",
     .trial = {.method = "tsit5", .rtol = 1e-7, .t1 = 5},
     .lo = 0,
     .hi = 40},
    {.name = "lorenz fixed saves",
     .example = "lorenz",
     .trial = {.method = "rk4",
               .dt = 0.013,
               .t1 = 3,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_EVERY,
                        .dt = 0.05}},
     .lo = 0,
     .hi = 40},
    {.name = "vanderpol float saves",
     .example = "vanderpol",
     .trial = {.method = "bs3",
               .precision = "float",
               .rtol = 1e-4,
               .t1 = 10,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 41}},
     .lo = 0.1,
     .hi = 30},
    {.name = "lotka float fixed",
     .example = "lotka_volterra",
     .trial = {.method = "heun", .precision = "float", .dt = 0.01, .t1 = 10},
     .lo = 0,
     .hi = 10},
    {.name = "hodgkin saves",
     .example = "hodgkin_huxley",
     .trial = {.method = "dopri5",
               .rtol = 1e-5,
               .t1 = 20,
               .save = {.size = sizeof(odec_save), .kind = ODEC_SAVE_EVERY, .dt = 0.7}},
     .lo = 0.5,
     .hi = 3},
    {.name = "pendulum saves",
     .example = "pendulum",
     .trial = {.method = "vern7",
               .rtol = 1e-8,
               .t1 = 10,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 33}},
     .lo = 1,
     .hi = 20},
    {.name = "pole adaptive saves",
     .text = pole,
     .trial = {.method = "tsit5",
               .rtol = 1e-6,
               .t1 = 2,
               .max_attempts = 4000,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 21}},
     .lo = -1,
     .hi = 4},
    {.name = "pole fixed saves",
     .text = pole,
     .trial = {.method = "rk4",
               .dt = 0.0078,
               .t1 = 2,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 21}},
     .lo = -1,
     .hi = 3},
    {.name = "many functions",
     .text = many,
     .trial = {.method = "tsit5",
               .rtol = 1e-6,
               .t1 = 5,
               .max_attempts = 3000,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 11}},
     .lo = -2,
     .hi = 2},
    {.name = "robertson saves",
     .example = "robertson",
     .trial = {.method = "rodas5p",
               .rtol = 1e-6,
               .t1 = 1e4,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 21}},
     .lo = 0.01,
     .hi = 0.1},
    {.name = "hires float",
     .example = "hires",
     .trial = {.method = "rodas4", .precision = "float", .rtol = 1e-4, .t1 = 100},
     .lo = 1,
     .hi = 3},
    {.name = "pollution in calls",
     .example = "pollution",
     .trial = {.method = "rosenbrock23", .rtol = 1e-4, .t1 = 10},
     .lo = 0.2,
     .hi = 0.5},
    {.name = "functions, stiff",
     .text = many,
     .trial = {.method = "rodas5p",
               .rtol = 1e-6,
               .t1 = 5,
               .max_attempts = 3000,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 11}},
     .lo = -2,
     .hi = 2},
    {.name = "infinite derivatives",
     .text = singular,
     .trial = {.method = "rodas5p", .rtol = 1e-5, .t1 = 1, .max_attempts = 3000},
     .lo = -1,
     .hi = 1},
    {.name = "infinite derivatives, float",
     .text = singular,
     .trial = {.method = "rodas4",
               .precision = "float",
               .rtol = 1e-4,
               .t1 = 1,
               .max_attempts = 3000},
     .lo = -1,
     .hi = 1},
    {.name = "bounds",
     .text = bounded,
     .trial = {.method = "tsit5",
               .rtol = 1e-5,
               .t1 = 3,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 40}},
     .lo = -0.5,
     .hi = 2.5},
    {.name = "bounds, stiff, float",
     .text = bounded,
     .trial = {.method = "rodas5p", .precision = "float", .rtol = 1e-4, .t1 = 3},
     .lo = -0.5,
     .hi = 2.5},
    {.name = "bounds, fixed steps",
     .text = bounded,
     .trial = {.method = "tsit5",
               .dt = 0.01,
               .t1 = 3,
               .save = {.size = sizeof(odec_save),
                        .kind = ODEC_SAVE_COUNT,
                        .count = 40}},
     .lo = -0.5,
     .hi = 2.5},
    {.name = "bounds, fixed steps, stiff, backwards",
     .text = bounded,
     .trial = {.method = "rodas4", .dt = 0.01, .t0 = 3, .t1 = 2},
     .lo = -0.5,
     .hi = 2.5},
};

enum { N_RUNS = 203, MAX_PARS = 32 };

static struct trial trial_of(const struct model_case *c, char **text,
                             odec_source *pars) {
    struct trial trial = c->trial;
    *text = c->example ? example_text(c->example) : NULL;
    trial.text = *text ? *text : c->text;
    memset(pars, 0, MAX_PARS * sizeof *pars);
    pars[0] = (odec_source){
        .kind = ODEC_SOURCE_GRID, .lo = c->lo, .hi = c->hi, .n = N_RUNS, .repeat = 1};
    trial.pars = pars;
    trial.n_runs = N_RUNS;
    return trial;
}

/* ---- every run alone ---- */

static void check_alone(const struct model_case *c, const struct trial *whole,
                        const struct outcome *batch) {
    odec_source pars[MAX_PARS] = {{0}};
    struct trial trial = *whole;
    trial.pars = pars;
    trial.n_runs = 1;
    struct machine *m = machine_of(&trial);
    for (int run = 0; run < N_RUNS; run++) {
        pars[0] =
            (odec_source){.kind = ODEC_SOURCE_UNIFORM,
                          .value = odec_grid_point(c->lo, c->hi, N_RUNS, false, run)};
        struct outcome o = outcome_of(m, &trial);
        const bool same =
            memcmp(o.bytes, batch->bytes + (size_t)run * o.row_bytes, o.row_bytes) ==
                0 &&
            memcmp(o.records, &batch->records[run], sizeof *o.records) == 0;
        if (!same) {
            fail_msg("%s: run %d alone is not what it is in the batch", c->name, run);
        }
        outcome_release(&o);
    }
    machine_destroy(m);
}

/* ---- every way to work a batch off ---- */

static void check_same(const struct model_case *c, const struct outcome *first,
                       const struct outcome *o, const struct trial *trial) {
    if (strcmp(first->result.digest, o->result.digest) == 0 &&
        memcmp(first->records, o->records, N_RUNS * sizeof *o->records) == 0) {
        return;
    }
    int run = 0;
    while (run < N_RUNS - 1 &&
           memcmp(first->bytes + (size_t)run * o->row_bytes,
                  o->bytes + (size_t)run * o->row_bytes, o->row_bytes) == 0 &&
           memcmp(&first->records[run], &o->records[run], sizeof *o->records) == 0) {
        run++;
    }
    fail_msg(
        "%s: %s lanes %d threads %d chunk %lld: run %d differs: %.17g and %.17g "
        "(status %d and %d, accepted %lld and %lld, rejected %lld and %lld, t %.17g and %.17g)",
        c->name, trial->compiler, trial->lanes, trial->threads, (long long)trial->chunk,
        run, value(first, run, 0, 0), value(o, run, 0, 0), first->records[run].status,
        o->records[run].status, first->records[run].n_accepted,
        o->records[run].n_accepted, first->records[run].n_rejected,
        o->records[run].n_rejected, first->records[run].t, o->records[run].t);
}

static void check_ways(const struct model_case *c, const struct trial *base,
                       const struct outcome *first, const char *compiler, int lanes) {
    static const int64_t chunks[] = {0, 1, 7, 1000};
    struct trial trial = *base;
    trial.compiler = compiler;
    trial.lanes = lanes;
    for (int threads = 1; threads <= 2; threads++) {
        for (int k = 0; k < 4; k++) {
            trial.threads = threads;
            trial.chunk = chunks[k];
            struct machine *m = machine_of(&trial);
            const bool cold = threads == 1 && k == 0;
            assert_int_equal(odec_solver_cache_hit(m->solver), !cold);
            odec_device_info info = ODEC_DEVICE_INFO_INIT;
            odec_solver_device_info(m->solver, 0, &info);
            assert_int_equal(info.n_threads, threads);
            struct outcome o = outcome_of(m, &trial);
            check_same(c, first, &o, &trial);
            outcome_release(&o);
            machine_destroy(m);
        }
    }
}

/* As a kernel is compiled that is too large for all of the compiler's effort. */
static void check_large(const struct model_case *c, const struct trial *base,
                        const struct outcome *first, const char *compiler) {
    struct trial trial = *base;
    trial.compiler = compiler;
    trial.large = true;
    for (int lanes = 1; lanes <= 8; lanes *= 4) {
        trial.lanes = lanes;
        struct machine *m = machine_of(&trial);
        assert_false(odec_solver_cache_hit(m->solver)); /* another kernel */
        struct outcome o = outcome_of(m, &trial);
        check_same(c, first, &o, &trial);
        outcome_release(&o);
        machine_destroy(m);
    }
}

/* Runs that could stop on their way and do not: the same, by another driver where steps are
 * fixed. */
static void check_stops(const struct model_case *c, const struct trial *base,
                        const struct outcome *first) {
    struct trial trial = *base;
    struct machine *m = machine_of(&trial);
    char *text = text_with_stops(&trial, m->program);
    assert_string_not_equal(text, m->program->kernels[ODEC_TARGET_CPU].text);
    machine_destroy(m);
    trial.kernel = text;
    for (int lanes = 1; lanes <= 8; lanes *= 4) {
        trial.lanes = lanes;
        m = machine_of(&trial);
        struct outcome o = outcome_of(m, &trial);
        check_same(c, first, &o, &trial);
        outcome_release(&o);
        machine_destroy(m);
    }
    free(text);
}

static void test_model(void **state) {
    const struct model_case *c = *state;
    odec_source pars[MAX_PARS];
    char *text;
    struct trial trial = trial_of(c, &text, pars);
    trial.compiler = "gcc";
    trial.cache = ""; /* what is measured against has never been in a cache */
    struct outcome first = solve_trial(&trial);
    trial.cache = NULL;
    static const char *const compilers[] = {"gcc", "clang"};
    for (int i = 0; i < 2; i++) {
        if (!has_compiler(compilers[i])) {
            print_message("%s: without %s, which is not there\n", c->name,
                          compilers[i]);
            continue;
        }
        for (int lanes = 1; lanes <= 8; lanes *= 2) {
            check_ways(c, &trial, &first, compilers[i], lanes);
        }
        check_large(c, &trial, &first, compilers[i]);
    }
    check_alone(c, &trial, &first);
    check_stops(c, &trial, &first);
    print_message("%s: %s, %lld of %d runs ok\n", c->name, first.result.digest,
                  (long long)first.result.n_by_status[ODEC_RUN_OK], N_RUNS);
    outcome_release(&first);
    free(text);
}

/* A digest that never changes would pass all of the above. */
static void test_digest_sees_every_bit(void **state) {
    (void)state;
    struct trial trial = {.text = "model m\npar a = 1\ninit x = a\nx' = 0\n",
                          .rtol = 1e-6,
                          .t1 = 1,
                          .n_runs = 5};
    odec_source a = {.kind = ODEC_SOURCE_UNIFORM, .value = 1};
    trial.pars = &a;
    struct machine *m = machine_of(&trial);
    struct outcome one = outcome_of(m, &trial);
    a.value = nextafter(1, 2);
    struct outcome two = outcome_of(m, &trial);
    assert_string_not_equal(one.result.digest, two.result.digest);
    outcome_release(&one);
    outcome_release(&two);
    machine_destroy(m);
}

/* With a number: that model alone, so that ctest may run several at once. */
int main(int argc, char **argv) {
    if (argc > 1) {
        const size_t i = (size_t)atoi(argv[1]);
        if (i >= sizeof cases / sizeof *cases) {
            fprintf(stderr, "there is no model %s\n", argv[1]);
            return 2;
        }
        const struct CMUnitTest one[] = {
            cmocka_unit_test_prestate(test_model, (void *)&cases[i])};
        return cmocka_run_group_tests(one, support_begin, support_end);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_digest_sees_every_bit)};
    return cmocka_run_group_tests(tests, support_begin, support_end);
}
