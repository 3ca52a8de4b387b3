# wedlm_layer() declares a folder of wedlm/ as a library and says which other folders it may include. The same list is
# written to layers.txt in the build folder, where tests/architecture_test.cc compares it with every #include.

# wedlm_layer(NAME SOURCES file... [MAY_INCLUDE layer...] [LIBRARIES target...])
#   MAY_INCLUDE  the layers whose headers this one may include; they are linked too
#   LIBRARIES    packages that this layer alone uses; their headers stay in its .cc files
#   NOT_FOUND    what of them this machine lacks, for people. Empty is usual; else the layer is an error, or with
#                WEDLM_LEAVE_OUT it is left out, and with it every layer, program and test that needs it
function(wedlm_layer name)
  cmake_parse_arguments(ARG "" "NOT_FOUND" "SOURCES;MAY_INCLUDE;LIBRARIES" ${ARGN})
  list(JOIN ARG_MAY_INCLUDE " " may_include)
  set_property(GLOBAL APPEND_STRING PROPERTY WEDLM_LAYERS "${name}: ${may_include}\n")
  if(ARG_NOT_FOUND AND NOT WEDLM_LEAVE_OUT)
    message(FATAL_ERROR "wedlm/${name} needs ${ARG_NOT_FOUND}, which was not found")
  elseif(ARG_NOT_FOUND)
    message(STATUS "wedlm: ${name} is left out: ${ARG_NOT_FOUND} was not found")
    return()
  endif()
  wedlm_missing_layers(missing ${ARG_MAY_INCLUDE})
  if(missing)
    message(STATUS "wedlm: ${name} is left out: it needs ${missing}")
    return()
  endif()
  add_library(wedlm_${name} STATIC ${ARG_SOURCES})
  target_include_directories(wedlm_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  foreach(layer IN LISTS ARG_MAY_INCLUDE)
    target_link_libraries(wedlm_${name} PUBLIC wedlm_${layer})
  endforeach()
  target_link_libraries(wedlm_${name} PRIVATE ${ARG_LIBRARIES})
  if(WEDLM_FUZZERS AND NOT name STREQUAL backend)  # a kernel's ways do not depend on what its numbers are
    target_compile_options(wedlm_${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# Sets `result` to those of the layers that were left out.
function(wedlm_missing_layers result)
  set(missing)
  foreach(layer IN LISTS ARGN)
    if(NOT TARGET wedlm_${layer})
      list(APPEND missing ${layer})
    endif()
  endforeach()
  list(JOIN missing ", " missing)
  set(${result} "${missing}" PARENT_SCOPE)
endfunction()

# Writes the layer list; called once, after the last wedlm_layer().
function(wedlm_write_layers)
  get_property(layers GLOBAL PROPERTY WEDLM_LAYERS)
  file(WRITE ${CMAKE_BINARY_DIR}/layers.txt "${layers}")
endfunction()

# wedlm_program(NAME SOURCES file... LAYERS layer... [LIBRARIES target...]): a program over these layers. There is none
# where one of them was left out.
function(wedlm_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LAYERS;LIBRARIES" ${ARGN})
  wedlm_missing_layers(missing ${ARG_LAYERS})
  if(missing)
    message(STATUS "wedlm: ${name} is left out: it needs ${missing}")
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_LAYERS PREPEND wedlm_)
  target_link_libraries(${name} PRIVATE ${ARG_LAYERS} ${ARG_LIBRARIES})
endfunction()

# wedlm_test(NAME LABEL label SOURCES file... LAYERS layer... [LIBRARIES target...])
#   LABEL  unit, conformance, golden, e2e or gpu: what `ctest -L` selects
function(wedlm_test name)
  cmake_parse_arguments(ARG "" "LABEL" "SOURCES;LAYERS;LIBRARIES" ${ARGN})
  wedlm_program(${name} SOURCES ${ARG_SOURCES} LAYERS ${ARG_LAYERS}
                LIBRARIES wedlm_test_support GTest::gmock GTest::gtest_main ${ARG_LIBRARIES})
  if(NOT TARGET ${name})
    return()
  endif()
  # GoogleTest's headers are most of what a test's compiler reads; the first program reads them for all.
  get_property(first GLOBAL PROPERTY WEDLM_FIRST_TEST)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
  else()
    target_precompile_headers(${name} PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
    set_property(GLOBAL PROPERTY WEDLM_FIRST_TEST ${name})
  endif()
  gtest_discover_tests(${name} TEST_PREFIX "${name}/" DISCOVERY_MODE PRE_TEST PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 600)
endfunction()

# wedlm_fuzzer(NAME SOURCES file... LAYERS layer...): a libFuzzer target, declared only with WEDLM_FUZZERS. The target
# `fuzzers` builds them all.
function(wedlm_fuzzer name)
  if(NOT WEDLM_FUZZERS)
    return()
  endif()
  wedlm_program(${name} ${ARGN})
  if(NOT TARGET ${name})
    return()
  endif()
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers ${name})
endfunction()
