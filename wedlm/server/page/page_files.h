// The files of the page, which are part of the program: those of web/, and below /vendor/ the libraries that were found
// when it was built. cmake/WebPage.cmake makes the definition.
#pragma once

#include <span>
#include <string_view>

namespace wedlm::server {

struct PageFile {
  std::string_view path{};          // "/index.html": its address
  std::string_view content_type{};  // "text/html; charset=utf-8"
  std::string_view content{};       // byte for byte
};

std::span<const PageFile> page_files();

}  // namespace wedlm::server
