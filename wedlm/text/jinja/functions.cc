// Global functions: Jinja's range, dict, namespace, cycler and joiner, and the two that Hugging Face adds.
#include <ctime>

#include "wedlm/text/jinja/builtins.h"
#include "wedlm/text/jinja/interpreter.h"
#include "wedlm/text/jinja/loop.h"
#include "wedlm/text/jinja/operators.h"
#include "wedlm/text/jinja/python_text.h"

namespace wedlm::jinja {
namespace {

Value range(Runtime& runtime, const Arguments& arguments) {
  const Bound bound = bind("range", arguments, {"start", "stop", "step"});
  const bool has_start = bound.has(1);
  const std::int64_t start = has_start ? bound.integer(0) : 0;
  const std::int64_t stop = bound.integer(has_start ? 1 : 0);
  const std::int64_t step = bound.integer(2, 1);
  if (step == 0) throw Complaint("range() arg 3 must not be zero");
  const auto too_big = [] {
    throw Complaint("a range is longer than the limit of " + std::to_string(kMaxRangeItems) + " items");
  };
  std::vector<Value> items;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<std::int64_t>(items.size()) >= kMaxRangeItems) too_big();
    items.push_back(Value::integer(i));
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  runtime.charge_steps(items.size());
  return Value::list(std::move(items));
}

/// What dict() and namespace() make of their arguments.
Dict dict_of(std::string_view function, Runtime& runtime, const Arguments& arguments) {
  if (arguments.positional.size() > 1) throw Complaint(std::string(function) + "() takes at most 1 argument");
  Dict dict;
  if (!arguments.positional.empty()) {
    const Value& source = arguments.positional.front();
    if (source.is_dict()) {
      runtime.charge_steps(source.dict().entries().size());
      dict = source.dict();
    } else {
      for (const Value& pair : iterate(source, runtime)) {
        const std::vector<Value> parts = iterate(pair, runtime);
        if (parts.size() != 2) throw Complaint(std::string(function) + "() needs pairs of a key and a value");
        dict.set(parts[0], parts[1]);
      }
    }
  }
  for (const auto& [name, value] : arguments.named) dict.set(Value::string(name), value);
  return dict;
}

Value make_dict(Runtime& runtime, const Arguments& arguments) {
  return Value::dict(dict_of("dict", runtime, arguments));
}

Value make_namespace(Runtime& runtime, const Arguments& arguments) {
  const Dict attributes = dict_of("namespace", runtime, arguments);
  auto* object = runtime.make<Namespace>();
  for (const auto& [key, value] : attributes.entries()) object->set(key, value);
  return Value::object(object);
}

Value make_cycler(Runtime& runtime, const Arguments& arguments) {
  if (arguments.positional.empty()) throw Complaint("at least one item has to be provided");
  return Value::object(runtime.make<Cycler>(arguments.positional));
}

Value make_joiner(Runtime& runtime, const Arguments& arguments) {
  const Bound bound = bind("joiner", arguments, {"sep"});
  return Value::object(runtime.make<Joiner>(bound.has(0) ? bound.at(0) : Value::string(", ")));
}

Value raise_exception(Runtime& runtime, const Arguments& arguments) {
  throw Refusal(to_text(bind("raise_exception", arguments, {"message"}).at(0), runtime));
}

Value strftime_now(Runtime&, const Arguments& arguments) {
  const std::string& format = bind("strftime_now", arguments, {"format"}).text(0);
  constexpr std::size_t kMaxFormatBytes = 1024;
  if (format.size() > kMaxFormatBytes) throw Complaint("the format of strftime_now() is longer than 1024 bytes");
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::string text(64 * kMaxFormatBytes, '\0');
  text.resize(std::strftime(text.data(), text.size(), format.c_str(), &local));
  return Value::string(replace_ill_formed_utf8(text));
}

constexpr Named<Function> kFunctions[] = {{"range", range},
                                          {"dict", make_dict},
                                          {"namespace", make_namespace},
                                          {"cycler", make_cycler},
                                          {"joiner", make_joiner},
                                          {"raise_exception", raise_exception},
                                          {"strftime_now", strftime_now}};

}  // namespace

Function find_function(std::string_view name) {
  return find_named(kFunctions, name);
}

}  // namespace wedlm::jinja
