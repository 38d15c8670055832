// SPDX-License-Identifier: Apache-2.0
// Who may do what: the roles of the real consoles.
#ifndef NP_COORDINATOR_CONTROL_API_RIGHTS_H
#define NP_COORDINATOR_CONTROL_API_RIGHTS_H

#include "proto/codec/api.h"

// Whether the request's user may ask this of the machine as it stands. ERR_FORBIDDEN says what is missing and
// who has it. Names that the machine does not know are let through: the run refuses them better.
//
// viewer: looks. operator: also power, test, keyswitch, consoles, pace. domain administrator: whatever
// concerns their partitions, with boards on these partitions' available component lists. platform
// administrator, and the owner of the socket: everything.
enum err_code api_rights(const struct api_request *request, const struct api_snapshot *snapshot,
                         struct err *err);

#endif
