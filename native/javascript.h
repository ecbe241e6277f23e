// Between JavaScript values and C++: arguments checked on the way in, C++ exceptions turned into JavaScript errors, and handles that
// cannot be mistaken for one another.
#pragma once
#define NAPI_VERSION 8
#include <node_api.h>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace longrun::javascript {

/// A call into Node-API that must not fail: if it does, an exception is on its way or the process is ending.
void check(napi_status status);

/// Reads the arguments of a call one after the other. Throws std::invalid_argument with the argument's name.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);

  double number(const char* name);
  /// A whole number between `least` and `most`.
  int64_t whole(const char* name, int64_t least, int64_t most);
  std::string text(const char* name);
  std::vector<double> doubles(const char* name);
  /// The first byte and the length of an ArrayBuffer.
  std::pair<void*, size_t> buffer(const char* name);
  template <typename T>
  std::shared_ptr<T> handle(const char* name) { return *static_cast<std::shared_ptr<T>*>(tagged(name, T::typeTag)); }

 private:
  napi_value next(const char* name);
  void* tagged(const char* name, const napi_type_tag& tag);

  static constexpr size_t mostArguments = 4;
  napi_env env_;
  napi_value values_[mostArguments];
  size_t count_ = mostArguments;
  size_t position_ = 0;
};

/// A JavaScript value that keeps a share of `object`.
template <typename T>
napi_value createHandle(napi_env env, std::shared_ptr<T> object) {
  auto* const share = new std::shared_ptr<T>(std::move(object));
  const napi_finalize drop = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<T>*>(data); };
  napi_value handle;
  check(napi_create_external(env, share, drop, nullptr, &handle));
  check(napi_type_tag_object(env, handle, &T::typeTag));
  return handle;
}

napi_value createError(napi_env env, const std::string& message);

/// Wraps body(env, Arguments&) -> napi_value as a Node-API function: what it throws is thrown in JavaScript.
template <napi_value (*body)(napi_env, Arguments&)>
napi_value function(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    return body(env, arguments);
  } catch (const std::exception& error) {
    napi_throw_error(env, nullptr, error.what());
    return nullptr;
  }
}

}  // namespace longrun::javascript
