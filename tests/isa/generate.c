// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/generate.h"

#include <string.h>

#include "proto/base/big_endian.h"
#include "tests/isa/work.h"

void generate_begin(struct isa_generator *generator)
{
    static const uint8_t catchers[6] = {0x0a, CATCHER, 0x0a, CATCHER, 0x0a, CATCHER};
    uint8_t guard[GUARD_BYTES];
    batch_clear(generator->batch);
    work_fill(&generator->rng, generator->work, guard);
    batch_set_work(generator->batch, generator->work, guard);
    batch_add_slot(generator->batch, catchers, 6, catchers); // PSWs of the work area lead here
}

// An even register with another behind it that is not used for anything else; sometimes any. QEMU 7.2 takes
// any register for a pair where it translates, and what is in the next one for the length.
static uint32_t pair_register(struct rng *rng, enum isa_operands operands)
{
    return (uint32_t)(operands == OPERANDS_TRANSLATE || chance(rng, 90) ? 2 + 2 * rng_below(rng, 7)
                                                                        : 2 + rng_below(rng, 14));
}

// Registers that hold addresses and lengths are not to be changed by the instruction's other operand: what
// comes of it would depend on where the machine interrupts it.
static void separate_pairs(struct rng *rng, const struct isa_insn *insn, uint8_t *bytes)
{
    const struct isa_field *second = format_field(&insn->format, FIELD_R2);
    const struct isa_field *base = format_field(&insn->format, FIELD_BASE);
    uint32_t first = field_get(bytes, format_field(&insn->format, FIELD_R1));
    if (!second)
        second = format_field(&insn->format, FIELD_R3);
    while (second && ((field_get(bytes, second) ^ first) & 14) == 0)
        field_put(bytes, second, pair_register(rng, insn->operands));
    if (base)
        field_put(bytes, base, (uint32_t)rng_below(rng, 2));
}

static bool uses_pairs(enum isa_operands operands)
{
    return operands >= OPERANDS_LONG_PAIRS && operands <= OPERANDS_UNICODE;
}

// Registers that must be even, or name a pair of floating-point registers, mostly do.
static uint32_t checked_register(struct rng *rng, const struct isa_insn *insn, enum isa_field_kind kind,
                                 uint32_t any)
{
    unsigned number = (unsigned)(kind - FIELD_R1), checks = insn->row->checks;
    if (chance(rng, 8))
        return any;
    if (checks & (unsigned)EVEN1 << number)
        return any & 14;
    return checks & (unsigned)FPAIR1 << number ? any & 13 : any;
}

// What lies in low storage is no PSW, prefix or control register that a case may load.
static bool needs_base(enum isa_operands operands)
{
    return operands >= OPERANDS_PSW_SHORT && operands <= OPERANDS_INFORMATION;
}

static uint32_t field_value(struct rng *rng, const struct isa_insn *insn, const struct isa_field *field)
{
    uint32_t any = (uint32_t)rng_next(rng);
    switch (field->kind) {
    case FIELD_R1:
    case FIELD_R2:
    case FIELD_R3:
        if (uses_pairs(insn->operands))
            return pair_register(rng, insn->operands);
        return checked_register(rng, insn, field->kind, any);
    case FIELD_BASE:
        return chance(rng, 97) || needs_base(insn->operands) ? 1 + any % 15 : 0;
    case FIELD_INDEX:
        return chance(rng, 60) ? 0 : any;
    case FIELD_IMM:
        if (insn->operands == OPERANDS_SYSTEM_MASK_IMMEDIATE)
            return chance(rng, 80) ? any & 3 : any & 0xbb; // neither translation nor recording
        if (insn->operands == OPERANDS_SELECTED_BITS && field->first == 16)
            return any & 0x7f;
        if (insn->operands == OPERANDS_MONITOR && chance(rng, 80))
            return any & 15;
        if (chance(rng, 40))
            return (uint32_t)edge_integer(rng);
        return chance(rng, 30) ? (uint32_t)rng_below(rng, 9) - 4 : any;
    case FIELD_LEN:
        return chance(rng, 60) ? any % 16 : any;
    case FIELD_DISP:
    case FIELD_LDISP:
        return chance(rng, 20) ? 0 : chance(rng, 20) ? any % 16 : any;
    default:
        return any;
    }
}

// A halfword of the slot that holds a catcher: neither in the instruction nor where the target of EXECUTE is.
static uint64_t catcher_near(struct rng *rng, const struct isa_insn *insn, uint64_t at)
{
    uint64_t slot = at & ~(uint64_t)(SLOT_BYTES - 1), offset;
    do
        offset = 2 * rng_below(rng, SLOT_BYTES / 2);
    while ((offset >= SLOT_INSN && offset < SLOT_INSN + 2u * insn->format.bytes) ||
           (offset >= SLOT_TARGET && offset < SLOT_TARGET + 6));
    return slot + offset;
}

// Where a relative operand points to.
static uint64_t relative_target(struct rng *rng, const struct isa_insn *insn, const struct isa_field *field,
                                uint64_t at)
{
    if (insn->operands == OPERANDS_EXECUTE)
        return (at & ~(uint64_t)(SLOT_BYTES - 1)) + (chance(rng, 98) ? SLOT_TARGET : SLOT_TARGET + 6);
    if (insn->operands == OPERANDS_VALUE)
        return at + 2 * rng_next(rng);
    if (field->bits == 32 && insn->operands == OPERANDS_STORAGE) {
        uint64_t offset = rng_below(rng, WORK_BYTES - 256);
        return chance(rng, 94) ? WORK_AT + (offset & (chance(rng, 80) ? ~7ull : ~1ull))
                               : MEMORY_BYTES - 8 + 2 * rng_below(rng, 8);
    }
    if (field->bits == 32 && chance(rng, 5))
        return MEMORY_BYTES + 2 * rng_below(rng, 1000);
    return chance(rng, 10) ? SLOTS_AT + 2 * rng_below(rng, 8) : catcher_near(rng, insn, at);
}

// Two operands on one base register lie next to each other, so that both are where changes are noticed.
static void bring_together(struct rng *rng, const struct isa_format *format, uint8_t *bytes)
{
    unsigned first = operand_first(format), second = operand_find(format, first + 1);
    if (second >= format->n || format->fields[first].kind != FIELD_BASE ||
        field_get(bytes, &format->fields[first]) != field_get(bytes, &format->fields[second]))
        return;
    uint32_t displacement = field_get(bytes, &format->fields[first + 1]) + (uint32_t)rng_below(rng, 0x200);
    field_put(bytes, &format->fields[second + 1], displacement < 0x1000 ? displacement : 0xfff);
}

void fields_fill(struct rng *rng, const struct isa_insn *insn, uint64_t at, uint8_t bytes[6])
{
    insn_opcode(insn, bytes);
    for (unsigned i = 0; i < insn->format.n; i++) {
        const struct isa_field *field = &insn->format.fields[i];
        if (field->kind == FIELD_REL) {
            int64_t halfwords = (int64_t)(relative_target(rng, insn, field, at) - at) / 2;
            if (field->bits < 32 && (halfwords > INT16_MAX || halfwords < INT16_MIN))
                halfwords = -SLOT_INSN / 2;
            field_put(bytes, field, (uint32_t)halfwords);
        } else {
            field_put(bytes, field, field_value(rng, insn, field));
        }
    }
    if (uses_pairs(insn->operands) && insn->operands != OPERANDS_LONG_PAIRS)
        separate_pairs(rng, insn, bytes);
    bring_together(rng, &insn->format, bytes);
    // Without base and index the displacement is the address: one that low-address protection covers.
    for (unsigned i = operand_first(&insn->format); i < insn->format.n;
         i = operand_find(&insn->format, i + 2)) {
        bool index = insn->format.fields[i].kind == FIELD_INDEX;
        const struct isa_field *base = &insn->format.fields[i + index];
        if (insn->operands != OPERANDS_VALUE && !field_get(bytes, base) &&
            (!index || !field_get(bytes, base - 1)))
            field_put(bytes, base + 1, (uint32_t)rng_below(rng, 0x70));
    }
}

// Instructions that end with condition code 3 before they are done are repeated, as programs do.
static bool repeats(const struct isa_insn *insn)
{
    return insn->operands >= OPERANDS_EXTENDED_PAIRS && insn->operands <= OPERANDS_UNICODE &&
           insn->operands != OPERANDS_PAGES;
}

// The row of a target; sometimes another EXECUTE, which is an exception.
static uint16_t random_target(struct isa_generator *generator, uint16_t row)
{
    const struct isa_insn *insn;
    uint16_t target;
    if (chance(&generator->rng, 2))
        return row;
    do {
        target = (uint16_t)rng_below(&generator->rng, generator->insns->n);
        insn = &generator->insns->rows[target];
    } while (generator->without[target] || uses_pairs(insn->operands) || insn->operands == OPERANDS_EXECUTE);
    return target;
}

// R1 of EXECUTE is no part of the target's address, so that both can be chosen.
static void separate_execute(const struct isa_insn *insn, uint8_t *bytes)
{
    const struct isa_field *base = format_field(&insn->format, FIELD_BASE);
    const struct isa_field *index = format_field(&insn->format, FIELD_INDEX);
    uint32_t r1 = field_get(bytes, format_field(&insn->format, FIELD_R1));
    if (index && field_get(bytes, index) == r1)
        field_put(bytes, index, 0);
    if (base && r1 && field_get(bytes, base) == r1)
        field_put(bytes, base, r1 ^ 3 ? r1 ^ 3 : 8);
}

// Whether the instruction finds an operand or its way by one of the registers that EXECUTE itself uses.
static bool shares_registers(const struct isa_insn *target, const uint8_t *target_bytes,
                             const struct isa_insn *insn, const uint8_t *bytes)
{
    uint32_t used = 0;
    for (unsigned i = 0; i < insn->format.n; i++)
        if (insn->format.fields[i].bits == 4)
            used |= 1u << field_get(bytes, &insn->format.fields[i]);
    for (unsigned i = 0; i < target->format.n; i++) {
        const struct isa_field *field = &target->format.fields[i];
        bool address = field->kind == FIELD_BASE || field->kind == FIELD_INDEX || field->kind == FIELD_R2;
        uint32_t number = field_get(target_bytes, field);
        if (address && number && used & 1u << number)
            return true;
    }
    return false;
}

// What the target of EXECUTE becomes: the low byte of R1 is ORed into its second byte. The byte is 0 or one
// that keeps registers free to be chosen.
static uint8_t execute_or(struct rng *rng, const uint8_t *bytes, const struct isa_insn *target)
{
    unsigned r1 = bytes[1] >> 4;
    bool opcode = target->format.place == 12 || target->format.place == 16;
    return r1 == 0 || opcode ? 0 : (uint8_t)rng_below(rng, 256);
}

static void add_case(struct isa_generator *generator, struct making *making, const struct isa_insn *insn,
                     const uint8_t *bytes, const struct isa_insn *target, const uint8_t *target_bytes)
{
    uint64_t at = slot_insn_address(making->test.slot);
    making->insn = target ? target : insn;
    making->at = at;
    memcpy(making->bytes, target ? target_bytes : bytes, 6);
    uint8_t low = target ? execute_or(making->rng, bytes, target) : 0;
    uint8_t plain = making->bytes[1];
    making->bytes[1] |= low;
    if (target && shares_registers(target, making->bytes, insn, bytes)) {
        making->bytes[1] = plain;
        low = 0;
    }
    making->test.psw_address = at;
    operands_make(making);
    if (target && bytes[1] >> 4)
        making->test.gr[bytes[1] >> 4] = (making->test.gr[bytes[1] >> 4] & ~0xffull) | low;
    if (target &&
        bytes[0] == 0x44) { // EX: its own operand is the target; or, odd, one of the catchers behind it
        struct making own = *making;
        own.insn = insn;
        memcpy(own.bytes, bytes, 6);
        operand_place(&own, 1,
                      (at & ~(uint64_t)(SLOT_BYTES - 1)) + SLOT_TARGET + (chance(making->rng, 3) ? 7 : 0));
        making->test = own.test;
    }
    batch_add(generator->batch, &making->test);
}

void generate_add(struct isa_generator *generator, unsigned row, unsigned states)
{
    struct rng *rng = &generator->rng;
    const struct isa_insn *insn = &generator->insns->rows[row], *target = NULL;
    uint8_t bytes[12], target_bytes[6] = {0x0a, CATCHER, 0x0a, CATCHER, 0x0a, CATCHER};
    uint64_t at = slot_insn_address(generator->batch->n_slots);
    fields_fill(rng, insn, at, bytes);
    unsigned length = insn->format.bytes;
    uint16_t target_row = NO_TARGET;
    if (insn->operands == OPERANDS_EXECUTE) {
        target_row = random_target(generator, (uint16_t)row);
        target = &generator->insns->rows[target_row];
        separate_execute(insn, bytes);
        do
            fields_fill(rng, target, at, target_bytes);
        while (shares_registers(target, target_bytes, insn, bytes));
    }
    if (repeats(insn)) {
        put32(bytes + length, 0xa7140000u | (uint16_t)(-(int)length / 2));
        length += 4;
    }
    uint32_t slot = batch_add_slot(generator->batch, bytes, length, target_bytes);
    for (unsigned i = 0; i < states; i++) {
        struct making making = {.rng = rng,
                                .generator = generator,
                                .test = {.row = (uint16_t)row, .target = target_row, .slot = slot}};
        add_case(generator, &making, insn, bytes, target, target_bytes);
    }
}
