// SPDX-License-Identifier: Apache-2.0
// Every function that the table names, declared from the table itself.
#ifndef NP_NODE_ISA_FAMILIES_H
#define NP_NODE_ISA_FAMILIES_H

#include "node/isa/table.h"

#define ROW(opcode, mnemonic, format, facility, cc, checks, function) isa_function function;
#include "node/isa/families.def"
#undef ROW

#endif
