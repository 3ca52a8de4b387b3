# Language level, warnings and sanitizers, for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_package(Threads REQUIRED)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-qual)
# Designated initialisers leave members to their defaults on purpose.
add_compile_options(-Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps and uninitialised bytes in `"text" + std::string` where there are none (GCC bug 105651).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
if(WEDLM_WARNINGS_AS_ERRORS)
  add_compile_options(-Werror)
endif()
# A fused multiply-add rounds once where a product and a sum round twice. Which one is used must not depend on how many
# rows a loop was unrolled for, so only the instruction-set files of backend/cpu, which say it themselves, contract.
add_compile_options(-ffp-contract=off)
if(WEDLM_SANITIZE)
  add_compile_options(-fsanitize=${WEDLM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${WEDLM_SANITIZE})
endif()
