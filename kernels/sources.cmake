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
file(STRINGS kernels/methods/methods.def families REGEX "^FAMILY\\(")
set(ODEC_METHODS "") # METHOD_FAMILY_name: its family; FAMILY_PREFIX_family, FAMILY_STIFF_family
foreach(row IN LISTS families)
    string(REGEX MATCH "^FAMILY\\(([a-z0-9_]+), ([A-Z]+), ([01])\\)$" match "${row}")
    set(FAMILY_PREFIX_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
    set(FAMILY_STIFF_${CMAKE_MATCH_1} ${CMAKE_MATCH_3})
endforeach()
foreach(row IN LISTS rows)
    string(REGEX MATCH "^METHOD\\(([a-z0-9_]+), ([a-z0-9_]+)\\)$" match "${row}")
    if(NOT DEFINED FAMILY_PREFIX_${CMAKE_MATCH_2})
        message(FATAL_ERROR "methods.def: not a row, or of no family: ${row}")
    endif()
    list(APPEND ODEC_METHODS ${CMAKE_MATCH_1})
    set(METHOD_FAMILY_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()
set(tableaus ${ODEC_METHODS})
list(TRANSFORM tableaus PREPEND kernels/methods/tableau_)
list(TRANSFORM tableaus APPEND .h)

# A header of functions is a line of math_all.h.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS kernels/math/math_all.h)
file(STRINGS kernels/math/math_all.h functions REGEX "^#include ")
list(TRANSFORM functions REPLACE "#include \"(.*)\"" "kernels/math/\\1")

set(ODEC_KERNEL_FILES
    kernels/abi.h kernels/dialect.h kernels/dialect_x86.h kernels/instant.h kernels/run_status.h
    kernels/status.def kernels/workspace.h
    ${functions} kernels/math/sweep.h
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
