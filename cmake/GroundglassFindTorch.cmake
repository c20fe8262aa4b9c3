# Makes find_package(Torch) work against a torch that was installed with pip, and keeps it quiet.
#
# Torch_DIR and CMAKE_PREFIX_PATH come first (a LibTorch unpacked for C++). Otherwise the Python interpreter
# (Python_EXECUTABLE, or the one that is found) is asked where its torch lies, so that an extension module is
# built against the very torch it will be imported with. Include this file, then call find_package(Torch).
# Link the target `torch`: ${TORCH_LIBRARIES} also holds absolute paths, which an installed package must not.

# How to get it, from the one place where the version stands.
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../pyproject.toml" groundglass_torch_requirement REGEX "^segmentation = ")
string(REGEX MATCH "torch==[0-9.*]+" groundglass_torch_requirement "${groundglass_torch_requirement}")

# TorchConfig warns when there is no libkineto.a, a profiler that the wheel does not bring and nobody here links.
# It only looks for it while this is not set.
set(kineto_LIBRARY c10 CACHE INTERNAL "")

if(NOT Torch_DIR)
    find_package(Torch QUIET)
endif()
if(NOT Torch_FOUND AND NOT Torch_DIR)
    if(NOT Python_EXECUTABLE)
        find_package(Python QUIET COMPONENTS Interpreter)
    endif()
    if(Python_EXECUTABLE)
        execute_process(
            COMMAND "${Python_EXECUTABLE}" -c "import torch.utils; print(torch.utils.cmake_prefix_path)"
            OUTPUT_VARIABLE groundglass_torch_prefix
            OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
        if(groundglass_torch_prefix)
            set(Torch_DIR "${groundglass_torch_prefix}/Torch" CACHE PATH "The folder of TorchConfig.cmake" FORCE)
        endif()
    endif()
endif()

# Where the libraries lie, for the run path of what is not installed beside torch in site-packages.
if(Torch_DIR)
    get_filename_component(GROUNDGLASS_TORCH_LIBRARY_DIR "${Torch_DIR}/../../../lib" ABSOLUTE)
endif()
