// SPDX-License-Identifier: Apache-2.0
// The subcommand of numaplex-coordinator that this folder serves; as in coordinator/run/verbs.h.
#ifndef NP_COORDINATOR_REPORT_VERBS_H
#define NP_COORDINATOR_REPORT_VERBS_H

int report_main(int argc, char **argv);

#endif
