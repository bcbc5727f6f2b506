# text -> program, stage by stage; a room sees those before it.
#
#   base     memory, names, units, operations, diagnostics
#   syntax   text -> tree
#   check    tree -> model
#   graph    model -> expressions, and what is done with them
#   emit     expressions -> the text of a kernel
#   generate program -> the files of a solver, to be compiled ahead of time
set(base compiler/base runtime) # of which headers of functions alone, which both libraries use
set(syntax compiler/syntax)
set(generated ${CMAKE_CURRENT_BINARY_DIR}) # scanner and parser

flex_target(odec_lexer compiler/syntax/lexer.l ${CMAKE_CURRENT_BINARY_DIR}/lexer.c
            DEFINES_FILE ${CMAKE_CURRENT_BINARY_DIR}/lexer.h)
bison_target(odec_parser compiler/syntax/parser.y ${CMAKE_CURRENT_BINARY_DIR}/parser.c
             DEFINES_FILE ${CMAKE_CURRENT_BINARY_DIR}/parser.h COMPILE_FLAGS -Werror)
add_flex_bison_dependency(odec_lexer odec_parser)
set_source_files_properties(${FLEX_odec_lexer_OUTPUTS} ${BISON_odec_parser_OUTPUTS}
    PROPERTIES COMPILE_OPTIONS "-Wno-unused-function")
set_source_files_properties(compiler/base/ops.c PROPERTIES COMPILE_OPTIONS
    "-fno-math-errno;-fno-trapping-math")

set(methods "") # a file for each, which its tableau fills
foreach(method IN LISTS ODEC_METHODS)
    set(family ${METHOD_FAMILY_${method}})
    configure_file(compiler/base/method.c.in methods/method_${method}.c @ONLY)
    list(APPEND methods ${CMAKE_CURRENT_BINARY_DIR}/methods/method_${method}.c)
endforeach()

odec_room(compiler/base SEES runtime kernels kernels/math kernels/methods SOURCES
    diag.c mem.c methods.c names.c ops.c units.c ${methods})
odec_room(compiler/syntax SEES ${base} INCLUDES ${generated} SOURCES
    ast.c dump.c habits.c layout.c words.c ${FLEX_odec_lexer_OUTPUTS} ${BISON_odec_parser_OUTPUTS})
odec_room(compiler/check SEES ${base} ${syntax} SOURCES
    check.c check_solve.c check_units.c checker.c declare.c evaluate.c jumps.c model_dump.c
    order.c piecewise.c resolve.c types.c whole.c)
odec_room(compiler/graph SEES ${base} ${syntax} compiler/check kernels kernels/methods
    INCLUDES ${AMD_INCLUDE_DIR} SOURCES
    derive.c fuse.c graph.c hoist.c lower.c probe.c race.c simplify.c sparse.c verify.c)
odec_room(compiler/emit SEES ${base} ${syntax} compiler/check compiler/graph kernels SOURCES
    body.c device.c emit.c lu.c target.c template.c ${CMAKE_CURRENT_BINARY_DIR}/embedded.c)
odec_room(compiler/generate SEES ${base} kernels SOURCES
    generate.c header.c identifiers.c source.c writing.c)
odec_room(compiler SEES ${base} ${syntax} compiler/check compiler/graph compiler/emit
    kernels SOURCES
    choose.c compile.c defaults.c describe.c program.c run_text.c)

set(ODEC_COMPILER_FOLDERS ${base} ${syntax} compiler/check compiler/graph compiler/emit compiler/generate kernels)
set(ODEC_COMPILER_OBJECTS $<TARGET_OBJECTS:room_compiler>)
foreach(room base syntax check graph emit generate)
    list(APPEND ODEC_COMPILER_OBJECTS $<TARGET_OBJECTS:room_compiler_${room}>)
endforeach()
