/* graph.c -- hash-consing, use counts and the printed form of the expression graph. */
#include "graph.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct graph *graph_create(struct arena *arena) {
    struct graph *g = ARENA_NEW(arena, struct graph);
    g->arena = arena;
    return g;
}

/* ---- hash-consing ---- */

static uint64_t bits_of(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static uint64_t mix(uint64_t h, uint64_t x) {
    h = (h ^ x) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint64_t node_hash(const struct node *n) {
    uint64_t h = mix((uint64_t)n->kind * 64 + (uint64_t)n->op, (uint64_t)n->index);
    h = mix(h, bits_of(n->number));
    for (int i = 0; i < n->n_args; i++) {
        h = mix(h, (uint64_t)n->args[i]);
    }
    return h;
}

static bool node_same(const struct node *a, const struct node *b) {
    return a->kind == b->kind && a->op == b->op && a->index == b->index &&
           bits_of(a->number) == bits_of(b->number) && a->n_args == b->n_args &&
           memcmp(a->args, b->args, sizeof a->args) == 0;
}

static int *table_slot(struct graph *g, const struct node *n) {
    unsigned mask = (unsigned)g->table_size - 1;
    unsigned i = (unsigned)node_hash(n) & mask;
    while (g->table[i] >= 0 && !node_same(graph_node(g, g->table[i]), n)) {
        i = (i + 1) & mask;
    }
    return &g->table[i];
}

static void table_grow(struct graph *g) {
    g->table_size = g->table_size ? 2 * g->table_size : 256;
    g->table = ARENA_ARRAY(g->arena, int, g->table_size);
    memset(g->table, -1, sizeof *g->table * (size_t)g->table_size);
    for (int i = 0; i < g->nodes.n; i++) {
        *table_slot(g, graph_node(g, i)) = i;
    }
}

static node_id graph_intern(struct graph *g, struct node node) {
    if (2 * (g->nodes.n + 1) > g->table_size) {
        table_grow(g);
    }
    int *slot = table_slot(g, &node);
    if (*slot < 0) {
        *slot = g->nodes.n;
        VECTOR_PUSH(g->arena, &g->nodes, node);
    }
    return *slot;
}

node_id graph_number(struct graph *g, double number) {
    return graph_intern(g, (struct node){.kind = NODE_NUMBER, .number = number});
}

static const unsigned char leaf_depends[] = {
#define LEAF(name, text, depends) [NODE_##name] = DEPENDS_##depends,
#include "leaves.def"
};

node_id graph_leaf(struct graph *g, enum node_kind kind, int index) {
    assert(kind != NODE_OP && kind != NODE_NUMBER && index >= 0);
    return graph_intern(
        g, (struct node){.kind = kind, .index = index, .depends = leaf_depends[kind]});
}

node_id graph_raw_op(struct graph *g, enum op op, const node_id args[]) {
    struct node node = {.kind = NODE_OP, .op = op};
    node.n_args = (unsigned char)op_table[op].arity;
    for (int i = 0; i < node.n_args; i++) {
        assert(args[i] >= 0 && args[i] < g->nodes.n);
        node.args[i] = args[i];
        node.depends |= graph_node(g, args[i])->depends;
    }
    node.truth =
        op_table[op].class == OP_CLASS_COMPARE || op_table[op].class == OP_CLASS_LOGIC;
    return graph_intern(g, node);
}

int *graph_uses(struct graph *g, const struct function *f, int n_functions) {
    int *uses = ARENA_ARRAY(g->arena, int, g->nodes.n + 1);
    for (int k = 0; k < n_functions; k++) {
        for (int i = 0; i < f[k].n; i++) {
            uses[f[k].results[i]]++;
        }
    }
    for (node_id n = g->nodes.n - 1; n >= 0;
         n--) { /* arguments come before their users */
        for (int i = 0; uses[n] && i < graph_node(g, n)->n_args; i++) {
            uses[graph_node(g, n)->args[i]]++;
        }
    }
    return uses;
}

static int compare_nodes(const void *a, const void *b) {
    return *(const node_id *)a - *(const node_id *)b;
}

int graph_collect(const struct graph *g, node_id r, bool *marked, node_id *list) {
    int n = 0;
    if (!marked[r]) {
        marked[r] = true;
        list[n++] = r;
    }
    for (int i = 0; i < n; i++) {
        const struct node *node = graph_node(g, list[i]);
        for (int k = 0; k < node->n_args; k++) {
            const node_id a = node->args[k];
            if (!marked[a]) {
                marked[a] = true;
                list[n++] = a;
            }
        }
    }
    qsort(list, (size_t)n, sizeof *list, compare_nodes);
    return n;
}

/* A power's are its exponent's. */
static int node_flops(const struct graph *g, const struct node *node) {
    if (node->op != OP_POWER) {
        return op_table[node->op].flops;
    }
    const double n = graph_node(g, node->args[1])->number;
    const int whole = (int)fabs(n), products[] = {0, 0, 1, 2, 2, 3, 3};
    return products[whole] + (fabs(n) > whole ? 1 + op_table[OP_SQRT].flops : 0) +
           (n < 0 ? op_table[OP_DIV].flops : 0);
}

int graph_flops(struct graph *g, const struct function *f) {
    int flops = 0;
    const int *uses = graph_uses(g, f, 1);
    for (node_id n = 0; n < g->nodes.n; n++) {
        const struct node *node = graph_node(g, n);
        flops += uses[n] && node->kind == NODE_OP ? node_flops(g, node) : 0;
    }
    return flops;
}

int graph_operations(struct graph *g, const struct function *f) {
    int n = 0;
    const int *uses = graph_uses(g, f, 1);
    for (node_id i = 0; i < g->nodes.n; i++) {
        n += uses[i] && graph_node(g, i)->kind == NODE_OP;
    }
    return n;
}

/* ---- printed form ---- */

static void print_leaf(struct text *out, const struct node *node,
                       const struct model *m) {
    switch (node->kind) {
    case NODE_NUMBER:
        text_add(out, "%.17g", node->number);
        break;
    case NODE_PAR:
        text_add(out, "%s", m->pars.at[node->index]->name);
        break;
    case NODE_STATE:
        text_add(out, "%s", m->states.at[node->index]->name);
        break;
    case NODE_TIME:
        text_add(out, "t");
        break;
    case NODE_VALUE:
        text_add(out, "value[%d]", node->index);
        break;
    case NODE_OP:
        break;
    }
}

static void print_reference(struct text *out, const struct graph *g, node_id n,
                            const struct model *m) {
    if (graph_node(g, n)->kind == NODE_OP) {
        text_add(out, "%%%d", n);
    } else {
        print_leaf(out, graph_node(g, n), m);
    }
}

static void print_op(struct text *out, const struct graph *g, node_id n,
                     const struct model *m) {
    const struct node *node = graph_node(g, n);
    text_add(out, "    %%%d = %s", n, op_table[node->op].name);
    for (int i = 0; i < node->n_args; i++) {
        text_add(out, i ? ", " : " ");
        print_reference(out, g, node->args[i], m);
    }
    text_add(out, "\n");
}

static void dump_function(struct text *out, const struct function *f, struct graph *g,
                          const struct model *m) {
    text_add(out, "%s:\n", function_table[f->kind].name);
    const int *uses = graph_uses(g, f, 1);
    for (node_id n = 0; n < g->nodes.n; n++) {
        if (uses[n] && graph_node(g, n)->kind == NODE_OP) {
            print_op(out, g, n, m);
        }
    }
    for (int i = 0; i < f->n; i++) {
        text_add(out, "    [%d] = ", i);
        print_reference(out, g, f->results[i], m);
        text_add(out, "\n");
    }
}

void graph_dump(struct text *out, const struct lowered *l, const struct model *m) {
    for (int i = 0; i < l->functions.n; i++) {
        dump_function(out, &l->functions.at[i], l->graph, m);
    }
}

/* ---- functions ---- */

const struct function_info function_table[FUNCTION_COUNT] = {
#define FUNCTION(name, form, leaves, ...) [FUNCTION_##name] = {#name, leaves},
#include "functions.def"
};

struct function *lowered_add(struct lowered *l, enum function_kind kind, int n) {
    struct arena *arena = l->graph->arena;
    const struct function f = {kind, n, ARENA_ARRAY(arena, node_id, n + 1)};
    VECTOR_PUSH(arena, &l->functions, f);
    return &l->functions.at[l->functions.n - 1];
}

void lowered_remove(struct lowered *l, enum function_kind kind) {
    int n = 0;
    for (int i = 0; i < l->functions.n; i++) {
        if (l->functions.at[i].kind != kind) {
            l->functions.at[n++] = l->functions.at[i];
        }
    }
    l->functions.n = n;
}

const struct function *lowered_function(const struct lowered *l,
                                        enum function_kind kind) {
    static const struct function none = {.n = 0};
    for (int i = 0; i < l->functions.n; i++) {
        if (l->functions.at[i].kind == kind) {
            return &l->functions.at[i];
        }
    }
    return &none;
}
