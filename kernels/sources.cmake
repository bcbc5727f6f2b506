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
set(ODEC_METHODS "") # METHOD_FAMILY_name: its family
foreach(row IN LISTS rows)
    string(REGEX MATCH "^METHOD\\(([a-z0-9_]+), ([a-z0-9_]+)\\)$" match "${row}")
    set(name ${CMAKE_MATCH_1})
    set(family ${CMAKE_MATCH_2})
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/kernels/methods/${family}_sizes.h)
        message(FATAL_ERROR "methods.def: not a row, or of no family: ${row}")
    endif()
    list(APPEND ODEC_METHODS ${name})
    set(METHOD_FAMILY_${name} ${family})
endforeach()
set(tableaus ${ODEC_METHODS})
list(TRANSFORM tableaus PREPEND kernels/methods/tableau_)
list(TRANSFORM tableaus APPEND .h)

# A header of functions is a line of math_all.h.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS kernels/math/math_all.h)
file(STRINGS kernels/math/math_all.h functions REGEX "^#include ")
list(TRANSFORM functions REPLACE "#include \"(.*)\"" "kernels/math/\\1")

set(ODEC_KERNEL_FILES
    kernels/abi.h kernels/arrays.def kernels/dialect.h kernels/dialect_x86.h
    kernels/functions.def kernels/instant.h kernels/model.h kernels/run_status.h
    kernels/status.def kernels/workspace.h
    ${functions} kernels/math/sweep.h
    kernels/methods/control.h kernels/methods/dense.h kernels/methods/erk.h
    kernels/methods/erk_sizes.h kernels/methods/family.h kernels/methods/first_step.h
    kernels/methods/lu.h kernels/methods/rosenbrock.h kernels/methods/rosenbrock_sizes.h
    ${tableaus}
    kernels/run/attempt.h kernels/run/bounds.h kernels/run/fixed.h kernels/run/grid.h kernels/run/lane.h kernels/run/rhs_call.h
    kernels/run/saves.h kernels/run/seen.h kernels/run/suspend.h
    templates/ensemble.c.in templates/ensemble_fixed.c.in templates/ensemble.cu.in
    templates/tools.cu.in templates/device.cuh.in)
list(TRANSFORM ODEC_KERNEL_FILES PREPEND ${PROJECT_SOURCE_DIR}/)
add_custom_command(
    OUTPUT embedded.c
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/embedded.c
            "-DFILES=${ODEC_KERNEL_FILES}" -P ${PROJECT_SOURCE_DIR}/compiler/emit/embed.cmake
    DEPENDS ${ODEC_KERNEL_FILES} compiler/emit/embed.cmake
    VERBATIM)
