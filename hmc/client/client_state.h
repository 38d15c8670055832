// SPDX-License-Identifier: Apache-2.0
// What the files of the client share; nothing else includes it.
#ifndef NP_HMC_CLIENT_CLIENT_STATE_H
#define NP_HMC_CLIENT_CLIENT_STATE_H

#include "hmc/client/client.h"

// Whether the process of a run is there, as far as one can tell.
bool client_alive(const struct client_place *place);

#endif
