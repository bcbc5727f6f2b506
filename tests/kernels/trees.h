/* trees.h -- the rooted trees, whose conditions say what order a method has (Hairer,
 * Norsett, Wanner, Solving ODEs I, II.2).
 *
 * They are grown here, not listed: a tree is a root with a multiset of smaller trees on
 * it, and
 *
 *     gamma(t) = nodes of t * product over the subtrees s of t of gamma(s)
 */
#ifndef TREES_H
#define TREES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    MAX_NODES = 8,   /* one more than any method's order */
    MAX_TREES = 200, /* 1 + 1 + 2 + 4 + 9 + 20 + 48 + 115 */
    MAX_SUBTREES = MAX_NODES - 1
};

struct tree {
    int nodes, n_subtrees, subtree[MAX_SUBTREES];
    long double gamma;
};

/* By number of nodes, so that a tree comes after its subtrees. */
struct forest {
    int n;
    struct tree tree[MAX_TREES];
};

/* All trees of at most so many nodes. */
struct forest grown_forest(int max_nodes);

/* For cmocka. */
void test_trees_are_all_there(void **state);

#endif
