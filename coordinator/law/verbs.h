// SPDX-License-Identifier: Apache-2.0
// The subcommand of numaplex-coordinator that this folder serves; see run/verbs.h.
#ifndef NP_COORDINATOR_LAW_VERBS_H
#define NP_COORDINATOR_LAW_VERBS_H

int law_main(int argc, char **argv);

#endif
