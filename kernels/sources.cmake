# The device library's and the templates' text, part of the compiler.
#
# kernels/          the ground: the ABI, the dialect, a point in time, a thread's arrays
# kernels/math      elementary functions; sees the ground
# kernels/methods   one method a file, its family, controllers; sees the ground and math
# kernels/run       a run on its way; sees all of it
set(ODEC_KERNEL_FOLDERS kernels kernels/math kernels/methods kernels/run)

# A method is a row of methods.def and the file of its tableau.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS kernels/methods/methods.def)
file(STRINGS kernels/methods/methods.def rows REGEX "^METHOD\\(")
set(ODEC_METHODS "")
foreach(row IN LISTS rows)
    string(REGEX REPLACE "^METHOD\\(([a-z0-9_]+),.*" "\\1" name "${row}")
    list(APPEND ODEC_METHODS ${name})
endforeach()
set(tableaus ${ODEC_METHODS})
list(TRANSFORM tableaus PREPEND kernels/methods/tableau_)
list(TRANSFORM tableaus APPEND .h)

set(ODEC_KERNEL_FILES
    kernels/abi.h kernels/dialect.h kernels/dialect_x86.h kernels/instant.h kernels/run_status.h
    kernels/status.def kernels/workspace.h
    kernels/math/math_erf.h kernels/math/math_exp.h kernels/math/math_hyp.h
    kernels/math/math_log.h kernels/math/math_pow.h kernels/math/math_round.h
    kernels/math/math_trig.h kernels/math/sweep.h
    kernels/methods/control.h kernels/methods/dense.h kernels/methods/erk.h
    kernels/methods/first_step.h kernels/methods/lu.h kernels/methods/rosenbrock.h ${tableaus}
    kernels/run/fixed.h kernels/run/lane.h kernels/run/rhs_call.h kernels/run/suspend.h
    templates/ensemble.c.in templates/ensemble_fixed.c.in templates/ensemble.cu.in
    templates/tools.cu.in)
list(TRANSFORM ODEC_KERNEL_FILES PREPEND ${PROJECT_SOURCE_DIR}/)
add_custom_command(
    OUTPUT embedded.c
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/embedded.c
            "-DFILES=${ODEC_KERNEL_FILES}" -P ${PROJECT_SOURCE_DIR}/compiler/emit/embed.cmake
    DEPENDS ${ODEC_KERNEL_FILES} compiler/emit/embed.cmake
    VERBATIM)
