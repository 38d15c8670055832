// SPDX-License-Identifier: Apache-2.0
#ifndef NP_NODE_ISA_ISA_MAIN_H
#define NP_NODE_ISA_ISA_MAIN_H

// The command `numaplex isa`. Returns the exit status.
int isa_main(int argc, char **argv);

#endif
