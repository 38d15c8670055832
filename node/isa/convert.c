// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

// A packed number: two digits a byte, the last half byte the sign.
#define SIGN_PLUS  0xcu
#define SIGN_MINUS 0xdu

static __int128 packed_value(struct zcpu *z, const uint8_t *bytes, unsigned size)
{
    unsigned __int128 value = 0;
    unsigned sign = bytes[size - 1] & 15u;
    bool valid = sign > 9;
    for (unsigned i = 0; i < 2 * size - 1; i++) {
        unsigned digit = i % 2 ? bytes[i / 2] & 15u : bytes[i / 2] >> 4;
        valid &= digit <= 9;
        value = value * 10 + digit;
    }
    if (!valid)
        data_exception(z, 0);
    return sign == 0xb || sign == SIGN_MINUS ? -(__int128)value : (__int128)value;
}

// A number that is too large loses its high bits in a word; a whole register it does not change (Principles
// of Operation, "CONVERT TO BINARY").
void isa_cvb(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[8];
    load_bytes(z, address2x(z, in), sizeof bytes, bytes);
    int64_t value = (int64_t)packed_value(z, bytes, sizeof bytes);
    set_low(z, in->r1, (uint32_t)value);
    if (value != (int32_t)value)
        program_check_completed(z, PGM_FIXED_DIVIDE);
}

void isa_cvbg(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[16];
    load_bytes(z, address2x(z, in), sizeof bytes, bytes);
    __int128 value = packed_value(z, bytes, sizeof bytes);
    if (value != (int64_t)value)
        program_check(z, PGM_FIXED_DIVIDE);
    z->gr[in->r1] = (uint64_t)value;
}

static void pack(int64_t value, uint8_t *bytes, unsigned size)
{
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    unsigned low_half = value < 0 ? SIGN_MINUS : SIGN_PLUS;
    for (unsigned i = size; i-- > 0; rest /= 10) {
        bytes[i] = (uint8_t)(rest % 10 << 4 | low_half);
        rest /= 10;
        low_half = (unsigned)(rest % 10);
    }
}

void isa_cvd(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[8];
    pack(SW1, bytes, sizeof bytes);
    store_bytes(z, address2x(z, in), sizeof bytes, bytes);
}

void isa_cvdg(struct zcpu *z, const struct instruction *in)
{
    uint8_t bytes[16];
    pack(SG1, bytes, sizeof bytes);
    store_bytes(z, address2x(z, in), sizeof bytes, bytes);
}
