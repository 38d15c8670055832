// SPDX-License-Identifier: Apache-2.0
// The agenda's state: the controller's, and which commands are still to come. Those of consoles begin as soon
// as they are asked for, so that none of them waits when a run is saved.
#include "coordinator/partition/agenda_inside.h"
#include "proto/base/assert.h"

void agenda_state(struct agenda *agenda, struct archive *ar)
{
    uint64_t hash = agenda->scripted_hash;
    uint32_t left = agenda->n_commands - agenda->next_command;
    NP_ASSERT(agenda->n_orders == 0 && !agenda->regroup);
    ar_mark(ar, "AGND");
    ar_u64(ar, &hash);
    ar_count(ar, &left, agenda->n_commands);
    if (hash != agenda->scripted_hash)
        ar_fail(ar, "the scenario's commands are not those of the saved run; continue it without a file");
    else
        agenda->next_command = agenda->n_commands - left;
    sc_state(agenda->sc, ar);
}
