// SPDX-License-Identifier: Apache-2.0
// Operands of general instructions as the book names them, for the functions of families of instructions:
// each macro stands where `z` and `in` are known. Operands are converted to 64-bit numbers, signed (a W for
// words, H halfwords, B bytes, G doublewords behind S) or unsigned (behind U).
#ifndef NP_NODE_ISA_OPERANDS_H
#define NP_NODE_ISA_OPERANDS_H

#include "node/isa/access.h"
#include "node/isa/families.h"

// Words (bits 32-63) of the registers R1, R2, R3.
#define SW1 ((int64_t)(int32_t)z->gr[in->r1])
#define SW2 ((int64_t)(int32_t)z->gr[in->r2])
#define SW3 ((int64_t)(int32_t)z->gr[in->r3])
#define UW1 ((uint64_t)(uint32_t)z->gr[in->r1])
#define UW2 ((uint64_t)(uint32_t)z->gr[in->r2])
#define UW3 ((uint64_t)(uint32_t)z->gr[in->r3])

// High words (bits 0-31).
#define SH1 ((int64_t)z->gr[in->r1] >> 32)
#define SH2 ((int64_t)z->gr[in->r2] >> 32)
#define SH3 ((int64_t)z->gr[in->r3] >> 32)
#define UH1 (z->gr[in->r1] >> 32)
#define UH2 (z->gr[in->r2] >> 32)
#define UH3 (z->gr[in->r3] >> 32)

// Whole registers.
#define SG1 ((int64_t)z->gr[in->r1])
#define SG2 ((int64_t)z->gr[in->r2])
#define SG3 ((int64_t)z->gr[in->r3])
#define UG1 (z->gr[in->r1])
#define UG2 (z->gr[in->r2])
#define UG3 (z->gr[in->r3])

// The second operand in storage, at D2(X2,B2).
#define SB_STORAGE ((int64_t)(int8_t)load8(z, address2x(z, in)))
#define SH_STORAGE ((int64_t)(int16_t)load16(z, address2x(z, in)))
#define SW_STORAGE ((int64_t)(int32_t)load32(z, address2x(z, in)))
#define SG_STORAGE ((int64_t)load64(z, address2x(z, in)))
#define UB_STORAGE ((uint64_t)load8(z, address2x(z, in)))
#define UH_STORAGE ((uint64_t)load16(z, address2x(z, in)))
#define UW_STORAGE ((uint64_t)load32(z, address2x(z, in)))
#define UG_STORAGE (load64(z, address2x(z, in)))

// The first operand in storage, at D1(B1).
#define SH_FIRST ((int64_t)(int16_t)load16(z, address1(z, in)))
#define SW_FIRST ((int64_t)(int32_t)load32(z, address1(z, in)))
#define SG_FIRST ((int64_t)load64(z, address1(z, in)))
#define UB_FIRST ((uint64_t)load8(z, address1(z, in)))
#define UH_FIRST ((uint64_t)load16(z, address1(z, in)))
#define UW_FIRST ((uint64_t)load32(z, address1(z, in)))
#define UG_FIRST (load64(z, address1(z, in)))

// The second operand in storage at a relative address; words and doublewords must be aligned there.
#define SH_RELATIVE ((int64_t)(int16_t)load16(z, address_relative(z, in)))
#define SW_RELATIVE ((int64_t)(int32_t)load32(z, aligned_relative(z, in, 4)))
#define SG_RELATIVE ((int64_t)load64(z, aligned_relative(z, in, 8)))
#define UH_RELATIVE ((uint64_t)load16(z, address_relative(z, in)))
#define UW_RELATIVE ((uint64_t)load32(z, aligned_relative(z, in, 4)))
#define UG_RELATIVE (load64(z, aligned_relative(z, in, 8)))

// The immediate operand; decoding has extended it to 64 bits as its format says.
#define S_IMMEDIATE (in->i)
#define U_IMMEDIATE ((uint64_t)in->i)

#define DXC_TRAP 0xff // data-exception code of compare and trap, load and trap

static inline void check_aligned(struct zcpu *z, uint64_t address, unsigned size)
{
    if (address & (size - 1))
        program_check(z, PGM_SPECIFICATION);
}

static inline uint64_t aligned_relative(struct zcpu *z, const struct instruction *in, unsigned size)
{
    uint64_t address = address_relative(z, in);
    check_aligned(z, address, size);
    return address;
}

static inline void set_high(struct zcpu *z, unsigned r, uint32_t value)
{
    z->gr[r] = (uint64_t)value << 32 | (uint32_t)z->gr[r];
}

static inline bool installed(const struct zcpu *z, enum facility facility)
{
    return z->facilities[facility / 8] & 0x80 >> facility % 8;
}

// A fixed-point overflow: the result stands, and the program mask decides about an interruption.
static inline void fixed_overflow(struct zcpu *z)
{
    z->cc = 3;
    if (z->psw_mask & PSW_FIXED)
        program_check_completed(z, PGM_FIXED_OVERFLOW);
}

// Condition codes of signed results and comparisons: 0 zero, equal; 1 negative, low; 2 positive, high.
static inline uint8_t sign_code(int64_t value)
{
    return value == 0 ? 0 : value < 0 ? 1 : 2;
}

// Of logical sums: bit 1 says nonzero, bit 2 carry. Differences have the carry of what they are on an adder.
static inline uint8_t carry_code(uint64_t sum, bool carry)
{
    return (uint8_t)((sum != 0) | carry << 1);
}

// A condition of a mask, as branches and compares with a branch have it.
static inline bool condition(unsigned mask, unsigned cc)
{
    return mask & 8u >> cc;
}

#endif
