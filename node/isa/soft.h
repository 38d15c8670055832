// SPDX-License-Identifier: Apache-2.0
// Binary floating point by integer arithmetic, exact for every format, rounding mode and exception of
// z/Architecture (Principles of Operation, chapters 9 and 19). The instructions use the host's unit where it
// is certain to give the same answer (float.h); everything else comes here: traps and their scaled results,
// NaNs, tiny results, rounding modes other than to nearest, the extended format. Nothing here depends on the
// host's floating-point state or on the compiler's 128-bit type.
#ifndef NP_NODE_ISA_SOFT_H
#define NP_NODE_ISA_SOFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 soft_bits; // a value in its format, right-aligned

enum soft_mode {
    SOFT_NEAREST, // ties to even
    SOFT_ZERO,
    SOFT_UP,
    SOFT_DOWN,
    SOFT_AWAY, // to nearest, ties away from zero
    SOFT_ODD   // prepare for shorter precision: towards zero, and the last bit 1 if inexact
};

// Exceptions, as the bits of the FPC's mask and flag bytes.
#define SOFT_INVALID   0x80u
#define SOFT_DIVISION  0x40u
#define SOFT_OVERFLOW  0x20u
#define SOFT_UNDERFLOW 0x10u
#define SOFT_INEXACT   0x08u

// The environment of one operation, and what it reports.
struct soft {
    uint8_t mode;     // enum soft_mode
    uint8_t masks;    // exceptions that trap
    bool suppress;    // no inexact exception (XxC); the caller's business
    uint8_t raised;   // exceptions
    bool incremented; // the result's magnitude is larger than the precise one
    bool scaled; // overflow or underflow traps: the result is scaled, and for soft_resize in its source's
                 // format
};

struct soft_format {
    uint8_t width;     // bits
    uint8_t precision; // bits of the significand, with the implied one
    int32_t bias;
    int32_t scale;         // binary logarithm of the scale factor of trapping arithmetic
    int32_t rounded_scale; // of trapping LOAD ROUNDED from this format
};
extern const struct soft_format soft_short, soft_long, soft_extended;

enum soft_kind { SOFT_IS_ZERO, SOFT_IS_NUMBER, SOFT_IS_INFINITE, SOFT_IS_QUIET, SOFT_IS_SIGNALING };

// A number is high.low / 2^255 * 2^exponent, its first bit is 1; whatever lies below bit 0 of `low` makes
// that bit 1. The fraction of a NaN stands where that of a number does.
struct soft_number {
    uint8_t kind; // enum soft_kind
    bool negative;
    int32_t exponent;
    soft_bits high, low;
};

// Arithmetic: the result in format `f`. A trapping invalid operation or division has no result.
soft_bits soft_add(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b);
soft_bits soft_subtract(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b);
soft_bits soft_divide(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b);
soft_bits soft_square_root(struct soft *s, const struct soft_format *f, soft_bits a);
// Factors in format `from`, product in `f`.
soft_bits soft_multiply(struct soft *s, const struct soft_format *from, const struct soft_format *f,
                        soft_bits a, soft_bits b);
// a * b + c, or - c, rounded once. NaNs come first from a, then b, then c.
soft_bits soft_multiply_add(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b,
                            soft_bits c, bool subtract);

// LOAD LENGTHENED and LOAD ROUNDED.
soft_bits soft_resize(struct soft *s, const struct soft_format *from, const struct soft_format *f,
                      soft_bits a);
// LOAD FP INTEGER.
soft_bits soft_integral(struct soft *s, const struct soft_format *f, soft_bits a);
// CONVERT TO FIXED and LOGICAL: `bits` is 32 or 64; the condition code goes to *cc.
uint64_t soft_to_integer(struct soft *s, const struct soft_format *f, soft_bits a, unsigned bits,
                         bool is_signed, uint8_t *cc);
// CONVERT FROM FIXED and LOGICAL.
soft_bits soft_from_integer(struct soft *s, const struct soft_format *f, bool negative, uint64_t magnitude);
// Condition code of a comparison; `signal`: quiet NaNs are invalid too.
uint8_t soft_compare(struct soft *s, const struct soft_format *f, soft_bits a, soft_bits b, bool signal);
// The bit of TEST DATA CLASS for this datum.
uint32_t soft_class(const struct soft_format *f, soft_bits a);
// For the files that implement this.
struct soft_number soft_unpack(const struct soft_format *f, soft_bits bits);
soft_bits soft_pack(struct soft *s, const struct soft_format *f, const struct soft_number *u);
soft_bits soft_pack_scaled(struct soft *s, const struct soft_format *f, const struct soft_format *trapped,
                           int32_t scale, const struct soft_number *u);
// The upper `n` (0 to 127) bits of the significand, rounded to an integer by the mode.
soft_bits soft_take(struct soft *s, const struct soft_number *u, unsigned n, bool *inexact);
// Shifts the significand right; what is lost makes the last bit 1.
void soft_shift(struct soft_number *u, uint32_t n);
// Shifts it left until its first bit is 1; it is not zero.
void soft_normalise(struct soft_number *u);
void soft_invalid(struct soft *s, struct soft_number *out); // out: the default NaN
// Whether one of these is a NaN: out is the one that propagates. b and c may be NULL.
bool soft_nan(struct soft *s, const struct soft_number *a, const struct soft_number *b,
              const struct soft_number *c, struct soft_number *out);
// Neither is a NaN.
void soft_sum(struct soft *s, const struct soft_number *a, const struct soft_number *b,
              struct soft_number *out);

static inline bool soft_is_nan(const struct soft_number *u)
{
    return u->kind >= SOFT_IS_QUIET;
}

#endif
