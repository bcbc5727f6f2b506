/* unit_memory.c -- a device's memory over a source that counts: blocks, shares and what
 * is refused, each failure in its words, and a device that dies.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context_fixture.h"
#include "failing_alloc.h"
#include "memory.h"
#include "random.h"

/* ---- a source ---- */

/* Its addresses are numbers that nobody reads from: budgets of any size are tried. */
struct ledger {
    int64_t n_allocated, n_released, bytes_live;
    bool is_empty; /* gives nothing */
    bool is_dead;  /* must not be called */
};

static void *ledger_allocate(void *user, size_t bytes) {
    struct ledger *ledger = user;
    assert_false(ledger->is_dead);
    assert_true(bytes > 0);
    if (ledger->is_empty) {
        return NULL;
    }
    ledger->bytes_live += (int64_t)bytes;
    return (void *)(uintptr_t)(4096 * (uint64_t)++ledger->n_allocated);
}

static void ledger_release(void *user, void *at, size_t bytes) {
    struct ledger *ledger = user;
    assert_false(ledger->is_dead);
    assert_non_null(at);
    ledger->bytes_live -= (int64_t)bytes;
    ledger->n_released++;
}

static struct memory *open_memory(struct ledger *ledger, int64_t budget) {
    struct memory_source source = {ledger_allocate, ledger_release, ledger};
    struct memory *memory;
    odec_context_clear(context);
    assert_int_equal(memory_create(context, "cuda:0", &source, budget, &memory),
                     ODEC_OK);
    return memory;
}

static int32_t join(struct memory *memory, double share) {
    int32_t member;
    assert_int_equal(memory_join(context, memory, share, &member), ODEC_OK);
    return member;
}

static odec_status get(struct memory *memory, int32_t member, size_t bytes,
                       struct memory_handle *inout) {
    odec_context_clear(context);
    return memory_get(context, memory, member, "values", bytes, inout);
}

static void assert_empty(struct memory_handle handle) {
    assert_int_equal(handle.index, 0);
    assert_int_equal(handle.generation, 0);
}

/* ---- blocks ---- */

static void test_same_size_is_same_block(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, 1000);
    int32_t member = join(memory, 0);
    struct memory_handle handle = {0}, before;
    assert_null(memory_at(memory, handle));
    assert_int_equal(get(memory, member, 600, &handle), ODEC_OK);
    void *at = memory_at(memory, handle);
    assert_non_null(at);
    before = handle;
    assert_int_equal(get(memory, member, 600, &handle), ODEC_OK);
    assert_memory_equal(&handle, &before, sizeof handle);
    assert_ptr_equal(memory_at(memory, handle), at);
    assert_int_equal(memory_n_allocations(memory), 1);
    /* Another size: the old one goes first, or there would not be room. */
    assert_int_equal(get(memory, member, 700, &handle), ODEC_OK);
    assert_int_equal(memory_n_allocations(memory), 2);
    assert_int_equal(ledger.n_released, 1);
    assert_int_equal(ledger.bytes_live, 700);
    assert_int_equal(memory_in_use(memory), 700);
    assert_null(memory_at(memory, before)); /* stale, whatever has its place */
    assert_non_null(memory_at(memory, handle));
    before = handle;
    memory_put(memory, &handle);
    assert_empty(handle);
    assert_null(memory_at(memory, before));
    memory_put(memory, &before); /* stale: nothing happens */
    assert_empty(before);
    assert_int_equal(ledger.n_released, 2);
    assert_int_equal(memory_in_use(memory), 0);
    assert_int_equal(get(memory, member, 0, &handle), ODEC_OK); /* as one byte */
    assert_non_null(memory_at(memory, handle));
    memory_leave(memory, member);
    assert_null(memory_at(memory, handle));
    memory_destroy(memory);
    assert_int_equal(ledger.bytes_live, 0);
}

static void test_failure_empties(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, INT64_C(2) << 30);
    int32_t member = join(memory, 0);
    struct memory_handle other = {0}, handle = {0};
    assert_int_equal(get(memory, member, (size_t)1 << 30, &other), ODEC_OK);
    assert_int_equal(get(memory, member, 100, &handle), ODEC_OK);
    assert_int_equal(get(memory, member, (size_t)3 << 30, &handle), ODEC_ERROR_BUDGET);
    assert_string_equal(odec_context_error(context),
                        "device cuda:0: values needs 3.0 GiB, 1.0 GiB of a budget of "
                        "2.0 GiB is left");
    assert_empty(handle);
    assert_int_equal(memory_in_use(memory), 1 << 30);
    assert_int_equal(get(memory, member, SIZE_MAX, &handle), ODEC_ERROR_BUDGET);
    assert_int_equal(get(memory, member, 100, &handle), ODEC_OK);
    ledger.is_empty = true;
    assert_int_equal(get(memory, member, 5 << 20, &handle), ODEC_ERROR_MEMORY);
    assert_string_equal(odec_context_error(context),
                        "device cuda:0 is out of memory: values needs 5.0 MiB");
    assert_empty(handle);
    assert_int_equal(memory_in_use(memory), 1 << 30);
    assert_non_null(memory_at(memory, other)); /* as if nothing had been */
    memory_leave(memory, member);
    memory_destroy(memory);
    assert_int_equal(ledger.bytes_live, 0);
}

/* ---- shares ---- */

static void assert_no_member(struct memory *memory, double share, const char *text) {
    int32_t member = 5;
    odec_context_clear(context);
    assert_int_equal(memory_join(context, memory, share, &member), ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context), text);
    assert_int_equal(member, -1);
}

static void test_shares(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, 1000);
    int32_t a = join(memory, 0);
    assert_int_equal(memory_budget(memory, a), 1000);
    int32_t b = join(memory, 0.3);
    assert_int_equal(memory_budget(memory, a), 700);
    assert_int_equal(memory_budget(memory, b), 300);
    int32_t c = join(memory, 0);
    assert_int_equal(memory_budget(memory, a), 350);
    assert_int_equal(memory_budget(memory, c), 350);
    assert_no_member(memory, -0.1,
                     "device cuda:0: a memory share of -0.1 is not in 0 .. 1");
    assert_no_member(memory, 1.5,
                     "device cuda:0: a memory share of 1.5 is not in 0 .. 1");
    assert_no_member(memory, NAN,
                     "device cuda:0: a memory share of nan is not in 0 .. 1");
    assert_no_member(memory, INFINITY,
                     "device cuda:0: a memory share of inf is not in 0 .. 1");
    assert_no_member(memory, 0.8,
                     "device cuda:0: the memory shares add up to 1.1, which is 0.1 too "
                     "much");
    assert_int_equal(memory_budget(memory, a), 350); /* nothing was registered */
    int32_t d = join(memory, 0.7);
    assert_int_equal(memory_budget(memory, a), 0); /* the rest is nothing */
    memory_leave(memory, d);
    memory_leave(memory, b);
    assert_int_equal(memory_budget(memory, c), 500);
    memory_leave(memory, a);
    memory_leave(memory, c);
    for (int i = 0; i < 10; i++) {
        join(memory, 0.1); /* ten tenths are a whole, though not in doubles */
    }
    for (int32_t i = 0; i < 10; i++) {
        assert_int_equal(memory_budget(memory, i), 100);
        memory_leave(memory, i);
    }
    memory_destroy(memory);
}

/* Shares that are a whole but for rounding: nobody's part is less than nothing. */
static void test_rounded_shares(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, INT64_C(1) << 50);
    int32_t members[4];
    for (int i = 0; i < 3; i++) {
        members[i] = join(memory, (double[]){0.8, 0.1, 0.1 + 9e-10}[i]);
    }
    members[3] = join(memory, 0);
    assert_int_equal(memory_budget(memory, members[3]), 0);
    for (int i = 0; i < 4; i++) {
        memory_leave(memory, members[i]);
    }
    for (int i = 0; i < 4; i++) { /* 1 + 2^-52 as doubles go */
        members[i] = join(memory, (double[]){0.2, 0.4, 0.3, 0.1}[i]);
    }
    for (int i = 0; i < 4; i++) {
        memory_leave(memory, members[i]);
    }
    memory_destroy(memory);
}

/* A place in the table is used again. */
static void test_tables_do_not_grow(void **state) {
    (void)state;
    struct ledger ledger = {0};
    context_renew();
    struct memory *memory = open_memory(&ledger, 1000);
    alloc_fail_at(0);
    for (int i = 0; i < 1000; i++) {
        struct memory_handle handle = {0};
        int32_t member = join(memory, 0);
        assert_int_equal(get(memory, member, 100, &handle), ODEC_OK);
        memory_put(memory, &handle);
        memory_leave(memory, member);
    }
    assert_int_equal(n_alloc_calls, 2);
    memory_destroy(memory);
}

/* Who holds more than its part keeps it; the others have to do with the rest. */
static void test_late_comer(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, 1000);
    int32_t a = join(memory, 0);
    struct memory_handle first = {0}, second = {0}, late = {0};
    assert_int_equal(get(memory, a, 500, &first), ODEC_OK);
    assert_int_equal(get(memory, a, 400, &second), ODEC_OK);
    int32_t b = join(memory, 0);
    assert_int_equal(memory_budget(memory, a), 500);
    assert_int_equal(memory_budget(memory, b), 100);
    assert_int_equal(get(memory, a, 400, &second), ODEC_OK); /* it has it */
    assert_int_equal(get(memory, b, 101, &late), ODEC_ERROR_BUDGET);
    assert_int_equal(get(memory, b, 100, &late), ODEC_OK);
    assert_int_equal(get(memory, a, 401, &second), ODEC_ERROR_BUDGET);
    assert_string_equal(
        odec_context_error(context),
        "device cuda:0: values needs 401 B, 0 B of a budget of 500 B is "
        "left");
    assert_int_equal(memory_budget(memory, b), 500);
    memory_leave(memory, a);
    assert_int_equal(memory_budget(memory, b), 1000);
    assert_int_equal(ledger.bytes_live, 100);
    memory_leave(memory, b);
    memory_destroy(memory);
}

/* ---- the end ---- */

static void test_forget(void **state) {
    (void)state;
    struct ledger ledger = {0};
    struct memory *memory = open_memory(&ledger, 1000);
    int32_t a = join(memory, 0), b = join(memory, 0.25);
    struct memory_handle one = {0}, two = {0};
    assert_int_equal(get(memory, a, 100, &one), ODEC_OK);
    assert_int_equal(get(memory, b, 100, &two), ODEC_OK);
    ledger.is_dead = true; /* whoever calls it fails the test */
    memory_forget(memory);
    assert_null(memory_at(memory, one));
    assert_null(memory_at(memory, two));
    assert_int_equal(memory_in_use(memory), 0);
    assert_int_equal(get(memory, a, 100, &one), ODEC_ERROR_DEVICE);
    assert_string_equal(odec_context_error(context),
                        "device cuda:0 is gone: no memory for values (100 B)");
    assert_empty(one);
    memory_put(memory, &two);
    assert_empty(two);
    memory_leave(memory, a);
    memory_leave(memory, b);
    memory_destroy(memory);
}

static void test_destroy(void **state) {
    (void)state;
    memory_destroy(NULL);
    struct ledger ledger = {0};
    struct memory *memory;
    struct memory_source source = {ledger_allocate, ledger_release, &ledger};
    odec_context_clear(context);
    assert_int_equal(memory_create(context, "cpu", &source, -1, &memory),
                     ODEC_ERROR_ARGUMENT);
    assert_string_equal(odec_context_error(context),
                        "device cpu: a memory budget of -1 bytes");
    assert_null(memory);
}

/* ---- any order ---- */

enum { N_HANDLES = 24, MOST_MEMBERS = 6 };

struct held {
    struct memory_handle handle;
    void *at;
    int32_t member; /* -1: nothing is held */
    size_t bytes;
};

/* A device, and what it should look like. */
struct model {
    struct ledger ledger;
    struct memory *memory;
    int64_t budget;
    bool is_here[MOST_MEMBERS];
    struct held held[N_HANDLES];
};

static int64_t held_bytes(const struct model *m, int32_t member) {
    int64_t sum = 0;
    for (int i = 0; i < N_HANDLES; i++) {
        sum += m->held[i].member >= 0 && (member < 0 || m->held[i].member == member)
                   ? (int64_t)m->held[i].bytes
                   : 0;
    }
    return sum;
}

static void check_model(struct model *m) {
    for (int i = 0; i < N_HANDLES; i++) {
        void *at = m->held[i].member >= 0 ? m->held[i].at : NULL;
        assert_ptr_equal(memory_at(m->memory, m->held[i].handle), at);
    }
    assert_int_equal(memory_in_use(m->memory), held_bytes(m, -1));
    assert_int_equal(m->ledger.bytes_live, held_bytes(m, -1));
    assert_true(held_bytes(m, -1) <= m->budget);
    assert_int_equal(memory_n_allocations(m->memory), m->ledger.n_allocated);
}

static void model_get(struct model *m, int32_t member, struct held *held) {
    size_t bytes = (size_t)random_in(1, 8) * (size_t)(m->budget / 16);
    int64_t now = held->member >= 0 ? (int64_t)held->bytes : 0;
    bool same = held->member >= 0 && held->bytes == bytes;
    void *at = held->at;
    bool fits = held_bytes(m, member) - now + (int64_t)bytes <=
                memory_budget(m->memory, member);
    odec_status status = get(m->memory, member, bytes, &held->handle);
    assert_int_equal(status, same || fits ? ODEC_OK : ODEC_ERROR_BUDGET);
    held->member = status == ODEC_OK ? member : -1;
    held->bytes = bytes;
    held->at = memory_at(m->memory, held->handle);
    assert_true(!same || held->at == at);
}

static void model_step(struct model *m) {
    int32_t member = (int32_t)random_in(0, MOST_MEMBERS - 1);
    struct held *held = &m->held[random_in(0, N_HANDLES - 1)];
    if (!m->is_here[member]) {
        int32_t joined;
        odec_status status =
            memory_join(context, m->memory, /* a third is automatic */
                        random_word() % 3 ? random_real() / 2 : 0, &joined);
        if (status == ODEC_OK) {
            assert_in_range(joined, 0, MOST_MEMBERS - 1);
            assert_false(m->is_here[joined]);
            m->is_here[joined] = true;
        }
    } else if (random_word() % 20 == 0) {
        memory_leave(m->memory, member);
        m->is_here[member] = false;
        for (int i = 0; i < N_HANDLES; i++) {
            m->held[i].member = m->held[i].member == member ? -1 : m->held[i].member;
        }
    } else if (held->member >= 0 && random_word() % 4 == 0) {
        memory_put(m->memory, &held->handle);
        held->member = -1;
    } else if (held->member < 0 || held->member == member) {
        model_get(m, member, held);
    }
    check_model(m);
}

static void test_any_order(void **state) {
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct model m = {.budget = 16 + random_size(INT64_C(1) << 50)};
        m.memory = open_memory(&m.ledger, m.budget);
        for (int k = 0; k < N_HANDLES; k++) {
            m.held[k].member = -1;
        }
        for (int step = 0; step < 300; step++) {
            model_step(&m);
        }
        for (int32_t member = 0; member < MOST_MEMBERS; member++) {
            if (m.is_here[member]) {
                memory_leave(m.memory, member);
            }
        }
        memory_destroy(m.memory);
        assert_int_equal(m.ledger.bytes_live, 0);
        assert_int_equal(m.ledger.n_allocated, m.ledger.n_released);
    }
}

/* ---- without memory ---- */

static void *host_allocate(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}

static void host_release(void *user, void *at, size_t bytes) {
    (void)user;
    (void)bytes;
    free(at);
}

/* Stops at the first failure. */
static odec_status use_memory(void) {
    struct memory_source source = {host_allocate, host_release, NULL};
    struct memory_handle handles[12] = {{0}};
    struct memory *memory;
    odec_status status = memory_create(context, "cpu", &source, 1 << 20, &memory);
    int32_t members[6], n_members = 0;
    for (int i = 0; i < 6 && status == ODEC_OK; i++) {
        status = memory_join(context, memory, i < 3 ? 0 : 0.1, &members[n_members]);
        n_members += status == ODEC_OK;
    }
    for (int i = 0; i < 12 && status == ODEC_OK; i++) {
        status = get(memory, members[i % 6], 100, &handles[i]);
        assert_true((memory_at(memory, handles[i]) != NULL) == (status == ODEC_OK));
    }
    for (int32_t i = 0; i < n_members; i++) {
        memory_leave(memory, members[i]);
    }
    memory_destroy(memory);
    return status;
}

static void test_every_allocation_fails(void **state) {
    (void)state;
    long n = 0;
    odec_status status;
    do {
        context_renew();
        alloc_fail_at(++n);
        status = use_memory();
        alloc_fail_at(0);
        if (status != ODEC_OK) {
            assert_int_equal(status, ODEC_ERROR_MEMORY);
            assert_non_null(strstr(odec_context_error(context), "out of memory"));
        }
    } while (status != ODEC_OK);
    assert_int_equal(n - 1, 2 + 2 + 2 + 12); /* whole, members, blocks, the blocks */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_size_is_same_block),
        cmocka_unit_test(test_failure_empties),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_rounded_shares),
        cmocka_unit_test(test_tables_do_not_grow),
        cmocka_unit_test(test_late_comer),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_destroy),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, context_begin, context_end);
}
