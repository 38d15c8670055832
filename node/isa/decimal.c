// SPDX-License-Identifier: Apache-2.0
// Arithmetic on packed decimal numbers: up to 31 digits are a number of 103 bits.
#include "node/isa/families.h"
#include "node/isa/storage.h"

typedef unsigned __int128 magnitude;

#define DXC_DECIMAL_OPERAND 0
#define DIGITS_MAX          31u

struct decimal {
    magnitude value;
    bool negative; // also of a zero
};

static magnitude power_of_ten(uint32_t n)
{
    magnitude power = 1;
    while (n--)
        power *= 10;
    return power;
}

static uint32_t digits_of(uint32_t size)
{
    return 2 * size - 1;
}

static struct decimal load_decimal(struct zcpu *z, uint64_t address, uint32_t size)
{
    uint8_t bytes[16];
    struct decimal decimal = {0};
    load_bytes(z, address, size, bytes);
    for (uint32_t i = 0; i < digits_of(size); i++) {
        unsigned digit = i & 1 ? bytes[i / 2] & 0xf : bytes[i / 2] >> 4;
        if (digit > 9)
            data_exception(z, DXC_DECIMAL_OPERAND);
        decimal.value = decimal.value * 10 + digit;
    }
    unsigned sign = bytes[size - 1] & 0xf;
    if (sign < 0xa)
        data_exception(z, DXC_DECIMAL_OPERAND);
    decimal.negative = sign == 0xb || sign == 0xd;
    return decimal;
}

// As many digits from the right as the operand has, with the preferred signs.
static void put_decimal(uint8_t *bytes, uint32_t size, struct decimal decimal)
{
    memset(bytes, 0, size);
    bytes[size - 1] = decimal.negative ? 0xd : 0xc;
    for (uint32_t i = digits_of(size); i--; decimal.value /= 10) {
        unsigned digit = (unsigned)(decimal.value % 10);
        bytes[i / 2] |= (uint8_t)(i & 1 ? digit : digit << 4);
    }
}

static void store_decimal(struct zcpu *z, uint64_t address, uint32_t size, struct decimal decimal)
{
    uint8_t bytes[16];
    put_decimal(bytes, size, decimal);
    store_bytes(z, address, size, bytes);
    charge(z, size);
}

// A result that sets the condition code. `lost`: digits other than zero are left of `value` already. A zero
// is positive unless digits were lost.
static void store_result(struct zcpu *z, const struct instruction *in, struct decimal result, bool lost)
{
    uint32_t size = in->l1 + 1u;
    lost |= result.value >= power_of_ten(digits_of(size));
    if (result.value == 0 && !lost)
        result.negative = false;
    store_decimal(z, address1(z, in), size, result);
    z->cc = lost ? 3 : result.value == 0 ? 0 : result.negative ? 1 : 2;
    if (lost && z->psw_mask & PSW_DECIMAL)
        program_check_completed(z, PGM_DECIMAL_OVERFLOW);
}

static struct decimal sum(struct decimal a, struct decimal b)
{
    if (a.negative == b.negative)
        return (struct decimal){a.value + b.value, a.negative};
    if (a.value >= b.value)
        return (struct decimal){a.value - b.value, a.negative};
    return (struct decimal){b.value - a.value, b.negative};
}

static struct decimal first_operand(struct zcpu *z, const struct instruction *in)
{
    return load_decimal(z, address1(z, in), in->l1 + 1u);
}

static struct decimal second_operand(struct zcpu *z, const struct instruction *in)
{
    return load_decimal(z, address2(z, in), in->l2 + 1u);
}

void isa_zap(struct zcpu *z, const struct instruction *in)
{
    store_result(z, in, second_operand(z, in), false);
}

void isa_ap(struct zcpu *z, const struct instruction *in)
{
    struct decimal second = second_operand(z, in), first = first_operand(z, in);
    store_result(z, in, sum(first, second), false);
}

void isa_sp(struct zcpu *z, const struct instruction *in)
{
    struct decimal second = second_operand(z, in), first = first_operand(z, in);
    second.negative = !second.negative;
    store_result(z, in, sum(first, second), false);
}

void isa_cp(struct zcpu *z, const struct instruction *in)
{
    struct decimal second = second_operand(z, in), first = first_operand(z, in);
    second.negative = !second.negative;
    struct decimal difference = sum(first, second);
    z->cc = difference.value == 0 ? 0 : difference.negative ? 1 : 2;
    charge(z, in->l1 + 1u);
}

// The second operand of multiplication and division has at most 8 bytes, and fewer than the first.
static void check_lengths(struct zcpu *z, const struct instruction *in)
{
    if (in->l2 > 7 || in->l2 >= in->l1)
        program_check(z, PGM_SPECIFICATION);
}

// The first operand must begin with as many bytes of zeros as the second has. Signs follow the rules of
// algebra also for a zero.
void isa_mp(struct zcpu *z, const struct instruction *in)
{
    check_lengths(z, in);
    struct decimal second = second_operand(z, in), first = first_operand(z, in);
    if (first.value >= power_of_ten(digits_of((uint32_t)in->l1 - in->l2)))
        data_exception(z, DXC_DECIMAL_OPERAND);
    struct decimal product = {first.value * second.value, first.negative != second.negative};
    store_decimal(z, address1(z, in), in->l1 + 1u, product);
}

// The quotient replaces the left part of the first operand, and a remainder as long as the divisor the right.
void isa_dp(struct zcpu *z, const struct instruction *in)
{
    check_lengths(z, in);
    uint8_t bytes[16];
    uint32_t size = in->l1 + 1u, right = in->l2 + 1u, left = size - right;
    struct decimal second = second_operand(z, in), first = first_operand(z, in);
    if (second.value == 0 || first.value / second.value >= power_of_ten(digits_of(left)))
        program_check(z, PGM_DECIMAL_DIVIDE);
    struct decimal quotient = {first.value / second.value, first.negative != second.negative};
    struct decimal remainder = {first.value % second.value, first.negative};
    put_decimal(bytes, left, quotient);
    put_decimal(bytes + left, right, remainder);
    store_bytes(z, address1(z, in), size, bytes);
    charge(z, size);
}

// SHIFT AND ROUND DECIMAL: by the low six bits of the second operand's address, signed; positive to the left.
void isa_srp(struct zcpu *z, const struct instruction *in)
{
    int32_t shift = (int32_t)(address2(z, in) & 0x3f);
    struct decimal decimal = first_operand(z, in);
    bool lost = false;
    shift -= shift & 0x20 ? 64 : 0;
    if (in->m3 > 9)
        data_exception(z, DXC_DECIMAL_OPERAND);
    if (shift < 0) {
        decimal.value = (decimal.value / power_of_ten((uint32_t)-shift - 1) + in->m3) / 10;
    } else {
        uint32_t kept = DIGITS_MAX - (uint32_t)shift;
        lost = decimal.value >= power_of_ten(kept);
        decimal.value = decimal.value % power_of_ten(kept) * power_of_ten((uint32_t)shift);
    }
    store_result(z, in, decimal, lost);
}

// Editing, from left to right: pattern bytes with a meaning; others are text.
enum { DIGIT_SELECTOR = 0x20, SIGNIFICANCE_STARTER = 0x21, FIELD_SEPARATOR = 0x22 };

struct editing {
    struct window source;
    uint32_t at;  // in it, in digits
    uint8_t fill; // the first byte of the pattern
    bool significant, not_zero;
    uint32_t mark; // 1 + index of the last digit that made the number significant; 0: none
};

// A digit, and what follows from the sign that may stand to its right.
static uint8_t edited_digit(struct zcpu *z, struct editing *e, uint32_t index, bool starter)
{
    uint8_t byte = window_byte(z, &e->source, e->at / 2), result = e->fill;
    bool right_half = e->at++ & 1, plus = false;
    unsigned digit = right_half ? byte & 0xf : byte >> 4, behind = byte & 0xf;
    if (digit > 9)
        data_exception(z, DXC_DECIMAL_OPERAND);
    if (!right_half && behind > 9) {
        plus = behind != 0xb && behind != 0xd;
        e->at++;
    }
    if (digit && !e->significant)
        e->mark = index + 1;
    if (digit || e->significant)
        result = (uint8_t)(0xf0 | digit);
    e->not_zero |= digit != 0;
    e->significant = (e->significant || digit || starter) && !plus;
    return result;
}

static uint8_t edited(struct zcpu *z, struct editing *e, uint32_t index, uint8_t pattern)
{
    switch (pattern) {
    case DIGIT_SELECTOR:
    case SIGNIFICANCE_STARTER:
        return edited_digit(z, e, index, pattern == SIGNIFICANCE_STARTER);
    case FIELD_SEPARATOR:
        e->significant = e->not_zero = false;
        return e->fill;
    default:
        return e->significant ? pattern : e->fill;
    }
}

// Returns where EDIT AND MARK marks: 1 + index, or 0. The condition code is that of the last field.
static uint32_t edit(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[OPERAND_MAX];
    uint32_t size = in->l1 + 1u;
    load_bytes(z, address1(z, in), size, bytes);
    struct editing e;
    window_open(&e.source, address2(z, in), OPERAND_MAX);
    e.at = e.mark = 0;
    e.fill = bytes[0];
    e.significant = e.not_zero = false;
    for (uint32_t i = 0; i < size; i++)
        bytes[i] = edited(z, &e, i, bytes[i]);
    store_bytes(z, address1(z, in), size, bytes);
    charge(z, size);
    z->cc = !e.not_zero ? 0 : e.significant ? 1 : 2;
    return e.mark;
}

void isa_ed(struct zcpu *z, const struct instruction *in)
{
    edit(z, in);
}

void isa_edmk(struct zcpu *z, const struct instruction *in)
{
    uint64_t address = address1(z, in);
    uint32_t mark = edit(z, in);
    if (mark)
        set_address(z, 1, address + mark - 1);
}
