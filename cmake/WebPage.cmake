# wedlm_pack_page(RESULT): packs web/ and the libraries that the page shows text with into the program. RESULT becomes a
# source to compile, which defines what wedlm/server/page/page_files.h declares: the assembler takes in each file as it
# is, so that megabytes of scripts cost no compile time.
#
# The libraries are Debian's ready bundles, and each comes with its licence (/vendor/LICENSES.txt). Where one is missing
# the page shows plain text in its place.
set(WEDLM_PAGE_LIBRARY_ROOT / CACHE PATH "The root under which the page's libraries lie as Debian packages install them")

function(wedlm_pack_page result)
  file(GLOB paths CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/*)
  foreach(path IN LISTS paths)
    get_filename_component(name ${path} NAME)
    wedlm_pack_file("/${name}" ${path})
  endforeach()
  set(licences "Libraries that come with this page, and their licences.\n")
  wedlm_pack_library("markdown" libjs-markdown-it javascript/markdown-it/markdown-it.js)
  wedlm_pack_library("markdown" node-dompurify nodejs/dompurify/dist/purify.min.js)
  wedlm_pack_library("code" libjs-highlight.js javascript/highlight.js/highlight.min.js)
  wedlm_pack_library("formulas" libjs-katex javascript/katex/katex.js javascript/katex/katex.css
                     javascript/katex/fonts/KaTeX_*.woff2)
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/page_licences.txt CONTENT "@licences@" @ONLY)
  wedlm_pack_file(/vendor/LICENSES.txt ${CMAKE_CURRENT_BINARY_DIR}/page_licences.txt)

  set(source ${CMAKE_CURRENT_BINARY_DIR}/page_files.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
// Made by cmake/WebPage.cmake.
#include "wedlm/server/page/page_files.h"

#include <array>

// clang-format off
asm(R"(.pushsection .rodata,"a"
@contents@.popsection)");

extern "C" {
@symbols@}

namespace wedlm::server {

std::span<const PageFile> page_files() {
  static const auto kFiles = std::to_array<PageFile>({
@rows@  });
  return kFiles;
}

}  // namespace wedlm::server
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${packed}")
  set(${result} ${source} PARENT_SCOPE)
endfunction()

# wedlm_pack_library(WHAT PACKAGE file...): the files of a Debian package, below usr/share, and its licence. WHAT is what
# the page shows as plain text without it.
macro(wedlm_pack_library what package)
  set(share ${WEDLM_PAGE_LIBRARY_ROOT}/usr/share)
  set(lacks)
  set(library_paths)
  foreach(name ${ARGN} doc/${package}/copyright)
    file(GLOB library_files ${share}/${name})
    if(library_files)
      list(APPEND library_paths ${library_files})
    else()
      list(APPEND lacks ${name})
    endif()
  endforeach()
  if(lacks)
    list(GET lacks 0 name)
    message(STATUS "wedlm: the page shows plain text for ${what}: ${name} was not found (Debian: ${package})")
  else()
    list(POP_BACK library_paths licence)
    file(READ ${licence} licence_text)
    string(APPEND licences "\n\n==== ${package} ====\n\n${licence_text}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${licence})
    foreach(path IN LISTS library_paths)
      string(REGEX MATCH "/(katex/(fonts/)?)?[^/]+$" name ${path})
      wedlm_pack_file(/vendor${name} ${path})
    endforeach()
  endif()
endmacro()

# wedlm_pack_file(ADDRESS PATH): one file more, by its address on the server.
macro(wedlm_pack_file address path)
  list(LENGTH packed index)
  list(APPEND packed ${path})
  set(symbol wedlm_page_file_${index})
  get_filename_component(ending ${path} LAST_EXT)
  wedlm_content_type(content_type ${ending})
  string(APPEND contents ".globl ${symbol}, ${symbol}_end\n.hidden ${symbol}, ${symbol}_end\n"
                         "${symbol}: .incbin \"${path}\"\n${symbol}_end:\n")
  string(APPEND symbols "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
  string(APPEND rows "    {.path = \"${address}\", .content_type = \"${content_type}\", .content = {${symbol}, ${symbol}_end}},\n")
endmacro()

function(wedlm_content_type result ending)
  set(.html "text/html; charset=utf-8")
  set(.css "text/css; charset=utf-8")
  set(.js "text/javascript; charset=utf-8")
  set(.txt "text/plain; charset=utf-8")
  set(.svg "image/svg+xml")
  set(.woff2 "font/woff2")
  if(NOT DEFINED ${ending})
    message(FATAL_ERROR "web/ has a file whose content type is not known: *${ending}")
  endif()
  set(${result} "${${ending}}" PARENT_SCOPE)
endfunction()
