// What every part of a rendering shares: the limits that keep an untrusted template from using the machine up, the
// memory of objects, and the form of calls. One Runtime serves one rendering.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wedlm/text/jinja/value.h"

namespace wedlm::jinja {

// Work may grow with the input, so that a long conversation can be rendered; a template of its own may do no more.
inline constexpr std::int64_t kMaxSteps = 10'000'000;    // nodes evaluated and items handled
inline constexpr std::int64_t kStepsPerValue = 500;      // or so many for each value of the input, where that is more
inline constexpr std::size_t kMaxTextBytes = 64 << 20;   // one string, or the output
inline constexpr std::size_t kMaxWorkBytes = 512 << 20;  // all strings read and made
inline constexpr std::size_t kWorkPerByte = 100;         // or so many for each byte of the input
inline constexpr std::int64_t kMaxRangeItems = 100'000;  // as Jinja's sandbox
inline constexpr int kMaxDepth = 800;                    // statements, expressions and macros within one another

/// The arguments of a call, a filter or a test.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

/// What a rendering is given to work on.
struct InputSize {
  std::int64_t num_values = 0;
  std::size_t num_bytes = 0;  // of its strings

  void add(const Value& value);
};

class Runtime {
 public:
  explicit Runtime(const InputSize& input);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Each throws Complaint, naming the limit, when it is passed.
  void charge_steps(std::size_t count);
  void charge_bytes(std::size_t count);
  /// Charges the bytes of a string. A container costs nothing to hand on, for it is shared: what makes one or goes over
  /// its items charges steps.
  void charge(const Value& value);
  void charge(const Arguments& arguments);
  /// To be called before a string of this size is made where its parts do not bound it.
  static void check_text_size(double bytes);

  /// Makes an object that lives as long as this Runtime.
  template <class T, class... Args>
  T* make(Args&&... args) {
    charge_bytes(sizeof(T) + kObjectOverhead);
    auto owned = std::make_unique<T>(std::forward<Args>(args)...);
    T* object = owned.get();
    objects_.push_back(std::move(owned));
    return object;
  }

 private:
  static constexpr std::size_t kObjectOverhead = 128;
  std::int64_t max_steps_;
  std::size_t max_bytes_;
  std::int64_t num_steps_ = 0;
  std::size_t num_bytes_ = 0;
  std::vector<std::unique_ptr<Object>> objects_;
};

/// Arguments sorted into parameters; an absent one has its default.
class Bound {
 public:
  const Value* find(std::size_t parameter) const;  // nullptr where it was not given
  bool has(std::size_t parameter) const { return find(parameter) != nullptr; }
  bool is_given(std::size_t parameter) const;  // given, and not none
  /// Each throws Complaint where the value is of another type; `at` where it was not given.
  const Value& at(std::size_t parameter) const;
  const std::string& text(std::size_t parameter) const;
  std::string text(std::size_t parameter, std::string_view otherwise) const;
  std::int64_t integer(std::size_t parameter) const;
  std::int64_t integer(std::size_t parameter, std::int64_t otherwise) const;
  bool truth(std::size_t parameter, bool otherwise) const;

 private:
  friend Bound bind(std::string_view callee, const Arguments& arguments,
                    std::initializer_list<std::string_view> parameters);
  std::string callee_;
  std::vector<std::string_view> names_;
  std::vector<std::optional<Value>> values_;
};

/// Throws Complaint for too many arguments, for a name that is no parameter and for one given twice. `parameters` are
/// string literals.
Bound bind(std::string_view callee, const Arguments& arguments, std::initializer_list<std::string_view> parameters);

/// A value with identity: what a template can change (a namespace) or call (a macro).
class Object {
 public:
  Object() = default;
  virtual ~Object() = default;
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual std::string_view type_name() const = 0;
  virtual std::optional<Value> attribute(Runtime& runtime, std::string_view name);
  virtual bool is_callable() const { return false; }
  virtual Value call(Runtime& runtime, const Arguments& arguments);
};

/// namespace(): the only thing whose attributes a template may set.
class Namespace final : public Object {
 public:
  std::string_view type_name() const override { return "Namespace"; }
  std::optional<Value> attribute(Runtime& runtime, std::string_view name) override;
  void set(Value name, Value value) { attributes_.set(std::move(name), std::move(value)); }
  const Dict& attributes() const { return attributes_; }

 private:
  Dict attributes_;
};

}  // namespace wedlm::jinja
