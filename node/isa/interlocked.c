// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// The address of an operand that must lie on a boundary of its size.
static uint64_t aligned2(struct zcpu *z, const struct instruction *in, unsigned size)
{
    uint64_t address = address2(z, in);
    check_aligned(z, address, size);
    return address;
}

// Compare and swap: R1 against storage, R3 into it; or storage into R1.
void isa_cs(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = aligned2(z, in, 4);
    uint64_t old = storage_update_value(z, address, UPDATE_COMPARE_SWAP, 4, UW3, UW1);
    z->cc = old != UW1;
    set_low(z, in->r1, (uint32_t)old);
}

void isa_csg(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = aligned2(z, in, 8);
    uint64_t old = storage_update_value(z, address, UPDATE_COMPARE_SWAP, 8, UG3, UG1);
    z->cc = old != UG1;
    z->gr[in->r1] = old;
}

static uint64_t word_pair(const struct zcpu *z, unsigned r)
{
    return (uint64_t)low(z, r) << 32 | low(z, r + 1);
}

void isa_cds(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = aligned2(z, in, 8), expected = word_pair(z, in->r1);
    uint64_t old = storage_update_value(z, address, UPDATE_COMPARE_SWAP, 8, word_pair(z, in->r3), expected);
    z->cc = old != expected;
    set_low(z, in->r1, (uint32_t)(old >> 32));
    set_low(z, in->r1 + 1u, (uint32_t)old);
}

// A pair of registers as in storage.
static void pair_bytes(const struct zcpu *z, unsigned r, uint8_t bytes[16])
{
    uint64_t pair[2] = {htobe64(z->gr[r]), htobe64(z->gr[r + 1])};
    memcpy(bytes, pair, 16);
}

static void set_pair(struct zcpu *z, unsigned r, const uint8_t bytes[16])
{
    uint64_t pair[2];
    memcpy(pair, bytes, 16);
    z->gr[r] = be64toh(pair[0]);
    z->gr[r + 1] = be64toh(pair[1]);
}

void isa_cdsg(struct zcpu *z, const struct instruction *in)
{
    uint8_t operand[16], expected[16];
    uint64_t address = aligned2(z, in, 16);
    pair_bytes(z, in->r3, operand);
    pair_bytes(z, in->r1, expected);
    const uint8_t *old = storage_update(z, address, UPDATE_COMPARE_SWAP, 16, operand, expected);
    z->cc = memcmp(old, expected, 16) != 0;
    set_pair(z, in->r1, old);
}

// COMPARE AND SWAP AND STORE. GR0: function code in bits 56-63 (size of the swap: 4, 8, 16 bytes), storage
// characteristic in bits 48-55 (logarithm of the size of the store). The parameter list at GR1 has the
// replacement value at 0 and the value to store at 16.
struct csst {
    unsigned swap_size, store_size;
    uint64_t first, second;
    uint8_t replacement[16], stored[16], expected[16];
};

static void csst_operands(struct zcpu *z, const struct instruction *in, struct csst *c)
{
    unsigned function = z->gr[0] & 0xff, characteristic = z->gr[0] >> 8 & 0xff;
    bool long_ones = installed(z, F_CSST2);
    if (function > 1u + long_ones || characteristic > 3u + long_ones || (function == 2 && in->r3 & 1))
        program_check(z, PGM_SPECIFICATION);
    uint64_t list = z->gr[1] & z->address_mask;
    *c = (struct csst){4u << function, 1u << characteristic, address1(z, in), address2(z, in), {0}, {0}, {0}};
    check_aligned(z, c->first, c->swap_size);
    check_aligned(z, c->second, c->store_size);
    check_store(z, c->first, c->swap_size);
    check_store(z, c->second, c->store_size);
    load_bytes(z, list, c->swap_size, c->replacement);
    load_bytes(z, (list + 16) & z->address_mask, c->store_size, c->stored);
}

static void csst_expected(const struct zcpu *z, unsigned r, struct csst *c)
{
    uint64_t value = htobe64(z->gr[r]);
    if (c->swap_size == 16)
        pair_bytes(z, r, c->expected);
    else
        memcpy(c->expected, (const uint8_t *)&value + (8 - c->swap_size), c->swap_size);
}

static void csst_result(struct zcpu *z, unsigned r, unsigned size, const uint8_t *old)
{
    uint64_t value = 0;
    memcpy((uint8_t *)&value + (8 - (size & 15)), old, size & 15);
    if (size == 16)
        set_pair(z, r, old);
    else if (size == 8)
        z->gr[r] = be64toh(value);
    else
        set_low(z, r, (uint32_t)be64toh(value));
}

void isa_csst(struct zcpu *z, const struct instruction *in)
{
    struct csst c;
    uint8_t old[16];
    csst_operands(z, in, &c);
    csst_expected(z, in->r3, &c);
    memcpy(old, storage_update(z, c.first, UPDATE_COMPARE_SWAP, c.swap_size, c.replacement, c.expected),
           c.swap_size);
    z->cc = memcmp(old, c.expected, c.swap_size) != 0;
    if (z->cc)
        csst_result(z, in->r3, c.swap_size, old);
    else
        store_bytes(z, c.second, c.store_size, c.stored);
}

// TEST AND SET: all ones into the byte; the condition code is its former first bit.
void isa_ts(struct zcpu *z, const struct instruction *in)
{
    z->cc = (uint8_t)(storage_update_value(z, address1(z, in), UPDATE_SET, 1, 0xff, 0) >> 7);
}

// PERFORM LOCKED OPERATION: no function code is provided, which is what bit 56 of GR0 asks.
void isa_plo(struct zcpu *z, const struct instruction *in)
{
    (void)in;
    if (!(z->gr[0] & 0x80))
        program_check(z, PGM_SPECIFICATION);
    z->cc = 3;
}

// Load and add, and, or, exclusive or: R3 into storage, what was there into R1.
static uint64_t load_and(struct zcpu *z, const struct instruction *in, enum update_op op, unsigned size)
{
    uint64_t operand = size == 4 ? UW3 : UG3;
    return storage_update_value(z, aligned2(z, in, size), op, size, operand, 0);
}

static void word_sum(struct zcpu *z, int64_t sum)
{
    z->cc = sign_code((int32_t)sum);
    if (sum != (int32_t)sum)
        fixed_overflow(z);
}

static void all_sum(struct zcpu *z, int64_t a, int64_t b)
{
    int64_t sum;
    bool over = __builtin_add_overflow(a, b, &sum);
    z->cc = sign_code(sum);
    if (over)
        fixed_overflow(z);
}

static void logical_word(struct zcpu *z, uint64_t a, uint64_t b)
{
    uint64_t sum = (uint64_t)(uint32_t)a + (uint32_t)b;
    z->cc = carry_code((uint32_t)sum, sum >> 32);
}

static void logical_all(struct zcpu *z, uint64_t a, uint64_t b)
{
    z->cc = carry_code(a + b, a + b < a);
}

void isa_laa(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = load_and(z, in, UPDATE_ADD, 4);
    int64_t sum = (int32_t)old + SW3;
    set_low(z, in->r1, (uint32_t)old);
    word_sum(z, sum);
}

void isa_laag(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = load_and(z, in, UPDATE_ADD, 8);
    int64_t addend = SG3;
    z->gr[in->r1] = old;
    all_sum(z, (int64_t)old, addend);
}

void isa_laal(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = load_and(z, in, UPDATE_ADD, 4);
    logical_word(z, old, UW3);
    set_low(z, in->r1, (uint32_t)old);
}

void isa_laalg(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = load_and(z, in, UPDATE_ADD, 8);
    logical_all(z, old, UG3);
    z->gr[in->r1] = old;
}

#define LOAD_AND_WORD(name, op, combined)                                                                    \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t old = load_and(z, in, op, 4);                                                               \
        z->cc = (uint32_t)(combined) != 0;                                                                   \
        set_low(z, in->r1, (uint32_t)old);                                                                   \
    }
#define LOAD_AND_ALL(name, op, combined)                                                                     \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        uint64_t old = load_and(z, in, op, 8);                                                               \
        z->cc = (combined) != 0;                                                                             \
        z->gr[in->r1] = old;                                                                                 \
    }
LOAD_AND_WORD(lan, UPDATE_AND, old &UG3)
LOAD_AND_ALL(lang, UPDATE_AND, old &UG3)
LOAD_AND_WORD(lao, UPDATE_OR, old | UG3)
LOAD_AND_ALL(laog, UPDATE_OR, old | UG3)
LOAD_AND_WORD(lax, UPDATE_XOR, old ^ UG3)
LOAD_AND_ALL(laxg, UPDATE_XOR, old ^ UG3)

// LOAD PAIR DISJOINT: condition code 0 when both were fetched at one moment, else 3.
void isa_lpd(struct zcpu *z, const struct instruction *in)
{
    uint64_t values[2], first = address1(z, in), second = address2(z, in);
    check_aligned(z, first | second, 4);
    z->cc = load_both(z, first, second, 4, values) ? 0 : 3;
    set_low(z, in->r3, (uint32_t)values[0]);
    set_low(z, in->r3 + 1u, (uint32_t)values[1]);
}

void isa_lpdg(struct zcpu *z, const struct instruction *in)
{
    uint64_t values[2], first = address1(z, in), second = address2(z, in);
    check_aligned(z, first | second, 8);
    z->cc = load_both(z, first, second, 8, values) ? 0 : 3;
    z->gr[in->r3] = values[0];
    z->gr[in->r3 + 1u] = values[1];
}

// An immediate operand added to storage. Returns what was there.
static uint64_t add_to_storage(struct zcpu *z, const struct instruction *in, unsigned size)
{
    uint64_t address = address1(z, in), old;
    if ((address & (size - 1)) == 0 && installed(z, F_Z196))
        return storage_update_value(z, address, UPDATE_ADD, size, U_IMMEDIATE, 0);
    if (size == 4) {
        old = load32(z, address);
        store32(z, address, (uint32_t)(old + U_IMMEDIATE));
    } else {
        old = load64(z, address);
        store64(z, address, old + U_IMMEDIATE);
    }
    return old;
}

void isa_asi(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = add_to_storage(z, in, 4);
    word_sum(z, (int32_t)old + S_IMMEDIATE);
}

void isa_agsi(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = add_to_storage(z, in, 8);
    all_sum(z, (int64_t)old, S_IMMEDIATE);
}

void isa_alsi(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = add_to_storage(z, in, 4);
    logical_word(z, old, U_IMMEDIATE);
}

void isa_algsi(struct zcpu *z, const struct instruction *in)
{
    uint64_t old = add_to_storage(z, in, 8);
    logical_all(z, old, U_IMMEDIATE);
}

// AND, OR, EXCLUSIVE OR of a byte in storage with an immediate operand. Returns what was there.
static uint64_t change_byte(struct zcpu *z, const struct instruction *in, enum update_op op)
{
    uint64_t address = address1(z, in);
    if (installed(z, F_IA2))
        return storage_update_value(z, address, op, 1, U_IMMEDIATE, 0);
    uint64_t old = load8(z, address), byte = U_IMMEDIATE;
    store8(z, address, (uint8_t)(op == UPDATE_AND ? old & byte : op == UPDATE_OR ? old | byte : old ^ byte));
    return old;
}

void isa_ni(struct zcpu *z, const struct instruction *in)
{
    z->cc = (change_byte(z, in, UPDATE_AND) & U_IMMEDIATE) != 0;
}

void isa_oi(struct zcpu *z, const struct instruction *in)
{
    z->cc = (change_byte(z, in, UPDATE_OR) | U_IMMEDIATE) != 0;
}

void isa_xi(struct zcpu *z, const struct instruction *in)
{
    z->cc = (change_byte(z, in, UPDATE_XOR) ^ U_IMMEDIATE) != 0;
}
