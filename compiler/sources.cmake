set(ODEC_COMPILER_SOURCES
    compiler/ast.c compiler/body.c compiler/check.c compiler/check_solve.c compiler/check_units.c
    compiler/compile.c compiler/derive.c compiler/diag.c compiler/dump.c compiler/emit.c compiler/evaluate.c
    compiler/fuse.c compiler/graph.c compiler/hoist.c compiler/layout.c compiler/lower.c compiler/lu.c
    compiler/mem.c compiler/names.c compiler/ops.c compiler/order.c compiler/probe.c compiler/resolve.c
    compiler/simplify.c compiler/sparse.c compiler/template.c compiler/types.c compiler/units.c)
