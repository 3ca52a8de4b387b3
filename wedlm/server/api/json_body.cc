#include "wedlm/server/api/json_body.h"

#include "wedlm/base/error.h"
#include "wedlm/base/quote.h"
#include "wedlm/server/wire/api_failure.h"

namespace wedlm::server {
namespace {

/// "application/json; charset=utf-8" too, and "application/problem+json". Pages of other origins cannot send these
/// without being asked, as they can a form or a text.
bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return same_word(content_type, "application/json") || content_type.ends_with("+json");
}

}  // namespace

Json json_body(const HttpRequest& request) {
  const std::string* content_type = request.header("Content-Type");
  if (content_type == nullptr || !is_json(*content_type)) {
    throw ApiError({.status = 415,
                    .message = "expected the header Content-Type: application/json, got " +
                               (content_type == nullptr ? "none" : quote(*content_type))});
  }
  try {
    return parse_json(request.body, "the body");
  } catch (const InvalidInput& error) {
    throw ApiError({.message = error.what(), .code = "invalid_json"});
  }
}

}  // namespace wedlm::server
