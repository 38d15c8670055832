// SPDX-License-Identifier: Apache-2.0
// What registers, PSW and storage hold when the instruction begins.
#include <string.h>

#include "proto/base/big_endian.h"
#include "tests/isa/generate.h"
#include "tests/isa/work.h"

#define CR0_LOW_PROTECTION 0x10000000u

#define PAGES_AT 0x00750000 // pages that instructions may clear or move
#define PAGES    4

// An address with what the addressing mode ignores.
static uint64_t with_high_bits(struct making *making, uint64_t address)
{
    uint64_t ignored = making_mode(making) == PSW_MODE_64 ? 0
                       : making_mode(making)              ? ~0x7fffffffull
                                                          : ~0xffffffull;
    return chance(making->rng, 70) ? (address & ~ignored) | (rng_next(making->rng) & ignored) : address;
}

static uint64_t storage_somewhere(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t r = rng_below(rng, 100), offset = rng_below(rng, WORK_BYTES - 255);
    if (making->insn->operands == OPERANDS_STORAGE && chance(rng, 45)) // the regions of numbers
        offset = WORK_INTEGERS + rng_below(rng, WORK_DECIMALS - WORK_INTEGERS);
    if (r < 66)
        return WORK_AT + (offset & (r < 40 ? ~15ull : r < 58 ? ~7ull : r < 63 ? ~3ull : ~1ull));
    if (r < 82)
        return WORK_AT + offset;
    if (r < 88)
        return WORK_AT + 0x400 - rng_below(rng, 32);
    if (r < 92)
        return GUARD_AT + rng_below(rng, GUARD_BYTES);
    if (r < 95)
        return MEMORY_BYTES + 8 * rng_below(rng, 0x200);
    if (r < 97)
        return rng_below(rng, 2) ? 1ull << (33 + rng_below(rng, 31)) : 0x7ffffff0u + rng_below(rng, 16);
    making->test.flags |= CASE_SYSTEM;
    making->test.cr0 |= CR0_LOW_PROTECTION;
    return rng_below(rng, 0x70);
}

// An operand of up to 256 bytes in storage. What lies outside in one addressing mode would be something else
// in a smaller one.
static uint64_t storage_address(struct making *making)
{
    uint64_t limit = making_mode(making) == PSW_MODE_64 ? UINT64_MAX
                     : making_mode(making)              ? 0x7fffffff
                                                        : 0xffffff;
    uint64_t address;
    do
        address = storage_somewhere(making);
    while (address > limit);
    return address;
}

static int64_t displacement(const uint8_t *bytes, const struct isa_field *field)
{
    uint32_t value = field_get(bytes, field);
    return field->kind == FIELD_LDISP ? (int32_t)(value << 12) >> 12 : (int32_t)value;
}

void operand_place(struct making *making, unsigned from, uint64_t address)
{
    const struct isa_format *format = &making->insn->format;
    unsigned i = operand_find(format, from), index = 0;
    uint64_t *gr = making->test.gr;
    if (format->fields[i].kind == FIELD_INDEX)
        index = field_get(making->bytes, &format->fields[i++]);
    unsigned base = field_get(making->bytes, &format->fields[i]);
    uint64_t rest = address - (uint64_t)displacement(making->bytes, &format->fields[i + 1]);
    if (!base && !index) { // the displacement alone: see fields_fill
        making->test.flags |= CASE_SYSTEM;
        making->test.cr0 |= CR0_LOW_PROTECTION;
    } else if (base == index) {
        gr[base] = rest / 2;
    } else if (base && index) {
        gr[index] = chance(making->rng, 50) ? rng_below(making->rng, 256) : edge_integer(making->rng);
        gr[base] = with_high_bits(making, rest - gr[index]);
    } else {
        gr[base + index] = with_high_bits(making, rest);
    }
}

static uint64_t effective(const struct making *making, unsigned from)
{
    const struct isa_format *format = &making->insn->format;
    const uint64_t *gr = making->test.gr;
    unsigned index = 0;
    if (format->fields[from].kind == FIELD_INDEX)
        index = field_get(making->bytes, &format->fields[from++]);
    unsigned base = field_get(making->bytes, &format->fields[from]);
    uint64_t address = (base ? gr[base] : 0) + (index ? gr[index] : 0) +
                       (uint64_t)displacement(making->bytes, &format->fields[from + 1]);
    return making_mode(making) == PSW_MODE_64 ? address
                                              : address & (making_mode(making) ? 0x7fffffff : 0xffffff);
}

// Operands that share a base register follow one another: none may fall on the harness or its tables.
static bool harmless(const struct making *making)
{
    const struct isa_format *format = &making->insn->format;
    for (unsigned i = operand_first(format); i < format->n; i = operand_find(format, i + 2)) {
        uint64_t address = effective(making, i);
        bool work = address >= WORK_AT && address <= WORK_AT + WORK_BYTES - 0x100;
        bool end = address >= GUARD_AT && address < UINT64_MAX - 0x1000;
        if (!work && !end && address > 0x70)
            return false;
    }
    return true;
}

// Every operand in storage gets an address.
static void place_all(struct making *making)
{
    const struct isa_format *format = &making->insn->format;
    do
        for (unsigned i = operand_first(format); i < format->n; i = operand_find(format, i + 2))
            operand_place(making, i, storage_address(making));
    while (!harmless(making));
}

static unsigned register_of(const struct making *making, enum isa_field_kind kind)
{
    const struct isa_field *field = format_field(&making->insn->format, kind);
    return field ? field_get(making->bytes, field) : 0;
}

static uint64_t branch_target(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t r = rng_below(rng, 100), slot = making->at & ~(uint64_t)(SLOT_BYTES - 1);
    if (r < 80)
        return slot + 2 * rng_below(rng, SLOT_INSN / 2);
    if (r < 92)
        return SLOTS_AT + 2 * rng_below(rng, SLOT_BYTES / 2);
    return r < 96 || making_mode(making) == 0 ? slot + 1 + 2 * rng_below(rng, 7)
                                              : MEMORY_BYTES + 2 * rng_below(rng, 16);
}

static void place_branch_register(struct making *making)
{
    unsigned r2 = making->insn->format.bytes == 2 ? making->bytes[1] & 15 : register_of(making, FIELD_R2);
    uint64_t target = branch_target(making);
    if (making_mode(making) == 0 || chance(making->rng, 40))
        target |= chance(making->rng, 50) ? 1 : 0x80000000u; // BSM, BASSM: the mode
    making->test.gr[r2] = target;
}

// Any pair may be used: even registers are addresses of the work area, odd ones lengths.
static void place_pairs(struct making *making, uint64_t first, uint64_t size, unsigned length)
{
    struct rng *rng = making->rng;
    for (unsigned i = 2; i < 16; i += 2) {
        uint64_t address = WORK_AT + first + rng_below(rng, size);
        making->test.gr[i] = with_high_bits(making, address);
        making->test.gr[i + 1] = chance(rng, 10) ? 0 : rng_below(rng, length);
    }
}

static void place_long_pairs(struct making *making)
{
    struct rng *rng = making->rng;
    place_pairs(making, 0, WORK_BYTES - 0x200, 0x100);
    for (unsigned i = 3; i < 16; i += 2)
        making->test.gr[i] |= rng_next(rng) << 32 | rng_below(rng, 256) << 24;
    unsigned r1 = register_of(making, FIELD_R1) & 14, r2 = register_of(making, FIELD_R2) & 14;
    if (chance(rng, 40)) // the same bytes, of about the same length
        making->test.gr[r2 + 1] = making->test.gr[r1 + 1] + rng_below(rng, 3);
    if (chance(rng, 30))
        making->test.gr[r2] = making->test.gr[r1] + rng_below(rng, 3) * rng_below(rng, 64);
    if (making_mode(making) && chance(rng, 5))
        making->test.gr[r1] = GUARD_AT + GUARD_BYTES - rng_below(rng, 64);
}

static void place_extended_pairs(struct making *making)
{
    struct rng *rng = making->rng;
    place_pairs(making, 0, WORK_BYTES - 0x200, 0x100);
    unsigned r1 = register_of(making, FIELD_R1) & 14, r3 = register_of(making, FIELD_R3) & 14;
    if (chance(rng, 40))
        making->test.gr[r3 + 1] = making->test.gr[r1 + 1] + rng_below(rng, 3);
    if (chance(rng, 30))
        making->test.gr[r3] = making->test.gr[r1] + rng_below(rng, 3) * rng_below(rng, 64);
    if (making_mode(making) != PSW_MODE_64) // lengths have 32 bits there
        for (unsigned i = 3; i < 16; i += 2)
            making->test.gr[i] |= rng_next(rng) << 32;
}

// Sources end within 128 bytes, wherever they begin in the text; destinations lie behind it.
static void place_strings(struct making *making)
{
    struct rng *rng = making->rng;
    uint64_t *gr = making->test.gr;
    place_pairs(making, WORK_TEXT, WORK_INTEGERS - WORK_TEXT - 128, 64);
    for (unsigned i = 3; i < 16; i += 2)
        gr[i] = with_high_bits(making, WORK_AT + rng_below(rng, WORK_INTEGERS - WORK_TEXT - 128));
    unsigned r1 = register_of(making, FIELD_R1), r2 = register_of(making, FIELD_R2);
    if (making->insn->row->mnemonic[0] == 's' &&
        making->insn->row->mnemonic[4] == 'u') // among integers there are characters of two bytes
        gr[r2] = WORK_AT + WORK_INTEGERS + rng_below(rng, 0x100);
    if (strcmp(making->insn->row->mnemonic, "mvst") == 0 && r1 != r2)
        gr[r1] = with_high_bits(making, WORK_AT + WORK_INTEGERS + rng_below(rng, 0x300));
    else if (making->insn->row->mnemonic[0] == 's') // less than what may be searched at once
        gr[r1] = gr[r2] + rng_below(rng, 80);
    else if (chance(rng, 40))
        gr[r1] = gr[r2];
    gr[0] = rng_below(rng, 4) | (chance(rng, 90) ? edge_integer(rng) << 32 : rng_next(rng) << 8);
}

static uint64_t page_address(struct making *making)
{
    return PAGES_AT + rng_below(making->rng, (uint64_t)PAGES * 4096);
}

static void place_pages(struct making *making)
{
    for (unsigned i = 1; i < 16; i++)
        making->test.gr[i] = with_high_bits(making, page_address(making));
    making->test.gr[0] = chance(making->rng, 80) ? 0 : rng_below(making->rng, 16) << 8;
}

// What is written lies in the second half of the work area, what is read in the first: overlapping operands
// leave what no rule says.
static void place_conversion(struct making *making)
{
    struct rng *rng = making->rng;
    place_pairs(making, 0, 0x3c0, 0x40);
    unsigned r1 = register_of(making, FIELD_R1);
    making->test.gr[r1] = with_high_bits(making, WORK_AT + 0x400 + rng_below(rng, 0x340));
}

// Tables lie in the first half too, or those of two-byte characters in the pristine copy with zeros behind
// it.
static void place_translate(struct making *making)
{
    struct rng *rng = making->rng;
    place_conversion(making);
    for (unsigned i = 3; i < 16; i += 2) // QEMU 7.2 translates all of storage when the length is zero
        making->test.gr[i] = 1 + rng_below(rng, 0x40);
    making->test.gr[0] = rng_next(rng) & ~0xff00ull;
    uint64_t table = (rng_below(rng, 2) ? WORK_AT : PRISTINE_AT) + (rng_below(rng, 0x200) & ~7ull);
    if (strncmp(making->insn->row->mnemonic, "trt", 3) == 0)
        table = PRISTINE_AT + (rng_below(rng, 0x500) & ~7ull);
    making->test.gr[1] = with_high_bits(making, table);
    if (making->insn->row->mnemonic[2] == 'o' && chance(rng, 50)) // characters that tables are full of
        making->test.gr[0] &= ~0xffffull;
    if (strcmp(making->insn->row->mnemonic, "tre") == 0) {
        unsigned r1 = register_of(making, FIELD_R1); // QEMU 7.2 goes astray with other bits in 24-bit mode
        making->test.gr[r1] = making_mode(making) ? making->test.gr[r1] : making->test.gr[r1] & 0xffffff;
        making->test.gr[register_of(making, FIELD_R2)] = table;
    }
}

static void place_second(struct making *making, uint64_t address)
{
    making->test.gr[register_of(making, FIELD_R2)] = with_high_bits(making, address);
}

static unsigned length_field(const struct making *making, unsigned number)
{
    unsigned n = 0;
    for (unsigned i = 0; i < making->insn->format.n; i++)
        if (making->insn->format.fields[i].kind == FIELD_LEN && n++ == number)
            return field_get(making->bytes, &making->insn->format.fields[i]);
    return 7;
}

// Packed numbers: the operand ends where a number does. Sometimes anywhere.
static void place_decimal(struct making *making)
{
    const struct isa_format *format = &making->insn->format;
    unsigned number = 0;
    for (unsigned i = operand_first(format); i < format->n; i = operand_find(format, i + 2)) {
        uint64_t end = WORK_AT + WORK_DECIMALS + 16 * (1 + rng_below(making->rng, 16));
        uint64_t address = end - 1 - length_field(making, number++) % 16;
        operand_place(making, i, chance(making->rng, 88) ? address : storage_address(making));
    }
}

static void place_edit(struct making *making)
{
    unsigned i = operand_first(&making->insn->format);
    operand_place(making, i, WORK_AT + WORK_PATTERNS + rng_below(making->rng, 24));
    operand_place(making, operand_find(&making->insn->format, i + 2),
                  WORK_AT + WORK_DECIMALS + rng_below(making->rng, 240));
}

// One of `n` items of `size` bytes of the work area; sometimes an operand that is none.
static void place_item(struct making *making, uint64_t offset, uint64_t size, uint64_t n)
{
    uint64_t address = WORK_AT + offset + size * rng_below(making->rng, n);
    if (chance(making->rng, 5))
        address = making_mode(making) == 0 || (size > 1 && chance(making->rng, 50))
                      ? address + 1
                      : MEMORY_BYTES + 8 * rng_below(making->rng, 8);
    operand_place(making, 0, address);
}

static void place_information(struct making *making)
{
    struct rng *rng = making->rng;
    making->test.gr[0] = rng_below(rng, 2) ? 0 : (4 + rng_below(rng, 12)) << 28 | rng_below(rng, 256);
    making->test.gr[1] = rng_below(rng, 2) ? 0 : rng_below(rng, 65536);
    if (register_of(making, FIELD_BASE) > 1)
        operand_place(making, 0, PAGES_AT);
}

// COMPARE AND SWAP AND STORE: function code and storage characteristic in GR0, parameters where GR1 points
// to. QEMU 7.2 aborts (an assertion) when one byte is to be stored.
static void place_compare_store(struct making *making)
{
    struct rng *rng = making->rng;
    place_all(making);
    making->test.gr[0] = (edge_integer(rng) & ~0xffffull) | (1 + rng_below(rng, 5)) << 8 | rng_below(rng, 4);
    making->test.gr[1] = with_high_bits(making, WORK_AT + (rng_below(rng, WORK_BYTES - 64) & ~15ull));
}

// QEMU 7.2 dies of the host's SIGFPE when the lowest dividend is divided by -1.
static void spare_divide(struct making *making)
{
    unsigned r1 = register_of(making, FIELD_R1) & 14;
    uint64_t *gr = making->test.gr;
    if ((uint32_t)gr[r1] == 0x80000000u && (uint32_t)gr[r1 + 1] == 0)
        gr[r1] ^= 1;
}

static void place_operands(struct making *making)
{
    switch (making->insn->operands) {
    case OPERANDS_VALUE:
    case OPERANDS_MONITOR:
    case OPERANDS_SYSTEM_MASK_IMMEDIATE:
        if (making->insn->operands == OPERANDS_SYSTEM_MASK_IMMEDIATE)
            place_all(making);
        return;
    case OPERANDS_BRANCH:
        if (operand_first(&making->insn->format) < making->insn->format.n)
            operand_place(making, 0, branch_target(making));
        return;
    case OPERANDS_BRANCH_REGISTER:
        return place_branch_register(making);
    case OPERANDS_LONG_PAIRS:
        return place_long_pairs(making);
    case OPERANDS_EXTENDED_PAIRS:
        return place_extended_pairs(making);
    case OPERANDS_STRINGS:
        return place_strings(making);
    case OPERANDS_PAGES:
        return place_pages(making);
    case OPERANDS_SECOND_PAIR:
        return place_pairs(making, 0, WORK_BYTES - 0x200, 0x200);
    case OPERANDS_TRANSLATE:
        return place_translate(making);
    case OPERANDS_UNICODE:
        return place_conversion(making);
    case OPERANDS_SECOND_ADDRESS:
        return place_second(making, storage_address(making));
    case OPERANDS_SECOND_PAGE:
        return place_second(making, page_address(making));
    case OPERANDS_COMPARE_STORE:
        return place_compare_store(making);
    case OPERANDS_PSW_SHORT:
        return place_item(making, WORK_SHORT, 8, PSWS_SHORT);
    case OPERANDS_PSW_LONG:
        return place_item(making, WORK_PSWS, 16, PSWS_LONG);
    case OPERANDS_SYSTEM_MASK:
        return place_item(making, WORK_MASKS, 1, 16);
    case OPERANDS_PREFIX:
        return place_item(making, WORK_PREFIXES, 4, 8);
    case OPERANDS_INFORMATION:
        return place_information(making);
    case OPERANDS_DECIMAL:
        return place_decimal(making);
    case OPERANDS_EDIT:
        return place_edit(making);
    default:
        place_all(making);
    }
}

// Binary floating-point numbers next to the largest, or integers of either size.
static uint64_t known_place(struct making *making)
{
    if (making->insn->row->checks & BFP)
        return WORK_FLOATS + 8 * rng_below(making->rng, WORK_HUGE);
    return WORK_INTEGERS + 16 * rng_below(making->rng, (WORK_DECIMALS - WORK_INTEGERS) / 16);
}

// Compare and swap, and all that compare or add, need what is there, or its complement, in a register.
static void know_storage(struct making *making)
{
    unsigned i = operand_first(&making->insn->format);
    if (i == making->insn->format.n || !format_field(&making->insn->format, FIELD_R1) ||
        !chance(making->rng, 30))
        return;
    struct rng *rng = making->rng;
    uint64_t offset = known_place(making), *gr = making->test.gr;
    const uint8_t *work = making->generator->work;
    unsigned r1 = register_of(making, FIELD_R1);
    uint64_t first = get64(work + offset), second = get64(work + offset + 8);
    operand_place(making, i, WORK_AT + offset);
    if (chance(rng, 50)) { // words: the first in the low half
        second = (uint32_t)first;
        first = chance(rng, 50) ? first >> 32 : (uint64_t)((int64_t)first >> 32);
    }
    gr[r1] = chance(rng, 60) ? first : chance(rng, 60) ? -first : first + 1;
    gr[(r1 + 1) & 15] = second;
    if (making->insn->row->checks & BFP) { // another that large, of the same format
        uint64_t other = get64(work + WORK_FLOATS + (offset - WORK_FLOATS + 16) % (8 * WORK_HUGE));
        making->test.fpr[r1] = other ^ rng_below(rng, 2) << 63;
    }
    if (format_field(&making->insn->format, FIELD_R3) && chance(rng, 60))
        gr[register_of(making, FIELD_R3)] = chance(rng, 50) ? 0 : -first;
    operand_place(making, i, WORK_AT + offset);
}

void operands_make(struct making *making)
{
    state_make(making);
    place_operands(making);
    if (making->insn->operands == OPERANDS_STORAGE)
        know_storage(making);
    if (making->insn->operands == OPERANDS_DIVIDE) {
        place_all(making);
        spare_divide(making);
    }
}
