#include "python/bindings/json_objects.h"

#include <string>

#include "wedlm/base/error.h"

namespace wedlm::python {
namespace {

namespace py = pybind11;

constexpr int kMaxDepth = 64;  // as JsonLimits

bool is_integer(const py::handle& object) {
  return PyIndex_Check(object.ptr()) != 0;
}

std::string digits_of(const py::handle& object) {
  return py::str(py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr())));
}

Json json_of(const py::handle& object, int depth);

Json json_of_integer(const py::handle& object) {
  const auto whole = py::reinterpret_steal<py::object>(PyNumber_Index(object.ptr()));
  if (!whole) throw py::error_already_set();
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(whole.ptr(), &overflow);
  if (overflow != 0) return Json::integer_of_digits(py::str(whole));
  return static_cast<std::int64_t>(value);
}

Json json_of_dict(const py::dict& dict, int depth) {
  Json json = Json::object({});
  for (const auto& [key, value] : dict) {
    if (!py::isinstance<py::str>(key) && !is_integer(key)) throw InvalidInput("expected keys that are texts");
    json.set(py::isinstance<py::str>(key) ? key.cast<std::string>() : digits_of(key), json_of(value, depth));
  }
  return json;
}

Json json_of(const py::handle& object, int depth) {
  if (depth > kMaxDepth) throw InvalidInput("expected at most " + std::to_string(kMaxDepth) + " levels of values");
  if (object.is_none()) return {};
  if (py::isinstance<py::bool_>(object)) return object.cast<bool>();
  if (py::isinstance<py::str>(object)) return object.cast<std::string>();
  if (is_integer(object)) return json_of_integer(object);
  if (PyNumber_Check(object.ptr()) != 0 && py::hasattr(object, "__float__")) {
    return py::reinterpret_borrow<py::object>(object).attr("__float__")().cast<double>();
  }
  if (py::isinstance<py::dict>(object)) return json_of_dict(py::reinterpret_borrow<py::dict>(object), depth + 1);
  if (py::isinstance<py::list>(object) || py::isinstance<py::tuple>(object)) {
    Json::Array array;
    for (const py::handle& one : object) array.push_back(json_of(one, depth + 1));
    return array;
  }
  throw InvalidInput("expected a value that JSON has, got a " +
                     std::string(py::str(py::type::handle_of(object).attr("__name__"))));
}

}  // namespace

Json json_of_object(const py::handle& object) {
  return json_of(object, 0);
}

py::object object_of_json(const Json& json) {
  if (json.is_bool()) return py::bool_(json.as_bool());
  if (json.is_integer()) return py::int_(json.as_integer());
  if (json.is_real()) return py::float_(json.real());
  if (json.is_string()) return py::str(json.as_string());
  if (json.is_long_integer()) return py::module_::import("builtins").attr("int")(json.long_integer());
  if (json.is_array()) {
    py::list list;
    for (const Json& one : json.as_array()) list.append(object_of_json(one));
    return list;
  }
  if (json.is_object()) {
    py::dict dict;
    for (const JsonMember& member : json.as_object()) dict[py::str(member.key)] = object_of_json(member.value);
    return dict;
  }
  return py::none();
}

}  // namespace wedlm::python
