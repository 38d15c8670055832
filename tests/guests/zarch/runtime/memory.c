// SPDX-License-Identifier: Apache-2.0
// Compiled with -fno-tree-loop-distribute-patterns: the compiler must not make of these loops calls of
// themselves.
#include "tests/guests/zarch/runtime/memory.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    return memmove(to, from, bytes);
}

// What one MOVE CHARACTERS moves, byte after byte from the left.
struct chunk {
    unsigned char bytes[256];
} __attribute__((may_alias));

void *memmove(void *to, const void *from, size_t bytes)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t <= (uintptr_t)f) {
        for (; bytes >= sizeof(struct chunk); bytes -= sizeof(struct chunk)) {
            *(struct chunk *)t = *(const struct chunk *)f;
            t += sizeof(struct chunk), f += sizeof(struct chunk);
        }
        for (; bytes > 0; bytes--)
            *t++ = *f++;
    } else {
        for (; bytes > 0; bytes--)
            t[bytes - 1] = f[bytes - 1];
    }
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    unsigned char *t = to;
    struct chunk pattern = {{0}};
    size_t i = 0;
    if (bytes >= sizeof pattern) {
        for (size_t k = 0; k < sizeof pattern; k++)
            pattern.bytes[k] = (unsigned char)value;
        for (; i + sizeof pattern <= bytes; i += sizeof pattern)
            *(struct chunk *)(t + i) = pattern;
    }
    for (; i < bytes; i++)
        t[i] = (unsigned char)value;
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i])
            return x[i] < y[i] ? -1 : 1;
    return 0;
}

size_t strlen(const char *text)
{
    size_t length = 0;
    while (text[length])
        length++;
    return length;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
