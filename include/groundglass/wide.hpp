#pragma once

namespace groundglass {

namespace detail {

#if defined(__x86_64__) && defined(__GNUC__)
template <class Work>
[[gnu::target("avx2,popcnt"), gnu::flatten]] inline void run_with_avx2(Work& work) {
    work();
}
#endif

} // namespace detail

/// Runs `work`, a loop over arrays, in the form that the compiler makes of it for AVX2 and its instruction
/// for counting bits where the CPU has them, else in that for any CPU of its kind; so one program suits all.
/// The results are the same to the bit: registers are wider, but no multiplication is fused with an addition.
template <class Work>
void wide(Work work) {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx2") != 0) return detail::run_with_avx2(work);
#endif
    work();
}

} // namespace groundglass
