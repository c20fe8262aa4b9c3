# The C++ package: one export set a component, so that who asks for core alone never meets ITK or Torch.
# Everything here belongs to the install component "devel"; the wheel takes "python" alone.
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/groundglass")

install(TARGETS groundglass_core groundglass_headers EXPORT groundglass-core-targets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT devel
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT devel
        FILE_SET old_paths DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT devel)
set(components core)
foreach(component IN ITEMS io segmentation)
    if(TARGET groundglass_${component})
        list(APPEND components ${component})
        install(TARGETS groundglass_${component} EXPORT groundglass-${component}-targets
                LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT devel
                ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT devel
                FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT devel)
    endif()
endforeach()
foreach(component IN LISTS components)
    install(EXPORT groundglass-${component}-targets NAMESPACE groundglass:: DESTINATION "${package_dir}" COMPONENT devel)
endforeach()

string(REGEX MATCH "^[0-9]+\\.[0-9]+" torch_minor_version "${Torch_VERSION}")
configure_package_config_file(cmake/groundglass-config.cmake.in groundglass-config.cmake
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(groundglass-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/groundglass-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/groundglass-config-version.cmake"
        DESTINATION "${package_dir}" COMPONENT devel)
