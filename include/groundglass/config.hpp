#pragma once

/// @file
/// How the library is compiled. `groundglass::core` brings its longer algorithms compiled; a program that
/// defines `GROUNDGLASS_HEADER_ONLY` (the target `groundglass::headers` does) has them from the headers'
/// `detail` folders instead, and links nothing.

#ifdef GROUNDGLASS_HEADER_ONLY
#define GROUNDGLASS_INLINE inline
#else
#define GROUNDGLASS_INLINE
#endif

/// What is seen from outside of a shared library: the functions of the compiled components, and exceptions,
/// which a program catches by their type.
#if defined(_WIN32)
#define GROUNDGLASS_EXPORT
#else
#define GROUNDGLASS_EXPORT [[gnu::visibility("default")]]
#endif
