# groundglass_units(target name file...) compiles the files as one. Parsing pybind11 or torch, and instantiating the same of
# them for each file, takes over half of the time otherwise. GROUNDGLASS_UNITS=OFF compiles each on its own, which is
# quicker for who edits one of them. A file that is named nowhere is compiled on its own anyway.
option(GROUNDGLASS_UNITS "Compile files that include the same large headers together" ON)
function(groundglass_units target name)
    if(GROUNDGLASS_UNITS)
        set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
        set_source_files_properties(${ARGN} PROPERTIES UNITY_GROUP ${name})
    endif()
endfunction()
