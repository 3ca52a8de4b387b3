# What the Python module is built with: pybind11 and the headers of a Python. Sets WEDLM_PYTHON_MODULE to what it is, for
# people ("pybind11 2.10.3, Python 3.11.2"), empty where it is left out.
option(WEDLM_PYTHON "Build the Python module where pybind11 is found (Debian: pybind11-dev python3-dev)" ON)
set(WEDLM_PYTHON_MODULE)
if(WEDLM_PYTHON)
  if(NOT DEFINED SKBUILD AND NOT DEFINED Python_EXECUTABLE)
    find_program(WEDLM_DEBIAN_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH)  # whose packages are Debian's, NumPy too
    if(WEDLM_DEBIAN_PYTHON)
      set(Python_EXECUTABLE ${WEDLM_DEBIAN_PYTHON})
    endif()
  endif()
  find_package(Python 3.9 QUIET COMPONENTS Interpreter Development.Module)
  if(Python_FOUND)
    find_package(pybind11 2.10 CONFIG QUIET)
  endif()
  if(pybind11_FOUND)
    set(WEDLM_PYTHON_MODULE "pybind11 ${pybind11_VERSION}, Python ${Python_VERSION}")
  else()
    message(STATUS "wedlm: the Python module is left out: pybind11 and Python's headers were not found (Debian: "
                   "pybind11-dev python3-dev)")
  endif()
endif()
