// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/machine_view.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

#define ENDED_SHOWN 32u // operations that have ended

static void word(char to[API_WORD_BYTES], const char *from)
{
    snprintf(to, API_WORD_BYTES, "%s", from);
}

static const char *partition_name(const struct machine *machine, uint32_t partition)
{
    return partition == NO_PARTITION ? "" : machine->partitions[partition].name;
}

static void fill_systems(const struct machine *machine, struct api_snapshot *snapshot)
{
    static const char *const families[FAMILY_COUNT] = {FAMILY_NAMES};
    for (uint32_t i = 0; i < machine->n_systems; i++) {
        const struct system_desc *from = &machine->systems[i];
        struct api_system *to = &snapshot->systems[i];
        memcpy(to->name, from->name, sizeof to->name);
        memcpy(to->protocol, from->protocol, sizeof to->protocol);
        word(to->family, families[from->family]);
        to->boards_per_crossbar = from->boards_per_crossbar;
    }
}

// The group whose time is a partition's: its own, or the one that an operation has joined it to.
static const struct group_progress *group_of(const struct machine_view *view, uint32_t partition)
{
    const uint32_t *groups = sc_groups(view->sc);
    for (uint32_t b = 0; b < view->machine->n_boards; b++)
        if (sc_board(view->sc, (uint16_t)b)->partition == partition &&
            groups[b] < view->machine->n_partitions)
            return &view->groups[groups[b]];
    return &view->groups[partition];
}

// An operation has brought boards of another partition into the group.
static bool is_joined(const struct machine_view *view, uint32_t partition)
{
    const uint32_t *groups = sc_groups(view->sc);
    for (uint32_t b = 0; b < view->machine->n_boards; b++) {
        bool ours = sc_board(view->sc, (uint16_t)b)->partition == partition;
        if (groups[b] < view->machine->n_partitions && ours != (groups[b] == partition))
            return true;
    }
    return false;
}

// What it has to do itself: a joined group counts for all of its partitions.
static uint32_t running_in(const struct machine_view *view, uint32_t partition)
{
    uint32_t running = 0;
    if (!is_joined(view, partition))
        return view->groups[partition].running;
    for (uint32_t b = 0; b < view->machine->n_boards; b++)
        if (view->seen[b] && sc_board(view->sc, (uint16_t)b)->partition == partition)
            running += view->views[b].bound + view->views[b].threads_running;
    return running;
}

static void fill_partition(const struct machine_view *view, uint32_t partition, struct api_partition *to)
{
    const struct partition_desc *desc = &view->machine->partitions[partition];
    const struct sc_partition *state = sc_partition(view->sc, partition);
    const struct system_desc *system = &view->machine->systems[desc->system];
    memcpy(to->name, desc->name, sizeof to->name);
    memcpy(to->system, system->name, sizeof to->system);
    memcpy(to->tag, state->tag, sizeof to->tag);
    word(to->state, sc_domain_state_name(state->state));
    word(to->position, sc_position_name(state->position));
    for (uint32_t i = 0; i < system->boards; i++)
        if (state->available[i])
            to->available[(system->first_board + i) / 64] |= UINT64_C(1) << ((system->first_board + i) % 64);
    to->has_guest = desc->guest.image[0] != '\0';
    to->running = running_in(view, partition);
    to->time_ps = group_of(view, partition)->time;
    for (uint32_t b = 0; b < view->machine->n_boards; b++)
        if (view->seen[b] && sc_board(view->sc, (uint16_t)b)->partition == partition)
            to->threads += view->views[b].threads;
}

// What of a partition's real addresses is a board's memory: the lowest, and how much of it cannot be drained.
static void fill_addresses(const struct machine_view *view, uint16_t board, uint32_t partition,
                           struct api_board *to)
{
    const struct domain *domain = &sc_partition(view->sc, partition)->domain;
    uint64_t permanent = view->machine->partitions[partition].permanent_bytes;
    bool found = false;
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        const struct segment_desc *segment = &domain->segments[i];
        for (uint32_t k = 0; k < segment->n_boards; k++) {
            if (segment->boards[k] != board)
                continue;
            if (!found)
                to->real_base = segment->base + k * segment->granule;
            found = true;
            if (segment->base < permanent)
                to->permanent_bytes +=
                    (permanent - segment->base < segment->size ? permanent - segment->base : segment->size) /
                    segment->n_boards;
        }
    }
}

static void fill_state(const struct sc_board *state, struct api_board *to)
{
    word(to->assignment, sc_assignment_name(state->assignment));
    word(to->receptacle, sc_receptacle_name(state->receptacle));
    word(to->occupant, sc_occupant_name(state->occupant));
    word(to->test, sc_test_name(state->test));
    to->powered = state->powered;
    to->blacklisted = state->blacklisted;
    to->floating = state->floating;
    to->use_on_next_boot = state->use_on_next_boot;
}

// What the board's partition works with, as far as it has been looked at.
static void fill_use(const struct machine_view *view, uint16_t board, struct api_board *to)
{
    const struct sc_board *state = sc_board(view->sc, board);
    const struct board_view *last = &view->views[board];
    bool active = state->assignment == SC_ACTIVE;
    if (view->seen[board]) {
        to->cpus_online = last->cpus_online;
        to->threads = last->threads;
        to->used_bytes = last->frames_used * PAGE_BYTES;
    } else if (active) {
        to->cpus_online = to->cpus;
    }
    if (!active || !view->machine->partitions[state->partition].guest.image[0])
        return;
    uint32_t number = board - view->machine->systems[view->machine->boards[board].system].first_board;
    uint16_t first = sc_partition(view->sc, state->partition)->domain.cpu_addresses[number];
    to->standby = first != CPU_ADDRESSES_DESCRIBED && first != CPU_ADDRESSES_NONE;
    if (view->seen[board]) {
        to->cpus_online = (uint32_t)__builtin_popcount(last->guest_cpus);
        to->used_bytes = last->guest_bytes;
    } else {
        to->cpus_online = to->standby ? 0 : to->cpus;
        to->used_bytes = to->standby ? 0 : to->memory_bytes;
    }
}

static void fill_board(const struct machine_view *view, uint16_t board, struct api_board *to)
{
    const struct board_desc *desc = &view->machine->boards[board];
    const struct sc_board *state = sc_board(view->sc, board);
    memcpy(to->name, desc->name, sizeof to->name);
    memcpy(to->system, view->machine->systems[desc->system].name, sizeof to->system);
    snprintf(to->partition, sizeof to->partition, "%s", partition_name(view->machine, state->partition));
    if (state->next_partition != state->partition) // only what will change
        snprintf(to->next_partition, sizeof to->next_partition, "%s",
                 partition_name(view->machine, state->next_partition));
    fill_state(state, to);
    to->cpus = desc->params.cpus;
    to->memory_bytes = desc->params.memory_bytes;
    fill_use(view, board, to);
    to->clock_hz = desc->params.cpu_hz;
    to->cache_bytes = desc->params.l2.bytes;
    if (state->partition == NO_PARTITION)
        return;
    to->core =
        state->assignment == SC_ACTIVE && sc_partition(view->sc, state->partition)->core_board == board;
    if (state->occupant == SC_CONFIGURED)
        fill_addresses(view, board, state->partition, to);
}

static void fill_operation(const struct machine_view *view, const struct sc_operation *from,
                           struct api_operation *to, struct api_snapshot *snapshot)
{
    const struct machine *machine = view->machine;
    bool has_board = sc_usage_of(from->command.verb).board;
    to->id = from->id;
    word(to->verb, sc_verb_name(from->command.verb));
    word(to->step, from->step ? from->step : "");
    snprintf(to->board, sizeof to->board, "%s", has_board ? machine->boards[from->command.board].name : "");
    snprintf(to->from, sizeof to->from, "%s", partition_name(machine, from->from));
    snprintf(to->to, sizeof to->to, "%s", partition_name(machine, from->to));
    memcpy(to->user, from->command.user, sizeof to->user);
    to->began_ps = from->began;
    // 0 would say that it is under way; nobody tells time 0 from the first ps.
    to->ended_ps = from->ended == SIM_NEVER ? 0 : from->ended ? from->ended : 1;
    to->pages_done = from->pages_done;
    to->pages_total = from->pages_total;
    to->outcome = from->outcome;
    if (from->ended != SIM_NEVER || !has_board)
        return;
    struct api_board *board = &snapshot->boards[from->command.board];
    board->drained_bytes = from->pages_done * PAGE_BYTES;
    board->draining_bytes =
        from->pages_total > from->pages_done ? (from->pages_total - from->pages_done) * PAGE_BYTES : 0;
}

// Those under way and the last that ended, in order.
static void fill_operations(const struct machine_view *view, struct api_snapshot *snapshot)
{
    uint64_t n = sc_operations(view->sc), chosen[API_OPERATIONS_MAX];
    uint32_t ended = 0, taken = 0;
    for (uint64_t id = n; id > 0 && taken < API_OPERATIONS_MAX; id--) {
        const struct sc_operation *operation = sc_operation(view->sc, id);
        if (!operation || (operation->ended != SIM_NEVER && ended == ENDED_SHOWN))
            continue;
        ended += operation->ended != SIM_NEVER;
        chosen[taken++] = id;
    }
    snapshot->n_operations = taken;
    for (uint32_t i = 0; i < taken; i++)
        fill_operation(view, sc_operation(view->sc, chosen[taken - 1 - i]), &snapshot->operations[i],
                       snapshot);
}

void machine_view_fill(const struct machine_view *view, struct api_snapshot *snapshot)
{
    const struct machine *machine = view->machine;
    api_snapshot_init(snapshot, machine->n_systems, machine->n_partitions, machine->n_boards,
                      API_OPERATIONS_MAX);
    fill_systems(machine, snapshot);
    for (uint32_t i = 0; i < machine->n_partitions; i++)
        fill_partition(view, i, &snapshot->partitions[i]);
    for (uint32_t i = 0; i < machine->n_boards; i++)
        fill_board(view, (uint16_t)i, &snapshot->boards[i]);
    fill_operations(view, snapshot);
}

sim_time machine_view_time(const struct machine_view *view, uint32_t partition)
{
    return group_of(view, partition)->time;
}

static void sample_board(const struct machine_view *view, uint32_t board, struct api_sample *sample)
{
    const struct machine *machine = view->machine;
    const struct system_desc *system = &machine->systems[machine->boards[board].system];
    const struct board_view *last = &view->views[board];
    if (!view->seen[board])
        return;
    sample->board_accesses[board] = last->accesses;
    sample->board_work[board] = last->work;
    sample->board_egress_busy_ps[board] = last->egress_busy_ps;
    sample->board_ingress_busy_ps[board] = last->ingress_busy_ps;
    for (uint32_t to = 0; to < system->boards; to++)
        sample->sent_bytes[(size_t)board * machine->n_boards + system->first_board + to] =
            last->sent_bytes[to];
}

void machine_view_sample(const struct machine_view *view, struct api_sample *sample)
{
    const struct machine *machine = view->machine;
    sim_time least = SIM_NEVER, most = 0;
    api_sample_init(sample, machine->n_partitions, machine->n_boards);
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        sample->partition_time_ps[p] = group_of(view, p)->time;
        sample->partition_accesses[p] = throughput_accesses(view->work, p);
        least = view->groups[p].running ? sim_min(least, view->groups[p].time) : least;
        most = sim_max(most, view->groups[p].time);
    }
    sample->time_ps = least == SIM_NEVER ? most : least;
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        uint32_t partition = sc_board(view->sc, (uint16_t)b)->partition;
        sample->board_time_ps[b] = partition == NO_PARTITION ? most : group_of(view, partition)->time;
        sample_board(view, b, sample);
    }
}

void machine_view_event(const struct machine_view *view, const struct sc_event *event, struct api_event *to)
{
    const struct sc_operation *operation = event->operation ? sc_operation(view->sc, event->operation) : NULL;
    *to = (struct api_event){.time_ps = event->at, .operation = event->operation};
    word(to->what, event->what);
    if (event->board != NO_BOARD)
        memcpy(to->board, view->machine->boards[event->board].name, sizeof to->board);
    snprintf(to->partition, sizeof to->partition, "%s", partition_name(view->machine, event->partition));
    snprintf(to->text, sizeof to->text, "%s", event->text);
    if (!operation)
        return;
    memcpy(to->user, operation->command.user, sizeof to->user);
    if (strcmp(event->what, "drained") != 0)
        return;
    to->pages_done = operation->pages_done;
    to->pages_total = operation->pages_total;
}

void machine_view_plan(const struct machine *machine, const struct sc_plan *plan, struct api_plan *to)
{
    *to = (struct api_plan){.cpus_from_before = plan->cpus_from[0],
                            .cpus_from_after = plan->cpus_from[1],
                            .cpus_to_before = plan->cpus_to[0],
                            .cpus_to_after = plan->cpus_to[1],
                            .memory_from_before = plan->memory_from[0],
                            .memory_from_after = plan->memory_from[1],
                            .memory_to_before = plan->memory_to[0],
                            .memory_to_after = plan->memory_to[1],
                            .standby_cpus = plan->standby_cpus,
                            .standby_bytes = plan->standby_bytes,
                            .drain_bytes = plan->drain_pages * PAGE_BYTES,
                            .permanent_bytes = plan->permanent_pages * PAGE_BYTES,
                            .threads = (uint32_t)plan->threads};
    snprintf(to->from, sizeof to->from, "%s", partition_name(machine, plan->from));
    snprintf(to->to, sizeof to->to, "%s", partition_name(machine, plan->to));
    if (plan->copy_target != NO_BOARD)
        memcpy(to->copy_target, machine->boards[plan->copy_target].name, sizeof to->copy_target);
}

enum err_code machine_view_partition(const struct machine *machine, const char *name, uint32_t *partition,
                                     struct err *err)
{
    for (*partition = 0; *partition < machine->n_partitions; ++*partition)
        if (strcmp(machine->partitions[*partition].name, name) == 0)
            return ERR_OK;
    return err_set(err, ERR_UNKNOWN_NAME, "there is no partition '%.60s'; numaplex domains lists them", name);
}

static enum err_code find_board(const struct machine *machine, const char *name, uint16_t *board,
                                struct err *err)
{
    for (*board = 0; *board < machine->n_boards; ++*board)
        if (strcmp(machine->boards[*board].name, name) == 0)
            return ERR_OK;
    return err_set(err, ERR_UNKNOWN_NAME, "there is no board '%.60s'; numaplex boards lists them", name);
}

_Static_assert((int)API_VERB_COUNT == SC_VERB_COUNT && (int)API_LEVEL_COUNT == SC_LEVEL_COUNT &&
                   (int)API_POSITION_COUNT == SC_POSITION_COUNT && (int)API_REBOOT == SC_REBOOT &&
                   (int)API_UNASSIGN == SC_UNASSIGN && (int)API_KEY_SECURE == SC_KEY_SECURE,
               "consoles and the system controller number their words alike");

enum err_code machine_view_command(const struct machine *machine, const struct api_command *command,
                                   const char *user, struct sc_command *to, struct err *err)
{
    struct sc_usage usage = sc_usage_of((enum sc_verb)command->verb);
    *to = (struct sc_command){.verb = (enum sc_verb)command->verb,
                              .board = NO_BOARD,
                              .partition = NO_PARTITION,
                              .level = (enum sc_level)command->level,
                              .position = (enum sc_position)command->position,
                              .on = command->on,
                              .force = command->force};
    memcpy(to->name, command->name, sizeof to->name);
    snprintf(to->user, sizeof to->user, "%s", user);
    if (usage.board && find_board(machine, command->board, &to->board, err))
        return err->code;
    if (usage.partition && machine_view_partition(machine, command->partition, &to->partition, err))
        return err->code;
    if (usage.level && !sc_level_fits(to->verb, to->level))
        return err_set(err, ERR_REQUEST, "'%s' is no level of %s, which has %s",
                       api_level_word(command->level), api_verb_word(command->verb),
                       to->verb == SC_DELETE ? "unconfigure, disconnect and unassign"
                                             : "assign, connect and configure");
    return ERR_OK;
}
