# The list of what is inside a wheel, for its .dist-info/sboms. The versions are those that were found here.
set(sbom "${CMAKE_CURRENT_BINARY_DIR}/groundglass.spdx.json")
set(sbom_libraries "xtensor=${xtensor_VERSION}" "xtl=${xtl_VERSION}" "boost-math=${Boost_VERSION}"
                   "pybind11=${pybind11_VERSION}")
if(GROUNDGLASS_LOBES)
    list(APPEND sbom_libraries "lobe-maps")
endif()
set(sbom_torch)
if(GROUNDGLASS_HAS_SEGMENTATION)
    list(APPEND sbom_libraries "nlohmann-json=${nlohmann_json_VERSION}")
    set(sbom_torch --torch "${Torch_VERSION}")
endif()
list(TRANSFORM sbom_libraries PREPEND "--library=")
# Written anew by each build: the page that it tells of is no source of CMake's.
add_custom_target(groundglass_sbom ALL
    COMMAND "${Python_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tools/sbom.py" --out "${sbom}" ${sbom_libraries} ${sbom_torch}
    BYPRODUCTS "${sbom}" VERBATIM)
install(FILES "${sbom}" DESTINATION "${SKBUILD_METADATA_DIR}/sboms" COMPONENT python)
