# wedlm_find_http(MISSING): finds Boost (Beast and Asio, headers only) and OpenSSL for the calling folder. MISSING is
# the list of what was not found, for people.
function(wedlm_find_http missing)
  find_package(Boost 1.74 QUIET)
  find_package(OpenSSL QUIET)
  set(names)
  if(NOT Boost_FOUND)
    list(APPEND names "Boost (Debian: libboost-dev)")
  endif()
  if(NOT OPENSSL_FOUND)
    list(APPEND names "OpenSSL (Debian: libssl-dev)")
  endif()
  if(WEDLM_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # of Asio's fences, which ThreadSanitizer does not see; its mutexes are enough
  endif()
  set(${missing} "${names}" PARENT_SCOPE)
endfunction()
