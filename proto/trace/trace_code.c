// SPDX-License-Identifier: Apache-2.0
// Tag byte of a fetch:                     of a load, store or modify:
//     bits 0-1  TRACE_FETCH                    bits 0-1  kind
//     bits 2-5  size, 0: a number follows      bits 2-4  log2 of the size, 7: a number follows
//     bits 6-7  mode                           bits 5-6  mode, bit 7 is 0
// The address difference comes before the size. Numbers are base 128, least first; differences are
// zigzag-coded.
#include "proto/trace/trace_code.h"

#include "proto/base/assert.h"

enum fetch_mode { FETCH_STRAIGHT, FETCH_AS_LAST_TIME, FETCH_ELSEWHERE };
enum data_mode { DATA_IN_STRIDE, DATA_NEAR_OWN_LAST, DATA_NEAR_KIND_LAST };

#define SIZE_FOLLOWS_FETCH 0u
#define SIZE_FOLLOWS_DATA  7u

// An address the code cannot mean; the caller's range check refuses it because address + size passes 2^64.
#define NOWHERE UINT64_MAX

NP_INLINE uint64_t zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

NP_INLINE uint64_t unzigzag(uint64_t number)
{
    return number >> 1 ^ (0 - (number & 1));
}

// Fibonacci hashing: the multiplier is 2^64 over the golden ratio.
NP_INLINE unsigned slot_of(uint64_t fetch, uint64_t ordinal)
{
    return (unsigned)((fetch + (ordinal << 48)) * UINT64_C(0x9e3779b97f4a7c15) >> 52) % TRACE_TABLE;
}

static uint8_t *put_number(uint8_t *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *to++ = (uint8_t)(number | 0x80);
    *to++ = (uint8_t)number;
    return to;
}

// A number of more than ten bytes, or beyond 64 bits, ends as if its tenth byte were its last: the bytes
// after it then fail as references, or the block ends in the wrong place.
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

NP_INLINE void fetched(struct trace_predictor *p, const struct trace_ref *ref)
{
    p->fetch = ref->address;
    p->following = ref->address + ref->size;
    p->ordinal = 0;
}

NP_INLINE void touched(struct trace_predictor *p, const struct trace_ref *ref, unsigned slot)
{
    p->data[slot].stride = ref->address - p->data[slot].address;
    p->data[slot].address = ref->address;
    p->last[ref->kind] = ref->address;
    p->ordinal++;
}

static size_t encode_fetch(struct trace_predictor *p, const struct trace_ref *ref, uint8_t *to)
{
    uint8_t *at = to + 1;
    unsigned mode = FETCH_STRAIGHT;
    if (ref->address != p->following) {
        uint64_t *successor = &p->successor[slot_of(p->fetch, 0)];
        mode = ref->address == *successor ? FETCH_AS_LAST_TIME : FETCH_ELSEWHERE;
        if (mode == FETCH_ELSEWHERE)
            at = put_number(at, zigzag(ref->address - p->following));
        *successor = ref->address;
    }
    unsigned size = ref->size < 16 ? ref->size : SIZE_FOLLOWS_FETCH;
    if (size == SIZE_FOLLOWS_FETCH)
        at = put_number(at, ref->size);
    *to = (uint8_t)(TRACE_FETCH | size << 2 | mode << 6);
    fetched(p, ref);
    return (size_t)(at - to);
}

static size_t encode_data(struct trace_predictor *p, const struct trace_ref *ref, uint8_t *to)
{
    uint8_t *at = to + 1;
    unsigned slot = slot_of(p->fetch, p->ordinal), mode = DATA_IN_STRIDE;
    if (ref->address != p->data[slot].address + p->data[slot].stride) {
        uint64_t own = zigzag(ref->address - p->data[slot].address);
        uint64_t kind = zigzag(ref->address - p->last[ref->kind]);
        mode = own <= kind ? DATA_NEAR_OWN_LAST : DATA_NEAR_KIND_LAST;
        at = put_number(at, own <= kind ? own : kind);
    }
    bool power = !(ref->size & (ref->size - 1)) && ref->size <= 64;
    unsigned size = power ? (unsigned)__builtin_ctz(ref->size) : SIZE_FOLLOWS_DATA;
    if (!power)
        at = put_number(at, ref->size);
    *to = (uint8_t)(ref->kind | size << 2 | mode << 5);
    touched(p, ref, slot);
    return (size_t)(at - to);
}

size_t trace_encode(struct trace_predictor *predictor, const struct trace_ref *ref, uint8_t *to)
{
    NP_ASSERT(ref->size >= 1 && ref->size <= TRACE_SIZE_MAX && ref->kind <= TRACE_MODIFY);
    NP_ASSERT(ref->address <= UINT64_MAX - ref->size);
    return ref->kind == TRACE_FETCH ? encode_fetch(predictor, ref, to) : encode_data(predictor, ref, to);
}

NP_INLINE void decode_fetch(struct trace_predictor *p, unsigned tag, const uint8_t **at,
                            struct trace_ref *ref)
{
    unsigned mode = tag >> 6, size = tag >> 2 & 15;
    uint64_t address = p->following;
    if (mode != FETCH_STRAIGHT) {
        uint64_t *successor = &p->successor[slot_of(p->fetch, 0)];
        if (mode == FETCH_AS_LAST_TIME)
            address = *successor;
        else
            address = mode == FETCH_ELSEWHERE ? address + unzigzag(get_number(at)) : NOWHERE;
        *successor = address;
    }
    uint64_t bytes = NP_LIKELY(size != SIZE_FOLLOWS_FETCH) ? size : get_number(at);
    *ref = (struct trace_ref){
        .address = address, .size = bytes <= TRACE_SIZE_MAX ? (uint16_t)bytes : 0, .kind = TRACE_FETCH};
    fetched(p, ref);
}

NP_INLINE void decode_data(struct trace_predictor *p, unsigned tag, const uint8_t **at, struct trace_ref *ref)
{
    unsigned kind = tag & 3, size = tag >> 2 & 7, mode = tag >> 5;
    unsigned slot = slot_of(p->fetch, p->ordinal);
    uint64_t address = p->data[slot].address + p->data[slot].stride;
    if (mode == DATA_NEAR_OWN_LAST)
        address = p->data[slot].address + unzigzag(get_number(at));
    else if (mode == DATA_NEAR_KIND_LAST)
        address = p->last[kind] + unzigzag(get_number(at));
    else if (NP_UNLIKELY(mode != DATA_IN_STRIDE))
        address = NOWHERE;
    uint64_t bytes = NP_LIKELY(size != SIZE_FOLLOWS_DATA) ? UINT64_C(1) << size : get_number(at);
    *ref = (struct trace_ref){
        .address = address, .size = bytes <= TRACE_SIZE_MAX ? (uint16_t)bytes : 0, .kind = (uint8_t)kind};
    touched(p, ref, slot);
}

size_t trace_decode(struct trace_predictor *predictor, const uint8_t **at, const uint8_t *end,
                    struct trace_ref *refs, size_t count)
{
    const uint8_t *from = *at;
    size_t done = 0;
    for (; done < count && from < end; done++) {
        struct trace_ref *ref = &refs[done];
        const uint8_t *start = from;
        unsigned tag = *from++;
        if ((tag & 3) == TRACE_FETCH)
            decode_fetch(predictor, tag, &from, ref);
        else
            decode_data(predictor, tag, &from, ref);
        if (NP_UNLIKELY(from > end || !ref->size || ref->address > UINT64_MAX - ref->size)) {
            from = start;
            break;
        }
    }
    *at = from;
    return done;
}
