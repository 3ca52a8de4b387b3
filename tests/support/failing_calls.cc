// A library that a test loads into a program before all others (LD_PRELOAD): it lets one call of one kind fail, as a
// system short of threads, memory or files does. FAIL_CALL=open:3 is the third call of open() and its relatives;
// when it has failed, the file FAIL_MARK is there, so that a test knows when a program makes no more of them.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

/// Whether this call, of a kind that is called `kind`, is the one that is to fail. Allocates nothing.
bool fails(const char* kind) {
  static std::atomic<long> num_calls{0};
  const char* wanted = std::getenv("FAIL_CALL");
  const std::size_t length = std::strlen(kind);
  if (wanted == nullptr || std::strncmp(wanted, kind, length) != 0 || wanted[length] != ':') return false;
  if (num_calls.fetch_add(1) + 1 != std::atol(wanted + length + 1)) return false;
  if (const char* mark = std::getenv("FAIL_MARK")) {
    const long file = ::syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT, 0600);
    if (file >= 0) ::close(static_cast<int>(file));
  }
  return true;
}

/// The function that this library stands before.
template <class Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template <class Result>
Result fail(int error, Result result) {
  errno = error;
  return result;
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument) {
  if (fails("thread")) return EAGAIN;
  return original<decltype(pthread_create)>("pthread_create")(thread, attributes, start, argument);
}

void* mmap(void* address, std::size_t length, int protection, int flags, int file, off_t offset) noexcept {
  if (fails("map")) return fail(ENOMEM, MAP_FAILED);
  return original<decltype(mmap)>("mmap")(address, length, protection, flags, file, offset);
}

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  if (fails("open")) return fail(EMFILE, -1);
  return original<int(const char*, int, ...)>("open")(path, flags, mode);
}

std::FILE* fopen(const char* path, const char* mode) {
  if (fails("open")) return fail<std::FILE*>(EMFILE, nullptr);
  return original<decltype(fopen)>("fopen")(path, mode);
}

std::FILE* fopen64(const char* path, const char* mode) {
  if (fails("open")) return fail<std::FILE*>(EMFILE, nullptr);
  return original<decltype(fopen64)>("fopen64")(path, mode);
}

int fstat(int file, struct stat* status) noexcept {
  if (fails("stat")) return fail(EIO, -1);
  return original<decltype(fstat)>("fstat")(file, status);
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fails("change")) return fail(ENOSPC, -1);
  return original<decltype(mkdir)>("mkdir")(path, mode);
}

int rename(const char* from, const char* to) noexcept {
  if (fails("change")) return fail(EIO, -1);
  return original<decltype(rename)>("rename")(from, to);
}

int remove(const char* path) noexcept {
  if (fails("change")) return fail(EIO, -1);
  return original<decltype(remove)>("remove")(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  if (fails("change")) return fail(EIO, -1);
  return original<decltype(unlinkat)>("unlinkat")(folder, path, flags);
}
}

void* operator new(std::size_t size) {
  if (!fails("memory")) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  }
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
