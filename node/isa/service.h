// SPDX-License-Identifier: Apache-2.0
// What takes a CPU longer than an instruction: firmware on behalf of SERVICE CALL, SIGNAL PROCESSOR and the
// like, as an activity of its own that can wait between any two accesses.
#ifndef NP_NODE_ISA_SERVICE_H
#define NP_NODE_ISA_SERVICE_H

#include "node/isa/zcpu.h"

// Goes on with it; ends by setting another activity, or escapes.
void service_go_on(struct zcpu *z);

#endif
