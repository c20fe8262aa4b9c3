# cmake -DBUILD=<build folder> -DWORK=<scratch folder> -P check.cmake
# Installs the C++ package into a scratch prefix, and builds and runs the consumer projects against it; the last
# takes the sources as a folder of its own tree.
get_filename_component(BUILD "${BUILD}" ABSOLUTE)
get_filename_component(WORK "${WORK}" ABSOLUTE)
file(REMOVE_RECURSE "${WORK}")

function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "consumer: failed: ${ARGN}\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

load_cache("${BUILD}" READ_WITH_PREFIX cached_ Torch_DIR ITK_DIR)
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix" --component devel)

set(core_options -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON -DCMAKE_DISABLE_FIND_PACKAGE_ITK=ON)
set(headers_options ${core_options})
set(io_options -DCMAKE_DISABLE_FIND_PACKAGE_Torch=ON)
set(segmentation_options "-DTorch_DIR=${cached_Torch_DIR}")
set(subdirectory_options "-DGROUNDGLASS_SOURCE=${CMAKE_CURRENT_LIST_DIR}/../..")
foreach(consumer IN ITEMS core headers io segmentation subdirectory)
    if(consumer STREQUAL "segmentation" AND NOT cached_Torch_DIR)
        message(STATUS "consumer segmentation: skipped, this build has no LibTorch")
        continue()
    elseif(consumer STREQUAL "io" AND NOT cached_ITK_DIR)
        message(STATUS "consumer io: skipped, this build has no ITK")
        continue()
    endif()
    run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/${consumer}" -B "${WORK}/${consumer}"
        "-DCMAKE_PREFIX_PATH=${WORK}/prefix" ${${consumer}_options})
    run("${CMAKE_COMMAND}" --build "${WORK}/${consumer}" --parallel --target consumer_${consumer})
    run("${WORK}/${consumer}/consumer_${consumer}")
    message(STATUS "consumer ${consumer}: ${output}")
endforeach()
