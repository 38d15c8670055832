// SPDX-License-Identifier: Apache-2.0
// What a worker does with its crew while the run is paused: report results, obey
// the system controller, save boards, restore them.
#ifndef NP_NODE_HOST_CREW_REPORT_H
#define NP_NODE_HOST_CREW_REPORT_H

#include "fabric/host/session.h"
#include "node/host/crew.h"
#include "node/host/texts.h"

// Answers COLLECT: what was recorded of watched lines, then the results of every board and where host time
// went.
enum err_code crew_send_results(struct session *session, struct crew *crew, struct host_stats *stats,
                                struct err *err);

// Does what an ORDERS asks and answers with REPORTS. Orders may take boards into a partition or out of it: so
// before the answer it says anew how far their text has come.
enum err_code crew_answer(struct session *session, struct crew *crew, const struct control_orders *orders,
                          struct texts *texts, struct err *err);

// Writes every board as a part of the saved state in `folder` and adds it to *saved.
enum err_code crew_save(const struct crew *crew, const char *folder, struct control_saved *saved,
                        struct err *err);

// Restores every board from the saved state in `folder`; does nothing when that is "".
enum err_code crew_resume(const struct crew *crew, const char *folder, struct err *err);

#endif
