// SPDX-License-Identifier: Apache-2.0
// The agenda's state: the controller's, and what has been noted for results.
#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/agenda_inside.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

static const char *const whats[] = {"begun", "state", "step", "drained", "refused", "failed", "ended"};

static void what_state(struct sc_event *event, struct archive *ar)
{
    uint8_t index = 0;
    while (!ar_loading(ar) && strcmp(whats[index], event->what) != 0)
        NP_ASSERT(++index < NP_ARRAY_LEN(whats));
    ar_u8(ar, &index);
    if (index >= NP_ARRAY_LEN(whats))
        ar_fail(ar, "an event of an unknown kind");
    event->what = whats[index < NP_ARRAY_LEN(whats) ? index : 0];
}

static void event_state(struct agenda *agenda, struct sc_event *event, struct archive *ar)
{
    ar_u64(ar, &event->seq);
    ar_u64(ar, &event->at);
    ar_u64(ar, &event->operation);
    what_state(event, ar);
    ar_u16(ar, &event->board);
    ar_u32(ar, &event->partition);
    ar_bytes(ar, event->text, sizeof event->text);
    event->text[sizeof event->text - 1] = '\0';
    if ((event->board != NO_BOARD && event->board >= agenda->machine->n_boards) ||
        (event->partition != NO_PARTITION && event->partition >= agenda->machine->n_partitions))
        ar_fail(ar, "an event names a board or partition that the machine does not have");
}

static void sample_state(struct agenda_sample *sample, struct archive *ar)
{
    ar_u64(ar, &sample->at);
    ar_u64(ar, &sample->accesses);
    ar_u64(ar, &sample->work);
    ar_u32(ar, &sample->boards);
    ar_u32(ar, &sample->cpus);
    ar_u64(ar, &sample->members);
}

static void events_state(struct agenda *agenda, struct archive *ar)
{
    ar_count(ar, &agenda->n_events, AGENDA_EVENTS_MAX);
    if (ar_loading(ar)) {
        free(agenda->events);
        agenda->events = calloc(agenda->n_events + 1u, sizeof *agenda->events);
        NP_ASSERT(agenda->events);
    }
    for (uint32_t i = 0; i < agenda->n_events && !ar_failed(ar); i++)
        event_state(agenda, &agenda->events[i], ar);
}

static void samples_state(struct agenda *agenda, struct archive *ar)
{
    uint32_t n = agenda->machine->n_partitions;
    ar_u64(ar, &agenda->next_sample);
    ar_count(ar, &agenda->n_times, AGENDA_SAMPLES_MAX);
    if (ar_loading(ar)) {
        free(agenda->samples);
        agenda->samples = calloc((size_t)agenda->n_times * n + 1, sizeof *agenda->samples);
        NP_ASSERT(agenda->samples);
    }
    for (size_t i = 0; i < (size_t)agenda->n_times * n && !ar_failed(ar); i++)
        sample_state(&agenda->samples[i], ar);
    for (uint32_t p = 0; p < n; p++) {
        ar_u64(ar, &agenda->accesses[p]);
        ar_u64(ar, &agenda->work[p]);
    }
    for (uint32_t b = 0; b < agenda->machine->n_boards; b++) {
        ar_u64(ar, &agenda->accesses_of[b]);
        ar_u64(ar, &agenda->work_of[b]);
    }
}

// Commands of the scenario that have not begun; those of consoles begin as soon as they are asked for.
static void commands_state(struct agenda *agenda, struct archive *ar)
{
    uint64_t hash = agenda->scripted_hash;
    uint32_t left = agenda->n_commands - agenda->next_command;
    ar_u64(ar, &hash);
    ar_count(ar, &left, agenda->n_commands);
    if (hash != agenda->scripted_hash)
        ar_fail(ar, "the scenario's commands are not those of the saved run; continue it without a file");
    else
        agenda->next_command = agenda->n_commands - left;
}

void agenda_state(struct agenda *agenda, struct archive *ar)
{
    NP_ASSERT(agenda->n_orders == 0 && !agenda->regroup);
    ar_mark(ar, "AGND");
    commands_state(agenda, ar);
    samples_state(agenda, ar);
    events_state(agenda, ar);
    sc_state(agenda->sc, ar);
}
