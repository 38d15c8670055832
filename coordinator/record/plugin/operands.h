// SPDX-License-Identifier: Apache-2.0
// s390x's storage-to-storage instructions (MVC, XC, ...). qemu-user 7.2 copies their bytes directly, so the
// plugin interface reports none of their accesses. They are worked out after the instruction, from its bytes
// and the registers, which qemu's own functions for debuggers read.
#ifndef NP_COORDINATOR_RECORD_PLUGIN_OPERANDS_H
#define NP_COORDINATOR_RECORD_PLUGIN_OPERANDS_H

#include "coordinator/record/plugin/stream.h"

// A lasting copy of an instruction's six bytes; equal ones share it. NULL when there are too many.
const uint8_t *operands_keep(const uint8_t *bytes);

// Records what the instruction that vcpu->operands points to has read and written. `next` is the address of
// the instruction that runs now.
void operands_record(struct vcpu *vcpu, uint64_t next);

#endif
