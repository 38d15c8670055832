// SPDX-License-Identifier: Apache-2.0
// MULTIPLY AND ADD, MULTIPLY AND SUBTRACT: the second operand by the third, and the first, rounded once.
#include <math.h>

#include "node/isa/families.h"
#include "node/isa/float.h"

FLOAT_SOFTLY void fuse_softly(struct zcpu *z, const struct soft_format *f, const struct instruction *in,
                              soft_bits b, bool subtract)
{
    struct soft s = float_environment(z);
    soft_bits value = soft_multiply_add(&s, f, b, float_get(z, f, in->r3), float_get(z, f, in->r1), subtract);
    float_complete(z, &s, f, in->r1, value, CODE_KEPT);
}

NP_INLINE void fuse_double(struct zcpu *z, const struct instruction *in, uint64_t b, bool subtract)
{
    if (NP_LIKELY(host_inexact(z))) {
        double addend = as_double(z->fpr[in->r1]);
        double value = fma(as_double(b), as_double(z->fpr[in->r3]), subtract ? -addend : addend);
        if (NP_LIKELY(ordinary_double(value))) {
            z->fpr[in->r1] = double_bits(value);
            return;
        }
    }
    fuse_softly(z, &soft_long, in, b, subtract);
}

NP_INLINE void fuse_float(struct zcpu *z, const struct instruction *in, uint32_t b, bool subtract)
{
    if (NP_LIKELY(host_inexact(z))) {
        float addend = as_float(short_of(z, in->r1));
        float value = fmaf(as_float(b), as_float(short_of(z, in->r3)), subtract ? -addend : addend);
        if (NP_LIKELY(ordinary_float(value))) {
            set_short(z, in->r1, float_bits(value));
            return;
        }
    }
    fuse_softly(z, &soft_short, in, b, subtract);
}

void isa_maebr(struct zcpu *z, const struct instruction *in)
{
    fuse_float(z, in, short_of(z, in->r2), false);
}

void isa_maeb(struct zcpu *z, const struct instruction *in)
{
    fuse_float(z, in, load32(z, address2x(z, in)), false);
}

void isa_madbr(struct zcpu *z, const struct instruction *in)
{
    fuse_double(z, in, z->fpr[in->r2], false);
}

void isa_madb(struct zcpu *z, const struct instruction *in)
{
    fuse_double(z, in, load64(z, address2x(z, in)), false);
}

void isa_msebr(struct zcpu *z, const struct instruction *in)
{
    fuse_float(z, in, short_of(z, in->r2), true);
}

void isa_mseb(struct zcpu *z, const struct instruction *in)
{
    fuse_float(z, in, load32(z, address2x(z, in)), true);
}

void isa_msdbr(struct zcpu *z, const struct instruction *in)
{
    fuse_double(z, in, z->fpr[in->r2], true);
}

void isa_msdb(struct zcpu *z, const struct instruction *in)
{
    fuse_double(z, in, load64(z, address2x(z, in)), true);
}
