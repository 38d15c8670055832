// SPDX-License-Identifier: Apache-2.0
// Tag byte of a fetch:                     of a load, store or modify:
//     bits 0-1  TRACE_FETCH                    bits 0-1  kind
//     bits 2-5  size, 0: a number follows      bits 2-4  log2 of the size, 7: a number follows
//     bits 6-7  mode                           bits 5-6  mode, bit 7 is 0
// of a peek:                               of a sync:
//     bits 0-1  2                              bits 0-1  1
//     others as a load's, bit 7 is 1           bits 2-4  versions beyond the next, 7: a number follows
//                                              bits 5-6  mode, bit 7 is 1
// The address difference comes before the size or the version.
#include "proto/trace/trace_code.h"

#include "proto/trace/trace_number.h"

enum fetch_mode { FETCH_STRAIGHT, FETCH_AS_LAST_TIME, FETCH_ELSEWHERE };
enum data_mode { DATA_IN_STRIDE, DATA_NEAR_OWN_LAST, DATA_NEAR_KIND_LAST };

#define SIZE_FOLLOWS_FETCH 0u
#define SIZE_FOLLOWS_DATA  7u
#define VERSION_FOLLOWS    7u

// Bit 7 of a tag, and by how much its kind is then above bits 0-1.
#define MARKED       0x80u
#define MARKED_KINDS 3u
_Static_assert(TRACE_SYNC == MARKED_KINDS + 1 && TRACE_PEEK == MARKED_KINDS + 2, "part of the format");

// An address the code cannot mean; the caller's range check refuses it because address + size passes 2^64.
#define NOWHERE UINT64_MAX

// Fibonacci hashing: the multiplier is 2^64 over the golden ratio.
NP_INLINE unsigned slot_of(uint64_t fetch, uint64_t ordinal)
{
    return (unsigned)((fetch + (ordinal << 48)) * UINT64_C(0x9e3779b97f4a7c15) >> 52) % TRACE_TABLE;
}

NP_INLINE void fetched(struct trace_predictor *p, const struct trace_ref *ref)
{
    p->fetch = ref->address;
    p->following = ref->address + ref->size;
    p->ordinal = 0;
}

// Where the last version of a synchronisation word is kept. Words that share a slot only cost bytes.
NP_INLINE uint32_t *version_of(struct trace_predictor *p, uint64_t address)
{
    return &p->version[(address / TRACE_WORD * UINT64_C(0x9e3779b97f4a7c15) >> 54) % TRACE_WORDS_TABLE];
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

// A difference of versions goes into three bits of the tag, or into a number.
static unsigned encode_version(struct trace_predictor *p, const struct trace_ref *ref, uint8_t **at)
{
    uint32_t *last = version_of(p, ref->address);
    uint32_t beyond = ref->version - *last - 1;
    *last = ref->version;
    if (beyond < VERSION_FOLLOWS)
        return beyond;
    *at = put_number(*at, beyond);
    return VERSION_FOLLOWS;
}

static unsigned encode_size(uint32_t bytes, uint8_t **at)
{
    bool power = !(bytes & (bytes - 1)) && bytes <= 64;
    if (power)
        return (unsigned)__builtin_ctz(bytes);
    *at = put_number(*at, bytes);
    return SIZE_FOLLOWS_DATA;
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
    bool sync = ref->kind == TRACE_SYNC;
    unsigned middle = sync ? encode_version(p, ref, &at) : encode_size(ref->size, &at);
    unsigned kind = ref->kind <= TRACE_MODIFY ? ref->kind : MARKED | (ref->kind - MARKED_KINDS);
    *to = (uint8_t)(kind | middle << 2 | mode << 5);
    touched(p, ref, slot);
    return (size_t)(at - to);
}

size_t trace_encode(struct trace_predictor *predictor, const struct trace_ref *ref, uint8_t *to)
{
    NP_ASSERT(ref->size >= 1 && ref->size <= TRACE_SIZE_MAX && ref->kind < TRACE_KIND_COUNT);
    NP_ASSERT(ref->address <= UINT64_MAX - ref->size);
    NP_ASSERT(ref->kind != TRACE_SYNC || (ref->size == TRACE_WORD && ref->address % TRACE_WORD == 0));
    NP_ASSERT(ref->kind == TRACE_SYNC || ref->version == 0);
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

NP_INLINE uint64_t decode_address(struct trace_predictor *p, unsigned slot, unsigned kind, unsigned mode,
                                  const uint8_t **at)
{
    uint64_t address = p->data[slot].address + p->data[slot].stride;
    if (mode == DATA_NEAR_OWN_LAST)
        address = p->data[slot].address + unzigzag(get_number(at));
    else if (mode == DATA_NEAR_KIND_LAST)
        address = p->last[kind] + unzigzag(get_number(at));
    else if (NP_UNLIKELY(mode != DATA_IN_STRIDE))
        address = NOWHERE;
    return address;
}

NP_INLINE uint16_t decode_size(unsigned size, const uint8_t **at)
{
    uint64_t bytes = NP_LIKELY(size != SIZE_FOLLOWS_DATA) ? UINT64_C(1) << size : get_number(at);
    return bytes <= TRACE_SIZE_MAX ? (uint16_t)bytes : 0;
}

NP_INLINE void decode_data(struct trace_predictor *p, unsigned tag, const uint8_t **at, struct trace_ref *ref)
{
    unsigned kind = tag & 3, slot = slot_of(p->fetch, p->ordinal);
    uint64_t address = decode_address(p, slot, kind, tag >> 5, at);
    *ref =
        (struct trace_ref){.address = address, .size = decode_size(tag >> 2 & 7, at), .kind = (uint8_t)kind};
    touched(p, ref, slot);
}

// A sync whose word is not aligned gets no size, which makes it malformed.
static void decode_sync(struct trace_predictor *p, unsigned beyond, const uint8_t **at, struct trace_ref *ref)
{
    uint32_t *last = version_of(p, ref->address);
    ref->version = *last + 1 + (beyond < VERSION_FOLLOWS ? beyond : (uint32_t)get_number(at));
    ref->size = ref->address % TRACE_WORD ? 0 : TRACE_WORD;
    *last = ref->version;
}

static void decode_marked(struct trace_predictor *p, unsigned tag, const uint8_t **at, struct trace_ref *ref)
{
    unsigned kind = (tag & 3) + MARKED_KINDS, slot = slot_of(p->fetch, p->ordinal);
    bool good = kind == TRACE_SYNC || kind == TRACE_PEEK;
    *ref = (struct trace_ref){.address = NOWHERE, .kind = good ? (uint8_t)kind : TRACE_PEEK};
    if (!good)
        return;
    ref->address = decode_address(p, slot, kind, tag >> 5 & 3, at);
    if (kind == TRACE_SYNC)
        decode_sync(p, tag >> 2 & 7, at, ref);
    else
        ref->size = decode_size(tag >> 2 & 7, at);
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
        else if (NP_UNLIKELY(tag & MARKED))
            decode_marked(predictor, tag, &from, ref);
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
