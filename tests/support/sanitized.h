// WEDLM_IS_SANITIZED where AddressSanitizer or ThreadSanitizer is compiled in: they keep allocation to themselves and
// are loaded before everything else.
#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // as GCC says it
#define WEDLM_IS_SANITIZED
#elif defined(__has_feature)  // as clang does
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WEDLM_IS_SANITIZED
#endif
#endif
