// SPDX-License-Identifier: Apache-2.0
#include "node/isa/service.h"

#include "proto/base/assert.h"

void service_go_on(struct zcpu *z)
{
    np_panic("CPU %u: no service is under way", z->address);
}
