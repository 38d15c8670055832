// SPDX-License-Identifier: Apache-2.0
#ifndef NP_NODE_COHERENCE_PROTOCOL_MAIN_H
#define NP_NODE_COHERENCE_PROTOCOL_MAIN_H

// The command `numaplex protocol`. Returns the exit status.
int protocol_main(int argc, char **argv);

#endif
