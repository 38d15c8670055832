// SPDX-License-Identifier: Apache-2.0
// Storage to storage, up to 256 bytes. Operands that hit and lie in one line each are processed in place;
// others in an area where they overlap as they do in storage.
#include "node/isa/families.h"
#include "node/isa/storage.h"
#include "node/isa/trace.h"
#include "proto/base/assert.h"

// As if byte by byte from left to right: what has been moved may be moved again.
static void move_right(uint8_t *to, const uint8_t *from, uint32_t size)
{
    uintptr_t distance = (uintptr_t)to - (uintptr_t)from;
    if (distance - 1 >= size - 1)
        memmove(to, from, size);
    else if (distance == 1)
        memset(to, *from, size);
    else
        for (uint32_t i = 0; i < size; i++)
            to[i] = from[i];
}

// Two operands in one piece of memory, the second at 0 and the first at `first`.
struct area {
    uint32_t first;
    uint8_t bytes[2 * OPERAND_MAX];
};

static void area_open(const struct zcpu *z, struct area *area, uint64_t to, uint64_t from, uint32_t size)
{
    area->first = to == from ? 0 : destructive(z, to, from, size);
    if (area->first == 0 && to != from)
        area->first = OPERAND_MAX;
}

static void move_slowly(struct zcpu *z, uint64_t to, uint64_t from, uint32_t size, const uint8_t *source)
{
    struct area area;
    area_open(z, &area, to, from, size);
    if (source)
        memcpy(area.bytes, source, size);
    else
        load_bytes(z, from, size, area.bytes);
    move_right(area.bytes + area.first, area.bytes, size);
    store_bytes(z, to, size, area.bytes + area.first);
}

void isa_mvc(struct zcpu *z, const struct instruction *in)
{
    uint32_t size = in->l1 + 1u;
    uint64_t to = address1(z, in), from = address2(z, in);
    const uint8_t *source = operand_hit(z, from, size, false);
    uint8_t *target = NP_LIKELY(source != NULL) ? operand_hit(z, to, size, true) : NULL;
    if (NP_LIKELY(target != NULL))
        move_right(target, source, size);
    else
        move_slowly(z, to, from, size, source);
    charge(z, size);
}

// The second operand's address is that of its last byte. Byte by byte: a byte may be moved back.
void isa_mvcin(struct zcpu *z, const struct instruction *in)
{
    uint8_t from[OPERAND_MAX], to[OPERAND_MAX];
    uint32_t size = in->l1 + 1u;
    uint64_t target = address1(z, in), first = (address2(z, in) - in->l1) & z->address_mask;
    load_bytes(z, first, size, from);
    for (uint32_t i = 0; i < size; i++) {
        uint64_t moved = (first + size - 1 - i - target) & z->address_mask;
        to[i] = moved < i ? to[moved] : from[size - 1 - i];
    }
    store_bytes(z, target, size, to);
    charge(z, size);
}

enum combination { COMBINE_AND, COMBINE_OR, COMBINE_XOR, COMBINE_NUMERICS, COMBINE_ZONES };

// Eight bytes at once, or one in the low bits.
NP_INLINE uint64_t combined(enum combination how, uint64_t first, uint64_t second)
{
    const uint64_t numerics = UINT64_C(0x0f0f0f0f0f0f0f0f);
    switch (how) {
    case COMBINE_AND:
        return first & second;
    case COMBINE_OR:
        return first | second;
    case COMBINE_XOR:
        return first ^ second;
    case COMBINE_NUMERICS:
        return (first & ~numerics) | (second & numerics);
    case COMBINE_ZONES:
        return (first & numerics) | (second & ~numerics);
    }
    return 0;
}

// As if byte by byte from left to right. Returns whether a byte of the result is not zero.
NP_INLINE bool combine_bytes(enum combination how, uint8_t *to, const uint8_t *from, uint32_t size)
{
    uint64_t any = 0;
    uint32_t i = 0;
    if ((uintptr_t)to - (uintptr_t)from - 1 >= 7)
        for (; i + 8 <= size; i += 8) {
            uint64_t first, second;
            memcpy(&first, to + i, 8);
            memcpy(&second, from + i, 8);
            any |= first = combined(how, first, second);
            memcpy(to + i, &first, 8);
        }
    for (; i < size; i++)
        any |= to[i] = (uint8_t)combined(how, to[i], from[i]);
    return any != 0;
}

NP_INLINE bool combine_slowly(struct zcpu *z, enum combination how, uint64_t to, uint64_t from, uint32_t size,
                              const uint8_t *source)
{
    struct area area;
    area_open(z, &area, to, from, size);
    if (source)
        memcpy(area.bytes, source, size);
    else
        load_bytes(z, from, size, area.bytes);
    load_bytes(z, to, size, area.bytes + area.first);
    bool any = combine_bytes(how, area.bytes + area.first, area.bytes, size);
    store_bytes(z, to, size, area.bytes + area.first);
    return any;
}

// Whether both operands are there is for the L1 to say: what takes this way because of hints or a trace
// counts as it would have without.
NP_INLINE bool combine_late(struct zcpu *z, enum combination how, uint64_t to, uint64_t from, uint32_t size,
                            const uint8_t *source)
{
    source = source ? source : operand_late(z, from, size, false);
    uint8_t *target = source ? operand_late(z, to, size, true) : NULL;
    if (!target)
        return combine_slowly(z, how, to, from, size, source);
    trace_note(z, TRACE_LOAD, from, size, source);
    trace_note(z, TRACE_LOAD, to, size, target);
    bool any = combine_bytes(how, target, source, size);
    trace_note(z, TRACE_STORE, to, size, target);
    return any;
}

NP_INLINE bool combine(struct zcpu *z, const struct instruction *in, enum combination how)
{
    uint32_t size = in->l1 + 1u;
    uint64_t to = address1(z, in), from = address2(z, in);
    const uint8_t *source = operand_hit(z, from, size, false);
    uint8_t *target = NP_LIKELY(source != NULL) ? operand_hit(z, to, size, true) : NULL;
    bool any = NP_LIKELY(target != NULL) ? combine_bytes(how, target, source, size)
                                         : combine_late(z, how, to, from, size, source);
    charge(z, size);
    return any;
}

void isa_nc(struct zcpu *z, const struct instruction *in)
{
    z->cc = combine(z, in, COMBINE_AND);
}

void isa_oc(struct zcpu *z, const struct instruction *in)
{
    z->cc = combine(z, in, COMBINE_OR);
}

void isa_xc(struct zcpu *z, const struct instruction *in)
{
    z->cc = combine(z, in, COMBINE_XOR);
}

void isa_mvn(struct zcpu *z, const struct instruction *in)
{
    combine(z, in, COMBINE_NUMERICS);
}

void isa_mvz(struct zcpu *z, const struct instruction *in)
{
    combine(z, in, COMBINE_ZONES);
}

static int compare_slowly(struct zcpu *z, uint64_t first, uint64_t second, uint32_t size,
                          const uint8_t *bytes)
{
    struct window a, b;
    window_open(&a, first, size);
    window_open(&b, second, size);
    if (bytes)
        window_fill(&a, bytes);
    uint32_t i = windows_differ(z, &a, &b, size);
    return i == size ? 0 : a.bytes[i] - b.bytes[i];
}

static int compare_late(struct zcpu *z, uint64_t first, uint64_t second, uint32_t size, const uint8_t *a)
{
    a = a ? a : operand_late(z, first, size, false);
    const uint8_t *b = a ? operand_late(z, second, size, false) : NULL;
    if (!b)
        return compare_slowly(z, first, second, size, a);
    trace_note(z, TRACE_LOAD, first, size, a);
    trace_note(z, TRACE_LOAD, second, size, b);
    return memcmp(a, b, size);
}

void isa_clc(struct zcpu *z, const struct instruction *in)
{
    uint32_t size = in->l1 + 1u;
    uint64_t first = address1(z, in), second = address2(z, in);
    const uint8_t *a = operand_hit(z, first, size, false);
    const uint8_t *b = NP_LIKELY(a != NULL) ? operand_hit(z, second, size, false) : NULL;
    int order = NP_LIKELY(b != NULL) ? memcmp(a, b, size) : compare_late(z, first, second, size, a);
    z->cc = order == 0 ? 0 : order < 0 ? 1 : 2;
    charge(z, size);
}

// What the architecture refuses while address translation is off: MVCP, MVCS, SAC, IAC, EPAR, ESAR.
void isa_needs_translation(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    program_check(z, PGM_SPECIAL_OPERATION);
}
