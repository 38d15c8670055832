// SPDX-License-Identifier: Apache-2.0
// Assertions guard against our own mistakes and stay on in release builds: a wrong answer that looks right is
// the one failure a simulator cannot afford. Bad input from outside is never an assertion, it is a struct
// err.
#ifndef NP_PROTO_BASE_ASSERT_H
#define NP_PROTO_BASE_ASSERT_H

// Prints where and what, then aborts. Never returns.
_Noreturn void np_assert_failed(const char *expr, const char *file, int line, const char *func);

// Stops the process with a message of printf form; for states that the design declares impossible.
_Noreturn void np_panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define NP_ASSERT(expr)                                                                                      \
    (__builtin_expect(!!(expr), 1) ? (void)0 : np_assert_failed(#expr, __FILE__, __LINE__, __func__))

#define NP_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define NP_INLINE       static inline __attribute__((always_inline))
#define NP_LIKELY(x)    __builtin_expect(!!(x), 1)
#define NP_UNLIKELY(x)  __builtin_expect(!!(x), 0)

#endif
