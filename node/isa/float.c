// SPDX-License-Identifier: Apache-2.0
// How a floating-point operation begins and ends; the FPC.
#include "node/isa/float.h"

#include "node/isa/families.h"

uint8_t extended_code(soft_bits bits)
{
    soft_bits magnitude = bits << 1;
    if (magnitude == 0)
        return 0;
    if (magnitude > (soft_bits)0xfffe << 112)
        return 3;
    return bits >> 127 ? 1 : 2;
}

// Rounding modes of the FPC; 4 to 6 cannot be set.
static const uint8_t fpc_modes[8] = {SOFT_NEAREST, SOFT_ZERO,    SOFT_UP,      SOFT_DOWN,
                                     SOFT_NEAREST, SOFT_NEAREST, SOFT_NEAREST, SOFT_ODD};

// Rounding modes of a modifier; 0 is the FPC's, 2 is invalid.
static const uint8_t modifier_modes[8] = {SOFT_NEAREST, SOFT_AWAY, SOFT_NEAREST, SOFT_ODD,
                                          SOFT_NEAREST, SOFT_ZERO, SOFT_UP,      SOFT_DOWN};

struct soft float_environment(const struct zcpu *z)
{
    return (struct soft){.mode = fpc_modes[z->fpc & FPC_ROUNDING],
                         .masks = (uint8_t)((z->fpc & FPC_MASKS) >> FPC_MASK_SHIFT)};
}

void float_modifiers(struct zcpu *z, const struct instruction *in, bool m3_always, struct soft *s)
{
    bool extension = isa_has(z->level, F_FPE);
    unsigned m3 = extension || m3_always ? in->m3 : 0;
    if (m3 == 2 || m3 > 7 || (m3 == 3 && !extension))
        program_check(z, PGM_SPECIFICATION);
    if (m3)
        s->mode = modifier_modes[m3];
    s->suppress = extension && in->m4 & 4;
}

void float_check(struct zcpu *z, const struct soft *s)
{
    unsigned trapping = s->raised & s->masks;
    if (trapping & (SOFT_INVALID | SOFT_DIVISION))
        data_exception(z, trapping & SOFT_INVALID ? SOFT_INVALID : SOFT_DIVISION);
}

static _Noreturn void trap(struct zcpu *z, uint8_t dxc)
{
    z->data_code = dxc;
    z->fpc = (z->fpc & ~FPC_DXC) | (uint32_t)dxc << FPC_DXC_SHIFT;
    program_check_completed(z, PGM_DATA);
}

// Principles of Operation, "IEEE Exceptions": with an overflow or underflow that traps, inexact goes along in
// the DXC, and no flag is set. Else inexact is an exception of its own.
void float_finish(struct zcpu *z, const struct soft *s)
{
    unsigned inexact = s->raised & SOFT_INEXACT, others = s->raised & ~SOFT_INEXACT;
    unsigned how = inexact | (inexact && s->incremented ? 4 : 0);
    if (others & s->masks)
        trap(z, (uint8_t)((others & s->masks) | how));
    z->fpc |= (uint32_t)others << FPC_FLAG_SHIFT;
    if (s->suppress || !inexact)
        return;
    if (s->masks & SOFT_INEXACT)
        trap(z, (uint8_t)how);
    z->fpc |= FPC_INEXACT;
}

soft_bits float_get(const struct zcpu *z, const struct soft_format *f, unsigned r)
{
    return f->width == 32 ? short_of(z, r) : f->width == 64 ? z->fpr[r] : extended_of(z, r);
}

void float_set(struct zcpu *z, const struct soft_format *f, unsigned r, soft_bits value)
{
    if (f->width == 32)
        set_short(z, r, (uint32_t)value);
    else if (f->width == 64)
        z->fpr[r] = (uint64_t)value;
    else
        set_extended(z, r, value);
}

unsigned float_code_of(const struct soft_format *f, soft_bits value)
{
    return f->width == 32   ? float_code((uint32_t)value)
           : f->width == 64 ? double_code((uint64_t)value)
                            : extended_code(value);
}

void float_complete(struct zcpu *z, const struct soft *s, const struct soft_format *f, unsigned r,
                    soft_bits value, unsigned cc)
{
    float_check(z, s);
    float_set(z, f, r, value);
    if (cc != CODE_KEPT)
        z->cc = (uint8_t)cc;
    float_finish(z, s);
}

// What can be set in the FPC: the rounding mode of decimal operations came with the floating-point support
// enhancements, the quantum exception and mode 7 with the floating-point extension.
static void check_fpc(struct zcpu *z, uint32_t fpc)
{
    bool extension = isa_has(z->level, F_FPE);
    uint32_t valid = FPC_MASKS | FPC_FLAGS | FPC_DXC | 3;
    if (isa_has(z->level, F_FPS))
        valid |= FPC_DECIMAL;
    if (extension)
        valid |= UINT32_C(0x04040004);
    unsigned rounding = fpc & FPC_ROUNDING;
    if ((fpc & ~valid) || (rounding > 3 && rounding != 7))
        program_check(z, PGM_SPECIFICATION);
}

void isa_efpc(struct zcpu *z, const struct instruction *in)
{
    set_low(z, in->r1, z->fpc);
}

void isa_stfpc(struct zcpu *z, const struct instruction *in)
{
    store32(z, address2(z, in), z->fpc);
}

void isa_sfpc(struct zcpu *z, const struct instruction *in)
{
    check_fpc(z, low(z, in->r1));
    z->fpc = low(z, in->r1);
}

void isa_lfpc(struct zcpu *z, const struct instruction *in)
{
    uint32_t fpc = load32(z, address2(z, in));
    check_fpc(z, fpc);
    z->fpc = fpc;
}

void isa_srnm(struct zcpu *z, const struct instruction *in)
{
    z->fpc = (z->fpc & ~FPC_ROUNDING) | (uint32_t)(address2(z, in) & 3);
}

void isa_srnmb(struct zcpu *z, const struct instruction *in)
{
    uint32_t mode = address2(z, in) & 0xff;
    if (mode > 3 && mode != 7)
        program_check(z, PGM_SPECIFICATION);
    z->fpc = (z->fpc & ~FPC_ROUNDING) | mode;
}

void isa_srnmt(struct zcpu *z, const struct instruction *in)
{
    z->fpc = (z->fpc & ~FPC_DECIMAL) | (uint32_t)(address2(z, in) & 7) << 4;
}

// Principles of Operation, "LOAD FPC AND SIGNAL": flags that stood in the FPC stay, and those that the new
// masks enable cause one simulated exception, the first in order; an inexact flag goes along with overflow
// and underflow.
static void load_and_signal(struct zcpu *z, uint32_t fpc)
{
    check_fpc(z, fpc);
    unsigned flags = z->fpc >> FPC_FLAG_SHIFT & 0xfc, signal = flags & fpc >> FPC_MASK_SHIFT;
    z->fpc = fpc | flags << FPC_FLAG_SHIFT;
    if (signal & SOFT_INVALID)
        trap(z, SOFT_INVALID | 3);
    if (signal & SOFT_DIVISION)
        trap(z, SOFT_DIVISION | 3);
    if (signal & (SOFT_OVERFLOW | SOFT_UNDERFLOW))
        trap(z, (uint8_t)((signal & SOFT_OVERFLOW ? SOFT_OVERFLOW : SOFT_UNDERFLOW) |
                          (signal & SOFT_INEXACT) | 3));
    if (signal)
        trap(z, (uint8_t)((signal & SOFT_INEXACT ? SOFT_INEXACT : 4) | 3));
}

void isa_lfas(struct zcpu *z, const struct instruction *in)
{
    load_and_signal(z, load32(z, address2(z, in)));
}

void isa_sfasr(struct zcpu *z, const struct instruction *in)
{
    load_and_signal(z, low(z, in->r1));
}
