// SPDX-License-Identifier: Apache-2.0
// The functions of the C library that the compiler calls, and a few that the runtime needs. As in the C
// standard.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_MEMORY_H
#define TESTS_GUESTS_ZARCH_RUNTIME_MEMORY_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

#endif
