// SPDX-License-Identifier: Apache-2.0
// What the floating-point instructions share: registers, the FPC, and how an operation ends.
//
// The host's unit computes in its default environment (to nearest, nothing traps); its flags are never read.
// Its result is taken when it is certain to be the architecture's with all flags that it sets: the guest's
// environment is the default one, the result is an ordinary number, and either the inexact flag is set
// already or integer arithmetic shows that the result is exact. All else is left to soft.h. So nothing of the
// host's floating-point state belongs to a CPU, and an operation costs the host's and a few comparisons.
#ifndef NP_NODE_ISA_FLOAT_H
#define NP_NODE_ISA_FLOAT_H

#include <float.h>
#include <string.h>

#include "node/isa/access.h"
#include "node/isa/soft.h"

_Static_assert(FLT_EVAL_METHOD == 0 && sizeof(float) == 4 && DBL_MANT_DIG == 53,
               "the host computes in the formats themselves");

// What goes the exact way stays out of the functions that go the host's: they save no registers.
#define FLOAT_SOFTLY static __attribute__((noinline, cold))

// The FPC (Principles of Operation, "Floating-Point-Control (FPC) Register").
#define FPC_MASKS       UINT32_C(0xf8000000)
#define FPC_MASK_SHIFT  24
#define FPC_FLAGS       UINT32_C(0x00f80000)
#define FPC_FLAG_SHIFT  16
#define FPC_INEXACT     UINT32_C(0x00080000)
#define FPC_DXC         UINT32_C(0x0000ff00)
#define FPC_DXC_SHIFT   8
#define FPC_DECIMAL     UINT32_C(0x00000070) // rounding mode of decimal operations
#define FPC_ROUNDING    UINT32_C(0x00000007) // of binary ones
#define FPC_ENVIRONMENT (FPC_MASKS | FPC_ROUNDING)

NP_INLINE uint32_t short_of(const struct zcpu *z, unsigned r)
{
    return (uint32_t)(z->fpr[r] >> 32);
}

// A short operand is the left half of a register; the right one stays as it is.
NP_INLINE void set_short(struct zcpu *z, unsigned r, uint32_t value)
{
    z->fpr[r] = (uint32_t)z->fpr[r] | (uint64_t)value << 32;
}

NP_INLINE soft_bits extended_of(const struct zcpu *z, unsigned r)
{
    return (soft_bits)z->fpr[r] << 64 | z->fpr[r + 2];
}

NP_INLINE void set_extended(struct zcpu *z, unsigned r, soft_bits value)
{
    z->fpr[r] = (uint64_t)(value >> 64);
    z->fpr[r + 2] = (uint64_t)value;
}

NP_INLINE double as_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

NP_INLINE uint64_t double_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

NP_INLINE float as_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

NP_INLINE uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Neither infinite nor a NaN.
NP_INLINE bool finite_double(double value)
{
    return (~double_bits(value) & UINT64_C(0x7ff0000000000000)) != 0;
}

NP_INLINE bool finite_float(float value)
{
    return (~float_bits(value) & UINT32_C(0x7f800000)) != 0;
}

// Finite, and larger than the smallest normal number: neither overflow nor underflow, whichever way it was
// rounded.
NP_INLINE bool ordinary_double(double value)
{
    return (double_bits(value) << 1) - UINT64_C(0x0020000000000001) < UINT64_C(0xffbfffffffffffff);
}

NP_INLINE bool ordinary_float(float value)
{
    return (float_bits(value) << 1) - UINT32_C(0x01000001) < UINT32_C(0xfdffffff);
}

// Bits of a normal number's significand from its first to its last one.
NP_INLINE unsigned double_width(double value)
{
    return 53u - (unsigned)__builtin_ctzll(double_bits(value) | UINT64_C(1) << 52);
}

NP_INLINE unsigned float_width(float value)
{
    return 24u - (unsigned)__builtin_ctz(float_bits(value) | UINT32_C(1) << 23);
}

// The guest rounds to nearest and nothing traps: the host's environment.
NP_INLINE bool host_environment(const struct zcpu *z)
{
    return (z->fpc & FPC_ENVIRONMENT) == 0;
}

// The same, and an inexact result changes nothing.
NP_INLINE bool host_inexact(const struct zcpu *z)
{
    return (z->fpc & (FPC_ENVIRONMENT | FPC_INEXACT)) == FPC_INEXACT;
}

// Condition codes of a result: zero, less than zero, greater than zero, NaN.
NP_INLINE uint8_t double_code(uint64_t bits)
{
    uint64_t magnitude = bits << 1;
    return magnitude == 0 ? 0 : magnitude > UINT64_C(0xffe0000000000000) ? 3 : bits >> 63 ? 1 : 2;
}

NP_INLINE uint8_t float_code(uint32_t bits)
{
    uint32_t magnitude = bits << 1;
    return magnitude == 0 ? 0 : magnitude > UINT32_C(0xff000000) ? 3 : bits >> 31 ? 1 : 2;
}

uint8_t extended_code(soft_bits bits);

// The environment that the FPC says.
struct soft float_environment(const struct zcpu *z);

// Causes the exception of a trapping invalid operation or division: nothing has been changed yet.
void float_check(struct zcpu *z, const struct soft *s);

// After the result and the condition code have been set: flags, or the exception of what else traps.
void float_finish(struct zcpu *z, const struct soft *s);

// Sets register r of format f: float_check, the result, the condition code unless it is CODE_KEPT,
// float_finish.
#define CODE_KEPT 4u
void float_complete(struct zcpu *z, const struct soft *s, const struct soft_format *f, unsigned r,
                    soft_bits value, unsigned cc);

// Sets register r without further ado, and reads it.
void float_set(struct zcpu *z, const struct soft_format *f, unsigned r, soft_bits value);
soft_bits float_get(const struct zcpu *z, const struct soft_format *f, unsigned r);
unsigned float_code_of(const struct soft_format *f, soft_bits value);

// The modifiers that the floating-point extension gave to conversions: rounding mode in m3, suppression of
// inexact in m4. Without the facility m4 is ignored, and m3 too unless `m3_always`.
void float_modifiers(struct zcpu *z, const struct instruction *in, bool m3_always, struct soft *s);

#endif
