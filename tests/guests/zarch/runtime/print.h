// SPDX-License-Identifier: Apache-2.0
// Text for the console. A CPU's text is kept until its line is full or ends, so lines of several CPUs do not
// mix. Lines that begin with "time:" may differ between machines; all other text must not.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_PRINT_H
#define TESTS_GUESTS_ZARCH_RUNTIME_PRINT_H

#include <stdarg.h>

// Knows %c %s %d %u %x, with l for 64 bits, a width, and the flags 0 and -.
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

#endif
