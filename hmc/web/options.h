// SPDX-License-Identifier: Apache-2.0
// The command lines of `numaplex hmc` and of its subcommands.
#ifndef NP_HMC_WEB_OPTIONS_H
#define NP_HMC_WEB_OPTIONS_H

#include "proto/base/err.h"
#include "proto/base/limits.h"

// The folder of the console's state: `given`, or numaplex in $XDG_STATE_HOME or ~/.local/state. It is made,
// for its owner only. ERR_FILE.
enum err_code state_folder(const char *given, char path[PATH_MAX_BYTES], struct err *err);

// Subcommands; argv[0] is what their help calls them. Return the exit status.
int hmc_serve_main(int argc, char **argv);
int hmc_user_main(int argc, char **argv);
int hmc_audit_main(int argc, char **argv);

#endif
