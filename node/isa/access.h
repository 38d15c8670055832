// SPDX-License-Identifier: Apache-2.0
// Storage operands of instructions. Addresses are logical (today: real), as address1() and its like give
// them. A hit in the L1 takes a few nanoseconds here; everything else goes the long way (access.c), from
// which an access may not return (zcpu.h). Values are in the host's order, storage is big-endian.
//
// Accesses are block-concurrent as the architecture wants it: pieces of at most 8 bytes that lie within a
// doubleword are never seen in parts; a hit moves all of its bytes of a line at once.
#ifndef NP_NODE_ISA_ACCESS_H
#define NP_NODE_ISA_ACCESS_H

#include <endian.h>
#include <string.h>

#include "node/isa/zcpu.h"

// Prefixing (Principles of Operation, "Prefixing"): the first 8 KiB and those at the prefix change places.
NP_INLINE uint64_t real_to_absolute(const struct zcpu *z, uint64_t real)
{
    uint64_t block = real & ~UINT64_C(0x1fff);
    return real ^ (block == 0 || block == z->prefix ? z->prefix : 0);
}

// Whether there is storage at a real address: boards come and go. Lines of what is not there are in no cache,
// so that a hit needs no look.
static inline bool storage_there(const struct zcpu *z, uint64_t real)
{
    return configuration_has(z->configuration, real_to_absolute(z, real));
}

// The fetch buffer is emptied: instructions that follow are fetched anew.
void fetch_drop(struct zcpu *z);

// The bytes of an operand that hits and can be had at once, or NULL. A store may be refused, or change
// instructions in a unified L1.
NP_INLINE uint8_t *operand_hit(struct zcpu *z, uint64_t address, uint32_t size, bool store)
{
    const struct l1 *l1 = z->data;
    uint64_t absolute = real_to_absolute(z, address), offset = absolute & l1->line_mask;
    uint64_t line = absolute - offset, permission = TAG_READ | (uint64_t)store << 1;
    uint32_t index = l1->hint[(line >> l1->line_shift) & l1->hint_mask];
    uint64_t tag = l1->tag[index], wrong = (tag ^ (line | permission)) & (~(uint64_t)TAG_BITS | permission);
    if (NP_UNLIKELY(wrong | z->long_way) || NP_UNLIKELY(offset + size > l1->line_mask + UINT64_C(1)))
        return NULL;
    if (store) {
        if (NP_UNLIKELY((address & z->protect_mask) == z->protect_value))
            return NULL;
        if (NP_UNLIKELY(line == z->unified_code_line))
            fetch_drop(z);
        l1->tag[index] = tag | TAG_WRITTEN;
    }
    l1->stamp[index] = ++z->data->tick;
    z->stall += z->hit_extra;
    z->hits[store]++;
    uint8_t *bytes = l1->data + ((uint64_t)l1->slot[index] << l1->line_shift) + offset;
    if (bytes == NULL) // there are bytes; the compiler, once told, leaves out the callers' look at NULL
        __builtin_unreachable();
    return bytes;
}

// An operand comes here although its line is in the L1 when the line's hint is another one's, and with a
// traced CPU always. It counts as it would have there: hints and traces decide nothing.
uint8_t *operand_late(struct zcpu *z, uint64_t address, uint32_t size, bool store);

// The long way. load_slow: 1 to 8 bytes, as a number. store_slow: 1 to 8 low bytes of `value`.
uint64_t load_slow(struct zcpu *z, uint64_t address, uint32_t size);
void store_slow(struct zcpu *z, uint64_t address, uint32_t size, uint64_t value);

NP_INLINE uint8_t load8(struct zcpu *z, uint64_t address)
{
    const uint8_t *bytes = operand_hit(z, address, 1, false);
    return NP_LIKELY(bytes != NULL) ? *bytes : (uint8_t)load_slow(z, address, 1);
}

NP_INLINE uint16_t load16(struct zcpu *z, uint64_t address)
{
    uint16_t value;
    const uint8_t *bytes = operand_hit(z, address, 2, false);
    if (NP_UNLIKELY(bytes == NULL))
        return (uint16_t)load_slow(z, address, 2);
    memcpy(&value, bytes, 2);
    return be16toh(value);
}

NP_INLINE uint32_t load32(struct zcpu *z, uint64_t address)
{
    uint32_t value;
    const uint8_t *bytes = operand_hit(z, address, 4, false);
    if (NP_UNLIKELY(bytes == NULL))
        return (uint32_t)load_slow(z, address, 4);
    memcpy(&value, bytes, 4);
    return be32toh(value);
}

NP_INLINE uint64_t load64(struct zcpu *z, uint64_t address)
{
    uint64_t value;
    const uint8_t *bytes = operand_hit(z, address, 8, false);
    if (NP_UNLIKELY(bytes == NULL))
        return load_slow(z, address, 8);
    memcpy(&value, bytes, 8);
    return be64toh(value);
}

NP_INLINE void store8(struct zcpu *z, uint64_t address, uint8_t value)
{
    uint8_t *bytes = operand_hit(z, address, 1, true);
    if (NP_LIKELY(bytes != NULL))
        *bytes = value;
    else
        store_slow(z, address, 1, value);
}

NP_INLINE void store16(struct zcpu *z, uint64_t address, uint16_t value)
{
    uint8_t *bytes = operand_hit(z, address, 2, true);
    uint16_t big = htobe16(value);
    if (NP_LIKELY(bytes != NULL))
        memcpy(bytes, &big, 2);
    else
        store_slow(z, address, 2, value);
}

NP_INLINE void store32(struct zcpu *z, uint64_t address, uint32_t value)
{
    uint8_t *bytes = operand_hit(z, address, 4, true);
    uint32_t big = htobe32(value);
    if (NP_LIKELY(bytes != NULL))
        memcpy(bytes, &big, 4);
    else
        store_slow(z, address, 4, value);
}

NP_INLINE void store64(struct zcpu *z, uint64_t address, uint64_t value)
{
    uint8_t *bytes = operand_hit(z, address, 8, true);
    uint64_t big = htobe64(value);
    if (NP_LIKELY(bytes != NULL))
        memcpy(bytes, &big, 8);
    else
        store_slow(z, address, 8, value);
}

// Operands of any length, as bytes in storage order; 1 to OPERAND_MAX.
#define OPERAND_MAX 256u
void load_bytes(struct zcpu *z, uint64_t address, uint32_t size, uint8_t *bytes);
void store_bytes(struct zcpu *z, uint64_t address, uint32_t size, const uint8_t *bytes);

// Whether a store there would be refused: causes the exception that it would. For instructions that store
// more than one operand, before the first of them.
void check_store(struct zcpu *z, uint64_t address, uint64_t size);
void check_load(struct zcpu *z, uint64_t address, uint64_t size);

// Performs an interlocked update: nobody sees it in parts, or anything between its fetch and its store. The
// operand is 1, 4, 8 or 16 bytes, aligned (the caller has checked that). `operand` and, for
// UPDATE_COMPARE_SWAP, `expected` as in storage. Returns what was there, valid until the next update.
const uint8_t *storage_update(struct zcpu *z, uint64_t address, enum update_op op, unsigned size,
                              const uint8_t *operand, const uint8_t *expected);

// The same for words and doublewords as numbers.
uint64_t storage_update_value(struct zcpu *z, uint64_t address, enum update_op op, unsigned size,
                              uint64_t operand, uint64_t expected);

// Sixteen bytes on a boundary of their size, never seen in parts. A fetch that misses asks for the line as an
// update does.
void load_quadword(struct zcpu *z, uint64_t address, uint8_t bytes[16]);
void store_quadword(struct zcpu *z, uint64_t address, const uint8_t bytes[16]);

// Two operands of 4 or 8 bytes on boundaries of their size. True when both were fetched at one moment.
bool load_both(struct zcpu *z, uint64_t first, uint64_t second, uint32_t size, uint64_t values[2]);

// Serialisation (Principles of Operation, "CPU Serialization"): all stores so far have been performed. Before
// the instruction has done anything.
void serialise(struct zcpu *z);

// For the loop: performs what the plan holds; false when it has to wait. And for accesses that have
// completed.
bool plan_perform(struct zcpu *z);
void access_completed(struct zcpu *z, const struct pending *pending);
void access_update(struct zcpu *z, uint8_t *bytes); // z->update on the bytes in storage
void access_give_up(struct zcpu *z); // what has been fetched and what is still to be stored is forgotten
void access_state(struct zcpu *z, struct archive *ar);

// One access of the long way, to its L1. True when it has been performed (access->value), or is in the store
// buffer; else it is pending, and the caller escapes or blocks.
bool access_issue(struct zcpu *z, struct access *access, struct l1 *l1);

// What an access of the instruction under way has fetched already, or NULL.
const struct gathered *gather_find(const struct zcpu *z, uint64_t absolute, enum access_kind kind,
                                   uint32_t size);

static inline void zcpu_set_careful(struct zcpu *z)
{
    z->careful = z->tracer || z->gather.n || z->plan.n;
    z->long_way = z->careful || z->cpu->n_under_way;
    if (z->careful)
        zcpu_attend(z);
}

#endif
