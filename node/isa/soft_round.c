// SPDX-License-Identifier: Apache-2.0
// Between formats and unpacked numbers: rounding, overflow, underflow, NaNs.
#include "node/isa/soft.h"

// Formats: Principles of Operation, "BFP Data Formats"; scale factors: "IEEE Overflow", "IEEE Underflow".
const struct soft_format soft_short = {32, 24, 127, 192, 0};
const struct soft_format soft_long = {64, 53, 1023, 1536, 512};
const struct soft_format soft_extended = {128, 113, 16383, 24576, 8192};

#define ONE ((soft_bits)1)
#define TOP (ONE << 127)

static int32_t exponent_min(const struct soft_format *f)
{
    return 1 - f->bias;
}

// The bits of +infinity.
static soft_bits infinity(const struct soft_format *f)
{
    return (soft_bits)(uint32_t)(2 * f->bias + 1) << (f->precision - 1);
}

static unsigned leading_zeros(soft_bits value)
{
    uint64_t upper = (uint64_t)(value >> 64), lower = (uint64_t)value;
    return upper ? (unsigned)__builtin_clzll(upper) : lower ? 64u + (unsigned)__builtin_clzll(lower) : 128u;
}

void soft_shift(struct soft_number *u, uint32_t n)
{
    soft_bits lost;
    if (n == 0)
        return;
    if (n >= 256) {
        lost = u->high | u->low;
        u->high = u->low = 0;
    } else if (n >= 128) {
        uint32_t m = n - 128;
        lost = u->low | (m ? u->high << (128 - m) : 0);
        u->low = u->high >> m;
        u->high = 0;
    } else {
        lost = u->low << (128 - n);
        u->low = u->low >> n | u->high << (128 - n);
        u->high >>= n;
    }
    u->low |= lost != 0;
}

void soft_normalise(struct soft_number *u)
{
    if (u->high == 0) {
        u->high = u->low;
        u->low = 0;
        u->exponent -= 128;
    }
    unsigned n = leading_zeros(u->high);
    if (n == 0)
        return;
    u->high = u->high << n | u->low >> (128 - n);
    u->low <<= n;
    u->exponent -= (int32_t)n;
}

struct soft_number soft_unpack(const struct soft_format *f, soft_bits bits)
{
    unsigned fraction_bits = f->precision - 1u;
    uint32_t special = 2 * (uint32_t)f->bias + 1;
    uint32_t biased = (uint32_t)(bits >> fraction_bits) & special;
    soft_bits fraction = bits & ((ONE << fraction_bits) - 1);
    struct soft_number u = {.negative = bits >> (f->width - 1) & 1, .high = fraction << (128 - f->precision)};
    if (biased == special) {
        u.kind = fraction == 0 ? SOFT_IS_INFINITE : u.high >> 126 ? SOFT_IS_QUIET : SOFT_IS_SIGNALING;
        return u;
    }
    if (biased == 0 && fraction == 0)
        return u;
    u.kind = SOFT_IS_NUMBER;
    if (biased) {
        u.high |= TOP;
        u.exponent = (int32_t)biased - f->bias;
    } else {
        u.exponent = exponent_min(f);
        soft_normalise(&u);
    }
    return u;
}

void soft_invalid(struct soft *s, struct soft_number *out)
{
    s->raised |= SOFT_INVALID;
    *out = (struct soft_number){.kind = SOFT_IS_QUIET, .high = TOP >> 1};
}

// Principles of Operation, "IEEE Invalid Operation" and the figures of each operation: the first signaling
// NaN, else the first quiet one.
bool soft_nan(struct soft *s, const struct soft_number *a, const struct soft_number *b,
              const struct soft_number *c, struct soft_number *out)
{
    const struct soft_number *all[3] = {a, b, c}, *found = NULL;
    for (unsigned i = 0; i < 3 && all[i]; i++)
        if (soft_is_nan(all[i]) && (!found || found->kind < all[i]->kind))
            found = all[i];
    if (!found)
        return false;
    if (found->kind == SOFT_IS_SIGNALING)
        s->raised |= SOFT_INVALID;
    *out = *found;
    out->kind = SOFT_IS_QUIET;
    out->high |= TOP >> 1;
    return true;
}

static bool round_up(const struct soft *s, bool negative, bool odd, bool half, bool below)
{
    switch ((enum soft_mode)s->mode) {
    case SOFT_NEAREST:
        return half && (below || odd);
    case SOFT_AWAY:
        return half;
    case SOFT_UP:
        return !negative && (half || below);
    case SOFT_DOWN:
        return negative && (half || below);
    case SOFT_ODD:
        return !odd && (half || below);
    case SOFT_ZERO:
        break;
    }
    return false;
}

soft_bits soft_take(struct soft *s, const struct soft_number *u, unsigned n, bool *inexact)
{
    soft_bits kept = n ? u->high >> (128 - n) : 0, rest = u->high << n;
    bool half = rest >> 127, below = rest << 1 || u->low;
    s->incremented = round_up(s, u->negative, kept & 1, half, below);
    *inexact = half || below;
    return kept + s->incremented;
}

static soft_bits overflow(struct soft *s, const struct soft_format *f, bool negative)
{
    bool to_infinity = s->mode == SOFT_NEAREST || s->mode == SOFT_AWAY || (s->mode == SOFT_UP && !negative) ||
                       (s->mode == SOFT_DOWN && negative);
    s->raised |= SOFT_OVERFLOW | SOFT_INEXACT;
    s->incremented = to_infinity;
    return to_infinity ? infinity(f) : infinity(f) - 1;
}

// A significand of format f, as a number of format g.
static soft_bits assemble(const struct soft_format *f, const struct soft_format *g, int32_t exponent,
                          soft_bits significand)
{
    return ((soft_bits)(uint32_t)(exponent + g->bias - 1) << (g->precision - 1)) +
           (significand << (g->precision - f->precision));
}

// Tininess is detected before rounding (Principles of Operation, "IEEE Underflow"). Without a trap, an exact
// tiny result is no exception.
static soft_bits pack_number(struct soft *s, const struct soft_format *f, const struct soft_format *trapped,
                             int32_t scale, const struct soft_number *u)
{
    struct soft_number v = *u;
    bool inexact, tiny = v.exponent < exponent_min(f), trap = tiny && s->masks & SOFT_UNDERFLOW;
    if (tiny && !trap) {
        soft_shift(&v, (uint32_t)(exponent_min(f) - v.exponent));
        v.exponent = exponent_min(f);
    }
    soft_bits significand = soft_take(s, &v, f->precision, &inexact);
    s->raised |= inexact ? SOFT_INEXACT : 0;
    if (tiny) {
        s->raised |= trap || inexact ? SOFT_UNDERFLOW : 0;
    } else if (assemble(f, f, v.exponent, significand) >= infinity(f)) {
        if (!(s->masks & SOFT_OVERFLOW))
            return overflow(s, f, v.negative);
        s->raised |= SOFT_OVERFLOW;
        trap = true;
    }
    s->scaled = trap;
    if (trap)
        return assemble(f, trapped, v.exponent + (tiny ? scale : -scale), significand);
    return assemble(f, f, v.exponent, significand);
}

soft_bits soft_pack_scaled(struct soft *s, const struct soft_format *f, const struct soft_format *trapped,
                           int32_t scale, const struct soft_number *u)
{
    soft_bits bits = 0;
    s->incremented = s->scaled = false;
    switch ((enum soft_kind)u->kind) {
    case SOFT_IS_ZERO:
        break;
    case SOFT_IS_NUMBER:
        bits = pack_number(s, f, trapped, scale, u);
        break;
    case SOFT_IS_INFINITE:
        bits = infinity(f);
        break;
    case SOFT_IS_QUIET:
    case SOFT_IS_SIGNALING:
        bits = infinity(f) | u->high >> (128 - f->precision);
        break;
    }
    return bits | (soft_bits)u->negative << ((s->scaled ? trapped : f)->width - 1);
}

soft_bits soft_pack(struct soft *s, const struct soft_format *f, const struct soft_number *u)
{
    return soft_pack_scaled(s, f, f, f->scale, u);
}
