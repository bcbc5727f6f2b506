/* trees.c -- see trees.h. */
#include "trees.h"

/* Adds every tree of `left` nodes more than `part` that is `part` with subtrees hung on
 * its root, numbered `last` or less: a multiset, written in falling order. */
static void grow(struct forest *f, const struct tree *part, int left, int last) {
    if (left == 0) {
        assert_in_range(f->n, 0, MAX_TREES - 1);
        struct tree *whole = &f->tree[f->n++];
        *whole = *part;
        whole->gamma *= whole->nodes;
        return;
    }
    for (int k = last; k >= 0; k--) {
        const struct tree *sub = &f->tree[k];
        if (sub->nodes <= left) {
            struct tree more = *part;
            more.subtree[more.n_subtrees++] = k;
            more.gamma *= sub->gamma;
            grow(f, &more, left - sub->nodes, k);
        }
    }
}

struct forest grown_forest(int max_nodes) {
    struct forest f = {0};
    for (int nodes = 1; nodes <= max_nodes; nodes++) {
        struct tree root = {.nodes = nodes, .gamma = 1};
        grow(&f, &root, nodes - 1, f.n - 1);
    }
    return f;
}

void test_trees_are_all_there(void **state) {
    (void)state;
    static const int known[MAX_NODES] = {1, 1, 2, 4, 9, 20, 48, 115}; /* OEIS A000081 */
    const struct forest f = grown_forest(MAX_NODES);
    int count[MAX_NODES + 1] = {0};
    for (int k = 0; k < f.n; k++) {
        count[f.tree[k].nodes]++;
    }
    for (int nodes = 1; nodes <= MAX_NODES; nodes++) {
        assert_int_equal(count[nodes], known[nodes - 1]);
    }
}
