# Warnings for the project's own targets, which use no old name; never part of a target's interface.
function(groundglass_warnings target)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
    target_compile_definitions(${target} PRIVATE GROUNDGLASS_NO_OLD_NAMES)
    if(GROUNDGLASS_WARNINGS_AS_ERRORS)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()

# A compiled component: it shows what its headers export and no more, fits into a shared library, and each of its
# headers compiles by itself (the target all_verify_interface_header_sets tries).
function(groundglass_component target)
    set_target_properties(
        ${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                             VERIFY_INTERFACE_HEADER_SETS ON)
    groundglass_warnings(${target})
endfunction()
