set(ODEC_COMPILER_SOURCES
    compiler/ast.c compiler/check.c compiler/compile.c compiler/diag.c compiler/emit.c
    compiler/fuse.c compiler/graph.c compiler/hoist.c compiler/lower.c compiler/mem.c
    compiler/names.c compiler/ops.c compiler/simplify.c compiler/template.c
    compiler/units.c)
