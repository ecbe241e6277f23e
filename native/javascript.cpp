// The checks behind javascript.h.
#include "javascript.h"

#include <cmath>
#include <new>
#include <system_error>

namespace longrun::javascript {

void check(napi_status status) {
  if (status != napi_ok)
    throw std::runtime_error("a call into Node-API failed with status " + std::to_string(status));
}

void Value::expect(bool holds, const char* what) const {
  if (!holds) throw std::invalid_argument(name_ + " is not " + what);
}

double Value::number() const {
  double x;
  expect(napi_get_value_double(env_, value_, &x) == napi_ok, "a number");
  return x;
}

int64_t Value::whole(int64_t least, int64_t most) const {
  const double x = number();
  if (!(x >= static_cast<double>(least) && x <= static_cast<double>(most)) || std::floor(x) != x)
    throw std::invalid_argument(name_ + " is " + std::to_string(x) + ", not a whole number from " +
                                std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int64_t>(x);
}

std::string Value::text() const {
  size_t length;
  expect(napi_get_value_string_utf8(env_, value_, nullptr, 0, &length) == napi_ok, "a string");
  std::string text(length + 1, '\0');
  check(napi_get_value_string_utf8(env_, value_, text.data(), text.size(), &length));
  text.resize(length);
  return text;
}

std::vector<Value> Value::elements() const {
  uint32_t length;
  expect(napi_get_array_length(env_, value_, &length) == napi_ok, "an array");
  std::vector<Value> elements;
  for (uint32_t index = 0; index < length; index++) {
    napi_value element;
    check(napi_get_element(env_, value_, index, &element));
    elements.emplace_back(env_, element, name_ + "[" + std::to_string(index) + "]");
  }
  return elements;
}

std::vector<double> Value::numbers() const {
  std::vector<double> numbers;
  for (const Value& element : elements()) numbers.push_back(element.number());
  return numbers;
}

Value Value::member(const char* name) const {
  napi_valuetype type;
  check(napi_typeof(env_, value_, &type));
  expect(type == napi_object, "an object");
  napi_value property;
  check(napi_get_named_property(env_, value_, name, &property));
  return {env_, property, name_ + "." + name};
}

std::pair<void*, size_t> Value::buffer() const {
  bool isBuffer = false;
  check(napi_is_arraybuffer(env_, value_, &isBuffer));
  expect(isBuffer, "an ArrayBuffer");
  void* data = nullptr;
  size_t length = 0;
  check(napi_get_arraybuffer_info(env_, value_, &data, &length));
  return {data, length};
}

void* Value::tagged(const napi_type_tag& tag) const {
  napi_valuetype type;
  bool matches = false;
  check(napi_typeof(env_, value_, &type));
  if (type == napi_external) check(napi_check_object_type_tag(env_, value_, &tag, &matches));
  expect(matches, "a handle of that kind");
  void* data;
  check(napi_get_value_external(env_, value_, &data));
  return data;
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  check(napi_get_cb_info(env, info, &count_, values_, nullptr,
                         nullptr));  // fills what is missing with undefined
}

Value Arguments::next(const char* name) {
  if (position_ == mostArguments) throw std::logic_error(std::string("no room for argument ") + name);
  return {env_, values_[position_++], name};
}

napi_value createError(napi_env env, const std::string& message, const char* code) {
  napi_value text, name = nullptr, error;
  check(napi_create_string_utf8(env, message.c_str(), message.size(), &text));
  if (code) check(napi_create_string_utf8(env, code, NAPI_AUTO_LENGTH, &name));
  check(napi_create_error(env, name, text, &error));
  return error;
}

const char* codeOf(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error)) return "ENOMEM";
  if (dynamic_cast<const std::system_error*>(&error)) return "EAGAIN";
  return nullptr;
}

}  // namespace longrun::javascript
