// Gives out the page's files: to anybody who may come in, also while the model is still being loaded.
#pragma once

#include <string_view>

#include "wedlm/server/http/http_message.h"

namespace wedlm::server {

/// Whether the page has a file there; "/" is its first one.
bool is_page_path(std::string_view path);

/// The file at the request's path, which is_page_path(), or 304 without it where the client has the same one already
/// (If-None-Match).
HttpResponse page_response(const HttpRequest& request);

}  // namespace wedlm::server
