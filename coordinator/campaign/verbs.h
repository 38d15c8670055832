// SPDX-License-Identifier: Apache-2.0
// The subcommand of numaplex-coordinator that this folder serves; see run/verbs.h.
#ifndef NP_COORDINATOR_CAMPAIGN_VERBS_H
#define NP_COORDINATOR_CAMPAIGN_VERBS_H

int sweep_main(int argc, char **argv);

#endif
