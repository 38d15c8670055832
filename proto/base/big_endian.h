// SPDX-License-Identifier: Apache-2.0
// Big-endian numbers in bytes, aligned or not: the storage of z/Architecture, and what is written for it.
#ifndef NP_PROTO_BASE_BIG_ENDIAN_H
#define NP_PROTO_BASE_BIG_ENDIAN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A number of 1 to 8 bytes, and the low bytes of `value`.
static inline uint64_t get_number(const uint8_t *at, size_t size)
{
    uint64_t big = 0;
    memcpy((uint8_t *)&big + (sizeof big - size), at, size);
    return be64toh(big);
}

static inline void put_number(uint8_t *at, size_t size, uint64_t value)
{
    uint64_t big = htobe64(value);
    memcpy(at, (const uint8_t *)&big + (sizeof big - size), size);
}

static inline uint16_t get16(const uint8_t *at)
{
    return (uint16_t)get_number(at, 2);
}

static inline uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get_number(at, 4);
}

static inline uint64_t get64(const uint8_t *at)
{
    return get_number(at, 8);
}

static inline void put16(uint8_t *at, uint64_t value)
{
    put_number(at, 2, value);
}

static inline void put32(uint8_t *at, uint64_t value)
{
    put_number(at, 4, value);
}

static inline void put64(uint8_t *at, uint64_t value)
{
    put_number(at, 8, value);
}

#endif
