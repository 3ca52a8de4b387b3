// The body of a request as JSON.
#pragma once

#include "wedlm/base/json.h"
#include "wedlm/server/http/http_message.h"

namespace wedlm::server {

/// Throws ApiError: 415 for another content type, 400 for what is no JSON.
Json json_body(const HttpRequest& request);

}  // namespace wedlm::server
