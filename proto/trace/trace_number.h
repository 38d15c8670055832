// SPDX-License-Identifier: Apache-2.0
// Numbers of the trace format: base 128, least first, the high bit says that more follows; differences are
// zigzag-coded, so that small ones of either sign are short. Only proto/trace includes this.
#ifndef NP_PROTO_TRACE_TRACE_NUMBER_H
#define NP_PROTO_TRACE_TRACE_NUMBER_H

#include <stdint.h>

#include "proto/base/assert.h"

#define TRACE_NUMBER_BYTES_MAX 10u

NP_INLINE uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

NP_INLINE uint64_t unzigzag(uint64_t number)
{
    return number >> 1 ^ (0 - (number & 1));
}

NP_INLINE uint8_t *put_number(uint8_t *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *to++ = (uint8_t)(number | 0x80);
    *to++ = (uint8_t)number;
    return to;
}

// A number of more than ten bytes, or beyond 64 bits, ends as if its tenth byte were its last: the bytes
// after it then fail as what follows, or the part ends in the wrong place. Ten bytes must be readable.
NP_INLINE uint64_t get_number(const uint8_t **at)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return number;
}

#endif
