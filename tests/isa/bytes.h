// SPDX-License-Identifier: Apache-2.0
// Big-endian numbers in the memory of the machine under test.
#ifndef NP_TESTS_ISA_BYTES_H
#define NP_TESTS_ISA_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void put16(uint8_t *at, uint64_t value)
{
    uint16_t big = __builtin_bswap16((uint16_t)value);
    memcpy(at, &big, sizeof big);
}

static inline void put32(uint8_t *at, uint64_t value)
{
    uint32_t big = __builtin_bswap32((uint32_t)value);
    memcpy(at, &big, sizeof big);
}

static inline void put64(uint8_t *at, uint64_t value)
{
    uint64_t big = __builtin_bswap64(value);
    memcpy(at, &big, sizeof big);
}

static inline uint16_t get16(const uint8_t *at)
{
    uint16_t big;
    memcpy(&big, at, sizeof big);
    return __builtin_bswap16(big);
}

static inline uint32_t get32(const uint8_t *at)
{
    uint32_t big;
    memcpy(&big, at, sizeof big);
    return __builtin_bswap32(big);
}

static inline uint64_t get64(const uint8_t *at)
{
    uint64_t big;
    memcpy(&big, at, sizeof big);
    return __builtin_bswap64(big);
}

#endif
