// Between JavaScript values and C++: arguments checked on the way in, C++ exceptions turned into JavaScript
// errors, and handles that cannot be mistaken for one another.
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

/// A JavaScript value, and what to call it in messages. All reading throws std::invalid_argument where the
/// value is of another kind.
class Value {
 public:
  Value(napi_env env, napi_value value, std::string name)
      : env_(env), value_(value), name_(std::move(name)) {}

  double number() const;
  /// A whole number between `least` and `most`.
  int64_t whole(int64_t least, int64_t most) const;
  std::string text() const;
  /// The elements of an array, and those of an array of numbers.
  std::vector<Value> elements() const;
  std::vector<double> numbers() const;
  /// A property of an object.
  Value member(const char* name) const;
  /// The first byte and the length of an ArrayBuffer.
  std::pair<void*, size_t> buffer() const;
  template <typename T>
  std::shared_ptr<T> handle() const {
    return *static_cast<std::shared_ptr<T>*>(tagged(T::typeTag));
  }

 private:
  void* tagged(const napi_type_tag& tag) const;
  /// Throws "<name> is not <what>".
  void expect(bool holds, const char* what) const;

  napi_env env_;
  napi_value value_;
  std::string name_;
};

/// The arguments of a call, one after the other.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);

  Value next(const char* name);

 private:
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
  const napi_finalize drop = [](napi_env, void* data, void*) {
    delete static_cast<std::shared_ptr<T>*>(data);
  };
  napi_value handle;
  check(napi_create_external(env, share, drop, nullptr, &handle));
  check(napi_type_tag_object(env, handle, &T::typeTag));
  return handle;
}

/// `code` may be null.
napi_value createError(napi_env env, const std::string& message, const char* code);

/// What the machine lacks, as Node names it: ENOMEM, or EAGAIN for a thread that does not start; else null.
const char* codeOf(const std::exception& error);

/// Wraps body(env, Arguments&) -> napi_value as a Node-API function: what it throws is thrown in JavaScript.
template <napi_value (*body)(napi_env, Arguments&)>
napi_value function(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    return body(env, arguments);
  } catch (const std::exception& error) {
    napi_throw_error(env, codeOf(error), error.what());
    return nullptr;
  }
}

}  // namespace longrun::javascript
