// SPDX-License-Identifier: Apache-2.0
// How the partitions of a run stood when it failed: for failed.txt, so that nobody has to guess what became
// of an operation that was under way.
#ifndef NP_COORDINATOR_RUN_STANDING_H
#define NP_COORDINATOR_RUN_STANDING_H

#include "coordinator/run/course.h"
#include "proto/base/progress.h"

// Operations under way with their steps and boards, then each partition with how far it had come and its
// boards. `groups`: one per partition, as last reported. Writes nothing where nobody has changed anything.
// English.
void standing_write(const struct course *course, const struct group_progress *groups, FILE *out);

#endif
