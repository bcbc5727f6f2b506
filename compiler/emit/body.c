/* body.c -- graph -> statements of a kernel function, straight-line.
 *
 * A node that is used more than once, or whose text would get long, is a named value v<n>;
 * the rest is written where it is used. No name of the model's appears in code: states are
 * y[i], parameters p[i], per-run values c[i]; names stand in comments, with everything that
 * could end a comment or splice a line replaced.
 *
 * Statements come result by result: the values that a result needs and no earlier one did,
 * then the result. Compilers take more than linear time for a long function: past
 * PART_STATEMENTS it is written in parts, each a function of its own, and values that a later
 * part uses are passed on in an array s[]. What is where is found by a first pass that only
 * counts.
 */
#include "body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

#define LONG_TEXT 72        /* characters of an expression written in place */
#define PART_STATEMENTS 400 /* of a function, where it has more than twice as many */

struct body {
    struct text *out;
    struct graph *g;
    const int *uses;
    const char **written; /* by node: its text where it is used, NULL: not yet */
    bool *named;          /* by node: a statement of its own */
    bool naming;          /* this pass decides what is named */
    /* by node: where in s[] a later part finds it, -1; NULL: nowhere */
    const int *slot;
    int n_statements;
    const char *indent;
};

/* ---- comments ---- */

#define COMMENT_LENGTH 70

void body_comment(struct text *out, const struct model *m, struct span span) {
    size_t n = span.end - span.start;
    const bool cut = n > COMMENT_LENGTH;
    if (cut) {
        n = COMMENT_LENGTH;
        while (n > 0 && ((unsigned char)m->source[span.start + n] & 0xc0) == 0x80) {
            n--; /* not inside a character */
        }
    }
    text_add(out, " /* ");
    text_add_comment(out, m->source + span.start, n);
    text_add(out, cut ? " ... */" : " */");
}

/* ---- expressions ---- */

const char *body_literal(struct arena *arena, double x) {
    if (isnan(x)) {
        return "nan_real()";
    }
    if (isinf(x)) {
        return x > 0 ? "inf_real()" : "(-inf_real())";
    }
    const char *digits = number_text(arena, x);
    return arena_printf(arena, "R(%s%s)", digits, strpbrk(digits, ".e") ? "" : ".0");
}

static bool is_atom(const char *text) {
    int depth = 0;
    for (const char *c = text; *c; c++) {
        depth += (*c == '(' || *c == '[') - (*c == ')' || *c == ']');
        if (depth == 0 && (*c == ' ' || (*c == '-' && c == text))) {
            return false;
        }
    }
    return true;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_';
}

/* Argument i of the node, as text. The reciprocal of a numeric divisor is a quotient of
 * scalars, so that in float too it is the reciprocal of the divisor as rounded. A power's
 * exponent is for the C compiler. */
static const char *argument_text(const struct body *b, const struct node *node, int i) {
    const struct node *second = graph_node(b->g, node->args[1]);
    if (node->op == OP_DIV_BY && i == 2 && second->kind == NODE_NUMBER) {
        return arena_printf(b->g->arena, "R((scalar)1 / (scalar)%s)",
                            number_text(b->g->arena, second->number));
    }
    if (node->op == OP_POWER && i == 1) {
        return number_text(b->g->arena, second->number);
    }
    return b->written[node->args[i]];
}

/* The operation's text from ops.def with its a, b, c replaced. */
static const char *op_text(struct body *b, const struct node *node) {
    struct text t = {.arena = b->g->arena};
    const char *pattern = op_table[node->op].text;
    const bool infix = strpbrk(pattern, "(") == NULL;
    for (const char *c = pattern; *c; c++) {
        const bool alone = (c == pattern || !is_word(c[-1])) && !is_word(c[1]);
        if (*c >= 'a' && *c <= 'c' && alone) {
            const char *arg = argument_text(b, node, *c - 'a');
            const bool bare = !infix || is_atom(arg);
            text_add(&t, bare ? "%s" : "(%s)", arg);
        } else {
            text_add_bytes(&t, c, 1);
        }
    }
    return t.at;
}

static const char *const leaf_texts[] = {
#define LEAF(name, text, depends) [NODE_##name] = text,
#include "leaves.def"
};

static const char *leaf_text(struct arena *arena, const struct node *node) {
    return node->kind == NODE_NUMBER
               ? body_literal(arena, node->number)
               : arena_printf(arena, leaf_texts[node->kind], node->index);
}

static void write_node(struct body *b, node_id n) {
    const struct node *node = graph_node(b->g, n);
    if (node->kind != NODE_OP) {
        b->written[n] = leaf_text(b->g->arena, node);
        return;
    }
    const char *text = op_text(b, node);
    if (b->naming) {
        b->named[n] = b->uses[n] > 1 || strlen(text) > LONG_TEXT;
    }
    if (b->named[n] && b->slot && b->slot[n] >= 0) {
        const char *shared = arena_printf(b->g->arena, "s[%d]", b->slot[n]);
        text_add(b->out, node->truth ? "%s%s = sel(%s, R(1), R(0));\n" : "%s%s = %s;\n",
                 b->indent, shared, text);
        text = node->truth ? arena_printf(b->g->arena, "gt(%s, R(0))", shared) : shared;
    } else if (b->named[n]) {
        text_add(b->out, "%sconst %s v%d = %s;\n", b->indent,
                 node->truth ? "mask" : "real", n, text);
        text = arena_printf(b->g->arena, "v%d", n);
    }
    b->n_statements += b->named[n];
    b->written[n] = text;
}

static void write_result(struct body *b, const struct body_style *style, int i,
                         node_id r) {
    if (style->targets) {
        text_add(b->out, "%s%s = %s;", b->indent, style->targets[i], b->written[r]);
    } else {
        text_add(b->out, "%s%s[%d] = %s;", b->indent, style->target, i, b->written[r]);
    }
    if (style->beside && style->beside[i].end > style->beside[i].start) {
        body_comment(b->out, style->model, style->beside[i]);
    }
    text_add(b->out, "\n");
    b->n_statements++;
}

static struct body body_begin(struct text *out, struct graph *g,
                              const struct function *f) {
    return (struct body){.out = out,
                         .g = g,
                         .uses = graph_uses(g, f, 1),
                         .written = ARENA_ARRAY(g->arena, const char *, g->nodes.n + 1),
                         .named = ARENA_ARRAY(g->arena, bool, g->nodes.n + 1),
                         .naming = true,
                         .indent = "    "};
}

/* What the last value left in the arrays is taken away again: each takes time for itself alone. */
struct body_values {
    struct body body;
    int *uses;
    bool *marked;
    node_id *nodes;
};

struct body_values *body_values_create(struct graph *g) {
    struct body_values *v = ARENA_NEW(g->arena, struct body_values);
    const int n = g->nodes.n + 1;
    v->uses = ARENA_ARRAY(g->arena, int, n);
    v->marked = ARENA_ARRAY(g->arena, bool, n);
    v->nodes = ARENA_ARRAY(g->arena, node_id, n);
    v->body = (struct body){.g = g,
                            .uses = v->uses,
                            .written = ARENA_ARRAY(g->arena, const char *, n),
                            .named = ARENA_ARRAY(g->arena, bool, n),
                            .naming = true};
    return v;
}

const char *body_value(struct body_values *v, struct text *out, node_id n,
                       const char *indent) {
    const struct graph *g = v->body.g;
    const int n_nodes = graph_collect(g, n, v->marked, v->nodes);
    v->body.out = out;
    v->body.indent = indent;
    v->uses[n]++;
    for (int i = 0; i < n_nodes; i++) {
        const struct node *node = graph_node(g, v->nodes[i]);
        for (int k = 0; k < node->n_args; k++) {
            v->uses[node->args[k]]++;
        }
    }
    for (int i = 0; i < n_nodes; i++) {
        write_node(&v->body, v->nodes[i]);
    }
    const char *value = v->body.written[n];
    for (int i = 0; i < n_nodes; i++) {
        v->uses[v->nodes[i]] = 0;
        v->marked[v->nodes[i]] = false;
        v->body.written[v->nodes[i]] = NULL;
    }
    return value;
}

/* ---- parts ---- */

/* Where everything is, in statements from the start of the function. */
struct layout_of_body {
    int *result; /* by result */
    int *node; /* by node: of its own statement, or of the one that it is written in */
    int n;
};

/* Writes the statements; *places, if not NULL, gets where they are. `cut` is called before the
 * values of a result. */
static void write_statements(struct body *b, const struct function *f,
                             const struct body_style *style,
                             struct layout_of_body *places,
                             void (*cut)(struct body *b, const struct body_style *style,
                                         void *user),
                             void *user) {
    bool *marked = ARENA_ARRAY(b->g->arena, bool, b->g->nodes.n + 1);
    node_id *needed = ARENA_ARRAY(b->g->arena, node_id, b->g->nodes.n + 1);
    for (int i = 0; i < f->n; i++) {
        const int n = graph_collect(b->g, f->results[i], marked, needed);
        for (int k = 0; k < n; k++) {
            if (cut) {
                cut(b, style, user);
            }
            if (places) {
                places->node[needed[k]] = b->n_statements;
            }
            write_node(b, needed[k]);
        }
        if (places) {
            places->result[i] = b->n_statements;
        }
        if (cut) {
            cut(b, style, user);
        }
        write_result(b, style, i, f->results[i]);
    }
    if (places) {
        places->n = b->n_statements;
    }
}

/* A node without a name stands in the statement of its one user. */
static void place_unnamed(const struct body *b, const struct function *f,
                          struct layout_of_body *places) {
    for (int i = 0; i < f->n; i++) {
        if (!b->named[f->results[i]]) {
            places->node[f->results[i]] = places->result[i];
        }
    }
    for (node_id n = b->g->nodes.n - 1; n >= 0; n--) {
        const struct node *node = graph_node(b->g, n);
        for (int i = 0; b->uses[n] && i < node->n_args; i++) {
            if (!b->named[node->args[i]]) {
                places->node[node->args[i]] = places->node[n];
            }
        }
    }
}

static int part_of(int statement) { return statement / PART_STATEMENTS; }

/* By node: its place in s[] if a later part uses it, else -1; *n_slots: how many. */
static int *find_slots(const struct body *b, const struct function *f,
                       const struct layout_of_body *places, int *n_slots) {
    const int n_nodes = b->g->nodes.n;
    int *slot = ARENA_ARRAY(b->g->arena, int, n_nodes + 1);
    memset(slot, -1, sizeof *slot * (size_t)(n_nodes + 1));
    *n_slots = 0;
    for (node_id n = 0; n < n_nodes; n++) {
        const struct node *node = graph_node(b->g, n);
        for (int i = 0; b->uses[n] && i < node->n_args; i++) {
            const node_id a = node->args[i];
            if (b->named[a] && slot[a] < 0 &&
                part_of(places->node[a]) != part_of(places->node[n])) {
                slot[a] = (*n_slots)++;
            }
        }
    }
    for (int i = 0; i < f->n; i++) {
        const node_id r = f->results[i];
        if (b->named[r] && slot[r] < 0 &&
            part_of(places->node[r]) != part_of(places->result[i])) {
            slot[r] = (*n_slots)++;
        }
    }
    return slot;
}

static void open_function(struct text *out, const struct body_style *style,
                          const char *kind, int part, const char *comma_s) {
    const char *number = part >= 0 ? arena_printf(out->arena, "_%d", part) : "";
    text_add(out, "%s void %s%s(%s%s) {\n", kind, style->name, number,
             style->parameters, comma_s);
    text_add(out, "    ");
    for (const char *a = style->arguments; *a;) { /* none of them need be used */
        const size_t n = strcspn(a, ", ");
        text_add(out, "(void)%.*s", (int)n, a);
        a += n + strspn(a + n, ", ");
        text_add(out, *a ? ", " : ";\n");
    }
}

/* Ends a part and begins the next where the statements say so. */
static void cut_parts(struct body *b, const struct body_style *style, void *user) {
    int *part = user;
    if (part_of(b->n_statements) != *part) {
        *part = part_of(b->n_statements);
        text_add(b->out, "}\n\n");
        open_function(b->out, style, "FN_OUTLINE", *part, ", cell *RESTRICT s");
        text_add(b->out, "    (void)s;\n");
    }
}

static void write_parts(struct body *b, const struct function *f,
                        const struct body_style *style) {
    int part = 0;
    open_function(b->out, style, "FN_OUTLINE", 0, ", cell *RESTRICT s");
    text_add(b->out, "    (void)s;\n");
    write_statements(b, f, style, NULL, cut_parts, &part);
    text_add(b->out, "}\n\n");
    open_function(b->out, style, style->kind, -1, "");
    text_add(b->out, "    LOCAL_CELLS(s, N_PASSED + !N_PASSED);\n");
    for (int i = 0; i <= part; i++) {
        text_add(b->out, "    %s_%d(%s, s);\n", style->name, i, style->arguments);
    }
}

int body_function(struct text *out, struct graph *g, const struct function *f,
                  const struct body_style *style) {
    int n_slots = 0;
    struct text scratch = {.arena = g->arena};
    struct body b = body_begin(&scratch, g, f);
    struct layout_of_body places = {ARENA_ARRAY(g->arena, int, f->n + 1),
                                    ARENA_ARRAY(g->arena, int, g->nodes.n + 1), 0};
    write_statements(&b, f, style, &places, NULL, NULL);
    text_add(out, "/* %s */\n", style->comment);
    if (places.n <= 2 * PART_STATEMENTS) {
        open_function(out, style, style->kind, -1, "");
        text_add_bytes(out, scratch.at ? scratch.at : "", scratch.n);
    } else {
        place_unnamed(&b, f, &places);
        b.slot = find_slots(&b, f, &places, &n_slots);
        b.out = out;
        b.naming = false;
        b.n_statements = 0;
        memset(b.written, 0, sizeof *b.written * (size_t)g->nodes.n);
        write_parts(&b, f, style);
    }
    text_add(out, "}\n\n");
    return n_slots;
}
