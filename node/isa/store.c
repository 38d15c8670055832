// SPDX-License-Identifier: Apache-2.0
#include "node/isa/operands.h"

#define STORE(name, store, address, value)                                                                   \
    void isa_##name(struct zcpu *z, const struct instruction *in)                                            \
    {                                                                                                        \
        store(z, address, value);                                                                            \
    }
#define ALIGNED(size) aligned_relative(z, in, size)

STORE(st, store32, address2x(z, in), (uint32_t)UG1)
STORE(stg, store64, address2x(z, in), UG1)
STORE(sth, store16, address2x(z, in), (uint16_t)UG1)
STORE(stc, store8, address2x(z, in), (uint8_t)UG1)
STORE(strvh, store16, address2x(z, in), __builtin_bswap16((uint16_t)UG1))
STORE(strv, store32, address2x(z, in), __builtin_bswap32((uint32_t)UG1))
STORE(strvg, store64, address2x(z, in), __builtin_bswap64(UG1))
STORE(sthrl, store16, ALIGNED(2), (uint16_t)UG1)
STORE(strl, store32, ALIGNED(4), (uint32_t)UG1)
STORE(stgrl, store64, ALIGNED(8), UG1)
STORE(stch, store8, address2x(z, in), (uint8_t)UH1)
STORE(sthh, store16, address2x(z, in), (uint16_t)UH1)
STORE(stfh, store32, address2x(z, in), (uint32_t)UH1)

STORE(mvi, store8, address1(z, in), (uint8_t)in->i)
STORE(mvhhi, store16, address1(z, in), (uint16_t)in->i)
STORE(mvhi, store32, address1(z, in), (uint32_t)in->i)
STORE(mvghi, store64, address1(z, in), (uint64_t)in->i)

void isa_stoc(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        store32(z, address2(z, in), (uint32_t)UG1);
}

void isa_stocg(struct zcpu *z, const struct instruction *in)
{
    if (condition(in->m3, z->cc))
        store64(z, address2(z, in), UG1);
}
