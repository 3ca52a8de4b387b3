# LibTorch, which trains: Debian's libtorch-dev, or another one by -DTorch_DIR= (that of the PyPI package torch lies in
# its folder share/cmake/Torch). Sets WEDLM_LIBTORCH to what to link, empty where there is none. Its headers are the
# system's, so that no warning is ours.
option(WEDLM_TRAIN "Build training where LibTorch is found (Debian: libtorch-dev libopenblas0-pthread)" ON)
set(WEDLM_LIBTORCH)
if(WEDLM_TRAIN)
  find_package(Torch QUIET)
endif()
if(TORCH_FOUND)
  set(WEDLM_LIBTORCH wedlm_libtorch)
  add_library(wedlm_libtorch INTERFACE)
  target_include_directories(wedlm_libtorch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(wedlm_libtorch INTERFACE ${TORCH_LIBRARIES})
elseif(WEDLM_TRAIN)
  message(STATUS "wedlm: training is left out: LibTorch was not found (Debian: libtorch-dev libopenblas0-pthread)")
endif()
