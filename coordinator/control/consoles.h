// SPDX-License-Identifier: Apache-2.0
// Joins a run that goes on (coordinator/run/drive_live.h) and the consoles that ask about it (api_server.h).
#ifndef NP_COORDINATOR_CONTROL_CONSOLES_H
#define NP_COORDINATOR_CONTROL_CONSOLES_H

#include "coordinator/run/drive_live.h"
#include "proto/base/machine.h"

struct consoles;

// Opens the control socket in the run folder (absolute) and sets *hooks, which the run is to be driven with.
// `paused`: the run is held at its begin. The machine must outlive it. ERR_SOCKET, ERR_FILE. The caller owns
// *consoles. When the run is over it leaves how it ended in its folder.
enum err_code consoles_open(struct consoles **consoles, const struct machine *machine, const char *folder,
                            bool paused, struct drive_live_hooks *hooks, struct err *err);

// Likewise for a run that nobody may connect to: only how it ended is left.
void consoles_shut(struct consoles **consoles, const struct machine *machine, const char *folder,
                   struct drive_live_hooks *hooks);

// After the run: consoles may look at how it stood, until somebody stops it: by its console, or SIGINT or
// SIGTERM.
void consoles_hold(struct consoles *consoles);

// Consoles hear that the run has ended, and of the error that ended it (`why` NULL or ERR_OK: none). NULL is
// allowed.
void consoles_close(struct consoles *consoles, const struct err *why);

#endif
