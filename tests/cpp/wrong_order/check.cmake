# cmake -DCOMPILER=… -DINCLUDES=… -DPROGRAMS=… -P check.cmake
# The first thing a compiler says of a wrong order names the line that is wrong, both stages, what the first gives
# and what the second takes.
list(TRANSFORM INCLUDES PREPEND "-I")
function(compile wrong)
    execute_process(
        COMMAND "${COMPILER}" -std=c++20 -fsyntax-only "-DWRONG=${wrong}" ${INCLUDES} "${PROGRAMS}"
        RESULT_VARIABLE status ERROR_VARIABLE errors OUTPUT_VARIABLE errors)
    string(REGEX MATCH "[^\n]*error:[^\n]*" first "${errors}")
    set(status "${status}" PARENT_SCOPE)
    set(first "${first}" PARENT_SCOPE)
endfunction()

compile(0)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "the right program does not compile: ${first}")
endif()
set(named_1 involvement lung_mask involvement_table ct_volume)
set(named_2 lung_mask involvement lung_ct lesion_ct)
set(named_3 scores slice_profile score_table lesion_ct)
set(named_4 involvement ct_volume lesion_ct)
set(named_5 lung_mask segmentation::lungs lung_ct ct_volume)
foreach(wrong IN ITEMS 1 2 3 4 5)
    compile(${wrong})
    if(status EQUAL 0)
        message(FATAL_ERROR "the wrong program ${wrong} compiles")
    endif()
    foreach(name IN ITEMS programs.cpp ${named_${wrong}})
        if(NOT first MATCHES "${name}")
            message(FATAL_ERROR "the first error of program ${wrong} does not name ${name}: ${first}")
        endif()
    endforeach()
    message(STATUS "${first}")
endforeach()
