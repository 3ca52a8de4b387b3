#include "wedlm/server/api/service.h"

#include <algorithm>
#include <array>
#include <string>

#include "wedlm/base/quote.h"
#include "wedlm/server/api/json_body.h"
#include "wedlm/server/api/model_routes.h"
#include "wedlm/server/api/page_route.h"
#include "wedlm/server/api/text_routes.h"
#include "wedlm/server/wire/anthropic_messages.h"
#include "wedlm/server/wire/openai_chat.h"
#include "wedlm/server/wire/openai_completions.h"
#include "wedlm/server/wire/openai_responses.h"

namespace wedlm::server {
namespace {

constexpr int kLoadingRetrySeconds = 2;
constexpr std::string_view kVersionPrefix = "/v1";
constexpr std::string_view kNoRoute = "none";
constexpr std::string_view kPageRoute = "/";  // for all files of the page

constexpr GenerationApi kChat = {.read = read_chat_call, .make_writer = make_chat_writer};
constexpr GenerationApi kResponses = {.read = read_responses_call, .make_writer = make_responses_writer};
constexpr GenerationApi kMessages = {.read = read_messages_call, .make_writer = make_messages_writer};
constexpr GenerationApi kCompletions = {.read = read_completions_call, .make_writer = make_completions_writer};

constexpr std::string_view kModelsPrefix = "/models/";
constexpr std::string_view kModelRoute = "/models/{model}";

/// With or without /v1, or with two of them: base addresses and clients' own paths have it or not.
std::string_view without_version(std::string_view path) {
  for (int i = 0; i < 2 && path.starts_with("/v1/") && path != "/v1/"; ++i) path.remove_prefix(kVersionPrefix.size());
  return path;
}

/// What stands for it among the routes.
std::string_view route_path(std::string_view path) {
  if (is_page_path(path)) return kPageRoute;
  path = without_version(path);
  const bool names_model = path.starts_with(kModelsPrefix) && path.size() > kModelsPrefix.size();
  return names_model ? kModelRoute : path;
}

}  // namespace

struct Service::Route {
  std::string_view method;
  std::string_view path;  // without /v1
  void (Service::*answer)(const Scope& scope);
  bool needs_key = true;
  RequestScope::Errors errors = openai_error;
};

std::span<const Service::Route> Service::routes() {
  static constexpr std::array kRoutes = {
      Route{.method = "GET", .path = kPageRoute, .answer = &Service::page},
      Route{.method = "GET", .path = "/health", .answer = &Service::health, .needs_key = false},
      Route{.method = "GET", .path = "/ready", .answer = &Service::ready, .needs_key = false},
      Route{.method = "GET", .path = "/version", .answer = &Service::version},
      Route{.method = "GET", .path = "/metrics", .answer = &Service::metrics},
      Route{.method = "GET", .path = "/models", .answer = &Service::models},
      Route{.method = "GET", .path = kModelRoute, .answer = &Service::model},
      Route{.method = "POST", .path = "/chat/completions", .answer = &Service::generate<kChat>},
      Route{.method = "POST", .path = "/completions", .answer = &Service::generate<kCompletions>},
      Route{.method = "POST", .path = "/responses", .answer = &Service::generate<kResponses>},
      Route{.method = "POST", .path = "/messages", .answer = &Service::generate<kMessages>, .errors = anthropic_error},
      Route{.method = "POST",
            .path = "/messages/count_tokens",
            .answer = &Service::text<count_tokens>,
            .errors = anthropic_error},
      Route{.method = "POST", .path = "/tokenize", .answer = &Service::text<tokenize>},
      Route{.method = "POST", .path = "/detokenize", .answer = &Service::text<detokenize>},
      Route{.method = "POST", .path = "/apply-template", .answer = &Service::text<apply_template>},
  };
  return kRoutes;
}

Service::Service(const ServerOptions& options, LogSink log)
    : access_{.api_keys = options.api_keys, .cors_origins = options.cors_origins, .hosts = options.allowed_hosts},
      rules_{.call = options.call,
             .splits_thinking = options.splits_thinking,
             .logs_prompts = options.logs_prompts,
             .time_limit = options.request_timeout},
      log_format_(options.log_format),
      version_(options.version),
      log_(std::move(log)) {}

Service::~Service() = default;

void Service::listen_at(bool is_loopback, std::function<int()> num_connections) {
  access_.checks_host = is_loopback;
  num_connections_ = std::move(num_connections);
}

void Service::serve(std::shared_ptr<const ServedModel> served) {
  const std::lock_guard lock(served_mutex_);
  served_ = std::move(served);
}

const Service::Route* Service::route_of(const HttpRequest& request) {
  const std::string_view path = route_path(request.path);
  const Route* route = nullptr;
  for (const Route& one : routes()) {
    if (one.path != path) continue;
    route = &one;
    if (one.method == request.method || (one.method == "GET" && request.method == "HEAD")) break;
  }
  return route;
}

void Service::refuse(std::shared_ptr<HttpExchange> exchange, int status, const std::string& message) {
  const Route* route = route_of(exchange->request());
  open_scope(std::move(exchange), route)
      ->fail({.status = status, .message = message, .type = status >= 500 ? "server_error" : "invalid_request_error"});
}

void Service::handle(std::shared_ptr<HttpExchange> exchange) {
  const Route* route = route_of(exchange->request());
  const Scope scope = open_scope(std::move(exchange), route);
  try {
    answer(scope, route);
  } catch (const std::exception& error) {
    scope->fail(error);
  }
}

Service::Scope Service::open_scope(std::shared_ptr<HttpExchange> exchange, const Route* route) {
  ++num_running_;
  HttpHeaders headers = cors_headers(exchange->request(), access_);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  const std::string_view name = route == nullptr ? kNoRoute : route->path;
  return std::make_shared<RequestScope>(std::move(exchange), std::move(headers),
                                        route == nullptr ? openai_error : route->errors,
                                        [this, name](const RequestRecord& record) { end(record, name); });
}

void Service::answer(const Scope& scope, const Route* route) {
  const HttpRequest& request = scope->request();
  if (request.method == "OPTIONS" && route != nullptr) return allow_cors(scope);
  check(request, route);
  (this->*route->answer)(scope);
}

void Service::check(const HttpRequest& request, const Route* route) const {
  if (!has_good_host(request, access_)) {
    throw ApiError({.status = 403,
                    .message = "Host: expected this machine's own name, got " + quote(*request.header("Host")) +
                               "; --allowed-host names others",
                    .code = "bad_host"});
  }
  if ((route == nullptr || route->needs_key) && !has_key(request, access_)) {
    throw ApiError({.status = 401,
                    .message = "expected an API key: Authorization: Bearer KEY",
                    .type = "authentication_error",
                    .code = "invalid_api_key"});
  }
  if (route == nullptr) {
    throw ApiError({.status = 404, .message = "there is nothing at " + quote(request.path), .code = "not_found"});
  }
  if (route->method != request.method && !(route->method == "GET" && request.method == "HEAD")) {
    throw ApiError({.status = 405,
                    .message = std::string(route->path) + ": expected " + std::string(route->method) + ", got " +
                               shortened(request.method),
                    .allowed_methods = std::string(route->method) + ", OPTIONS"});
  }
}

std::shared_ptr<const ServedModel> Service::served() const {
  if (is_draining_) {
    throw ApiError({.status = 503,
                    .message = "the server is shutting down",
                    .type = "server_error",
                    .code = "draining",
                    .retry_after_seconds = kLoadingRetrySeconds});
  }
  std::shared_ptr<const ServedModel> served = loaded();
  if (!served) {
    throw ApiError({.status = 503,
                    .message = "the model is being loaded",
                    .type = "server_error",
                    .code = "loading",
                    .retry_after_seconds = kLoadingRetrySeconds});
  }
  return served;
}

std::shared_ptr<const ServedModel> Service::loaded() const {
  const std::lock_guard lock(served_mutex_);
  return served_;
}

/// What a browser asks before it lets a page of another origin call.
void Service::allow_cors(const Scope& scope) const {
  HttpResponse response{.status = 204, .content_type = {}};
  if (!cors_headers(scope->request(), access_).empty()) {
    response.headers = {{"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
                        {"Access-Control-Allow-Headers",
                         "Authorization, Content-Type, X-Api-Key, X-Request-Id, Anthropic-Version, Anthropic-Beta"},
                        {"Access-Control-Max-Age", "600"}};
  }
  scope->respond(std::move(response));
}

void Service::end(const RequestRecord& record, std::string_view route) {
  metrics_.request_ended(route, record.status, record.seconds);
  {
    const std::lock_guard lock(log_mutex_);
    log_(log_line(record, log_format_));
  }
  --num_running_;
}

void Service::page(const Scope& scope) {
  scope->respond(page_response(scope->request()));
}

void Service::health(const Scope& scope) {
  scope->respond(Json::object({{"status", "ok"}}));
}

void Service::ready(const Scope& scope) {
  served();
  scope->respond(Json::object({{"status", "ready"}}));
}

void Service::version(const Scope& scope) {
  scope->respond(Json::object({{"version", version_}}));
}

void Service::models(const Scope& scope) {
  scope->respond(models_json(*served(), rules_.call));
}

void Service::model(const Scope& scope) {
  const auto model = served();
  check_model_name(*model, percent_decoded(without_version(scope->request().path).substr(kModelsPrefix.size())));
  scope->respond(model_json(*model, rules_.call));
}

void Service::metrics(const Scope& scope) {
  std::optional<ServerMetrics::State> state;
  if (const auto model = loaded()) {
    state = {.model_name = model->name,
             .engine = model->engine.stats(),
             .options = model->engine.options(),
             .num_connections = num_connections_(),
             .is_ready = !is_draining_};
  }
  scope->respond({.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.text(state)});
}

template <const GenerationApi& kApi>
void Service::generate(const Scope& scope) {
  start_generation(scope, kApi, rules_, served(), metrics_);
}

template <Service::TextRoute kRoute>
void Service::text(const Scope& scope) {
  const auto model = served();
  scope->respond(kRoute(json_body(scope->request()), rules_.call, *model));
}

}  // namespace wedlm::server
