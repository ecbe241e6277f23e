// The checks behind javascript.h.
#include "javascript.h"

#include <cmath>

namespace longrun::javascript {

void check(napi_status status) {
  if (status != napi_ok) throw std::runtime_error("a call into Node-API failed with status " + std::to_string(status));
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  check(napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr));  // fills what is missing with undefined
}

napi_value Arguments::next(const char* name) {
  if (position_ == mostArguments) throw std::logic_error(std::string("no room for argument ") + name);
  return values_[position_++];
}

double Arguments::number(const char* name) {
  double x;
  if (napi_get_value_double(env_, next(name), &x) != napi_ok) throw std::invalid_argument(std::string(name) + " is not a number");
  return x;
}

int64_t Arguments::whole(const char* name, int64_t least, int64_t most) {
  const double x = number(name);
  if (!(x >= static_cast<double>(least) && x <= static_cast<double>(most)) || std::floor(x) != x)
    throw std::invalid_argument(std::string(name) + " is " + std::to_string(x) + ", not a whole number from " +
                                std::to_string(least) + " to " + std::to_string(most));
  return static_cast<int64_t>(x);
}

std::string Arguments::text(const char* name) {
  const napi_value value = next(name);
  size_t length;
  if (napi_get_value_string_utf8(env_, value, nullptr, 0, &length) != napi_ok)
    throw std::invalid_argument(std::string(name) + " is not a string");
  std::string text(length + 1, '\0');
  check(napi_get_value_string_utf8(env_, value, text.data(), text.size(), &length));
  text.resize(length);
  return text;
}

std::vector<double> Arguments::doubles(const char* name) {
  const napi_value value = next(name);
  bool isTypedArray = false;
  napi_typedarray_type type = napi_int8_array;
  size_t length = 0;
  void* data = nullptr;
  check(napi_is_typedarray(env_, value, &isTypedArray));
  if (isTypedArray) check(napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr));
  if (!isTypedArray || type != napi_float64_array) throw std::invalid_argument(std::string(name) + " is not a Float64Array");
  const auto* const first = static_cast<const double*>(data);
  return length ? std::vector<double>(first, first + length) : std::vector<double>();
}

std::pair<void*, size_t> Arguments::buffer(const char* name) {
  const napi_value value = next(name);
  bool isBuffer = false;
  check(napi_is_arraybuffer(env_, value, &isBuffer));
  if (!isBuffer) throw std::invalid_argument(std::string(name) + " is not an ArrayBuffer");
  void* data = nullptr;
  size_t length = 0;
  check(napi_get_arraybuffer_info(env_, value, &data, &length));
  return {data, length};
}

void* Arguments::tagged(const char* name, const napi_type_tag& tag) {
  const napi_value value = next(name);
  napi_valuetype type;
  bool matches = false;
  check(napi_typeof(env_, value, &type));
  if (type == napi_external) check(napi_check_object_type_tag(env_, value, &tag, &matches));
  if (!matches) throw std::invalid_argument(std::string(name) + " is not a handle of that kind");
  void* data;
  check(napi_get_value_external(env_, value, &data));
  return data;
}

napi_value createError(napi_env env, const std::string& message) {
  napi_value text, error;
  check(napi_create_string_utf8(env, message.c_str(), message.size(), &text));
  check(napi_create_error(env, nullptr, text, &error));
  return error;
}

}  // namespace longrun::javascript
