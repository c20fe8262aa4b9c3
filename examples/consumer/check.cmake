# cmake -DBUILD=<build folder> -DWORK=<scratch folder> -P check.cmake
#   installs the C++ package into a scratch prefix.
# cmake -DWORK=<scratch folder> -DCONSUMER=<name> "-DOPTIONS=<options>" -P check.cmake
#   builds a consumer project against it and runs it; `subdirectory` takes the sources as a folder of its own tree.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "consumer: failed: ${ARGN}\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

if(NOT CONSUMER)
    file(REMOVE_RECURSE "${WORK}")
    run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix" --component devel)
    return()
endif()
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/${CONSUMER}" -B "${WORK}/${CONSUMER}"
    "-DCMAKE_PREFIX_PATH=${WORK}/prefix" ${OPTIONS})
run("${CMAKE_COMMAND}" --build "${WORK}/${CONSUMER}" --target consumer_${CONSUMER})
run("${WORK}/${CONSUMER}/consumer_${CONSUMER}")
message(STATUS "consumer ${CONSUMER}: ${output}")
