// SPDX-License-Identifier: Apache-2.0
// The loop: grants go out, batches come in, what they carry goes where it belongs.
#include <stdlib.h>

#include "fabric/link/host_time.h"
#include "fabric/time/conductor_state.h"
#include "proto/base/assert.h"

struct conductor *conductor_new(const struct machine *machine, const struct groups *groups,
                                struct exchange *exchange, const struct conductor_options *options)
{
    struct conductor *c = calloc(1, sizeof *c);
    NP_ASSERT(c);
    c->machine = machine;
    c->groups = groups;
    c->exchange = exchange;
    c->options = *options;
    c->options.horizon.window = machine->window;
    c->rng = rng_for(options->horizon.chop, 0);
    conductor_open_groups(c);
    return c;
}

void conductor_free(struct conductor *c)
{
    if (!c)
        return;
    conductor_close_groups(c);
    free(c);
}

static struct member_state *member_at(struct conductor *c, uint32_t board, uint32_t *group)
{
    *group = c->groups->group_of_board[board];
    return &c->state[*group].members[c->groups->member_of_board[board]];
}

// Something is on its way to a member: its bound, and what its group may do, take it into account at once.
static void lower_bound(struct conductor *c, uint32_t g, struct member_state *member, sim_time arrival,
                        sim_time turnaround)
{
    uint32_t m = (uint32_t)(member - c->state[g].members);
    member->first_arrival = sim_min(member->first_arrival, arrival);
    c->horizon[g].bound[m] = sim_min(c->horizon[g].bound[m], sim_add(arrival, turnaround));
}

static enum err_code too_early(const struct conductor *c, struct err *err, component_id src, component_id dst,
                               sim_time time, sim_time granted)
{
    return err_set(err, ERR_LOOKAHEAD,
                   "from board %s unit %u to board %s unit %u: arrival at %llu ps, granted to %llu ps",
                   c->machine->boards[component_board(src)].name, component_unit(src),
                   c->machine->boards[component_board(dst)].name, component_unit(dst),
                   (unsigned long long)time, (unsigned long long)granted);
}

static enum err_code route_messages(struct conductor *c, uint32_t g, const struct batch *batch,
                                    struct err *err)
{
    const struct group *group = &c->groups->group[g];
    for (uint32_t i = 0; i < batch->messages.n; i++) {
        const struct message *message = &batch->messages.items[i];
        uint32_t board = component_board(message->dst), to;
        if (board >= c->machine->n_boards || c->groups->group_of_board[board] != g)
            return err_set(err, ERR_DAMAGED_MESSAGE,
                           "group %u: a message to board %u, which is not of the group", g, board);
        if (message->time < c->state[g].granted && !c->options.horizon.window)
            return too_early(c, err, message->src, message->dst, message->time, c->state[g].granted);
        struct member_state *member = member_at(c, board, &to);
        message_list_add(&member->next.arrivals, message, message_list_data(&batch->messages, message));
        lower_bound(c, g, member, message->time, group->members[member - c->state[g].members].turnaround);
    }
    return ERR_OK;
}

// A packet stays in its group, like a message; a window beyond the bound may make it late.
static enum err_code route_frame(struct conductor *c, uint32_t g, const struct frame *frame, struct err *err)
{
    bool packet = frame->link == CROSSBAR_PACKET;
    uint32_t board = component_board(frame->dst), to;
    if (board >= c->machine->n_boards || c->groups->group_of_board[board] == NO_GROUP)
        return err_set(err, ERR_DAMAGED_MESSAGE, "a frame to board %u, which is in no partition", board);
    struct member_state *member = member_at(c, board, &to);
    if (packet && to != g)
        return err_set(err, ERR_DAMAGED_MESSAGE, "group %u: a packet to board %u, which is not of the group",
                       g, board);
    sim_time granted = packet || c->state[to].out ? c->state[to].granted : c->horizon[to].reached;
    if (frame->time < granted && !(packet && c->options.horizon.window))
        return too_early(c, err, frame->src, frame->dst, frame->time, granted);
    c->state[to].finished = false;
    frame_list_add(&member->next.frames, frame);
    lower_bound(c, to, member, frame->time, 0);
    return ERR_OK;
}

static enum err_code route_frames(struct conductor *c, uint32_t g, const struct batch *batch, struct err *err)
{
    for (uint32_t i = 0; i < batch->frames.n; i++)
        if (route_frame(c, g, &batch->frames.items[i], err))
            return err->code;
    return ERR_OK;
}

// The lists change hands: nothing is copied.
static void take_report_times(struct member_state *member, struct batch *batch)
{
    struct time_list before = member->reports;
    member->reports = batch->reports;
    batch->reports = before;
}

static enum err_code take_batch(struct conductor *c, struct batch *batch, struct err *err)
{
    uint32_t g = batch->group;
    if (g >= c->n_groups || batch->member >= c->state[g].n_members || c->state[g].out == 0)
        return err_set(err, ERR_DAMAGED_MESSAGE, "a batch of group %u, member %u", g, batch->member);
    struct group_state *group = &c->state[g];
    struct member_state *member = &group->members[batch->member];
    member->bound = batch->bound;
    member->accesses = batch->accesses;
    member->events = batch->events;
    member->running = batch->running;
    take_report_times(member, batch);
    c->horizon[g].bound[batch->member] = sim_min(c->horizon[g].bound[batch->member], batch->bound);
    if (--group->out == 0) {
        c->horizon[g].reached = group->granted;
        c->horizon[g].floor_out = SIM_NEVER;
    }
    if (route_messages(c, g, batch, err))
        return err->code;
    return route_frames(c, g, batch, err);
}

static enum err_code send_grants(struct conductor *c, uint32_t g, sim_time until, struct err *err)
{
    struct group_state *group = &c->state[g];
    const struct group *members = &c->groups->group[g];
    c->horizon[g].floor_out = horizon_floor(&c->horizon[g], members);
    group->granted = until;
    group->grants++;
    c->grants++;
    group->out = members->n_members;
    for (uint32_t m = 0; m < members->n_members; m++) {
        struct member_state *member = &group->members[m];
        member->next.group = g;
        member->next.epoch = c->options.epoch;
        member->next.seq = group->grants;
        member->next.until = until;
        member->first_arrival = SIM_NEVER;
        c->horizon[g].bound[m] = SIM_NEVER; // lowered by its batch and by what others send meanwhile
        if (c->exchange->ops->grant(c->exchange, m, &member->next, err))
            return err_wrap(err, "group %u, member %u", g, m);
    }
    return ERR_OK;
}

static uint32_t running_cpus(const struct conductor *c, uint32_t g)
{
    uint32_t running = 0;
    for (uint32_t m = 0; m < c->state[g].n_members; m++)
        running += c->state[g].members[m].running;
    return running;
}

static void sum_counts(const struct conductor *c, uint32_t g, uint64_t *accesses, uint64_t *events)
{
    *accesses = *events = 0;
    for (uint32_t m = 0; m < c->state[g].n_members; m++) {
        *accesses += c->state[g].members[m].accesses;
        *events += c->state[g].members[m].events;
    }
}

// A long run completes accesses; a livelock only keeps messages moving.
static enum err_code watch(struct conductor *c, uint32_t g, struct err *err)
{
    struct group_state *group = &c->state[g];
    uint64_t accesses, events;
    sum_counts(c, g, &accesses, &events);
    if (accesses != group->progress_accesses) {
        group->progress_accesses = accesses;
        group->progress_events = events;
    }
    if (c->options.events_without_progress &&
        events - group->progress_events > c->options.events_without_progress)
        return err_set(err, ERR_NO_PROGRESS,
                       "partition %s at %llu ps: %llu events since an access was last completed (livelock)",
                       conductor_group_name(c, g), (unsigned long long)c->horizon[g].reached,
                       (unsigned long long)(events - group->progress_events));
    return ERR_OK;
}

static void check_finished(struct conductor *c, uint32_t g)
{
    struct group_state *group = &c->state[g];
    bool at_end = c->machine->until != SIM_NEVER && c->horizon[g].reached >= c->machine->until &&
                  !group_has_arrivals(c, g);
    bool idle = group_is_quiet(c, g) && running_cpus(c, g) == 0 && !conductor_awaits_stop(c, g);
    group->finished = group->grants && (at_end || idle);
}

static bool all_finished(const struct conductor *c)
{
    for (uint32_t g = 0; g < c->n_groups; g++)
        if (!c->state[g].finished)
            return false;
    return true;
}

// A group that has finished comes along to the time at which the others stop: boards may move then.
static bool may_rest(const struct conductor *c, uint32_t g)
{
    const struct group_state *group = &c->state[g];
    return group->n_members == 0 || (group->finished && (c->stop->time == SIM_NEVER || all_finished(c)));
}

// The next grant of an idle group, if there is one to give.
static enum err_code advance(struct conductor *c, uint32_t g, struct err *err)
{
    struct group_state *group = &c->state[g];
    sim_time reached = c->horizon[g].reached;
    if (group->out)
        return ERR_OK;
    if (group->ask && group->n_members && !c->stopping) {
        group->ask = false;
        return send_grants(c, g, reached, err);
    }
    if (may_rest(c, g))
        return ERR_OK;
    sim_time stop = conductor_stop_of(c, g);
    if (c->stopping || reached >= stop)
        return group_has_arrivals(c, g) ? send_grants(c, g, reached, err) : ERR_OK;
    c->horizon[g].stop = sim_min(stop, sim_max(c->pace.allowed, reached));
    sim_time until =
        horizon_compute(c->horizon, c->groups, c->links, c->n_links, g, &c->options.horizon, &c->rng);
    return conductor_keeps_pace(c, g, until) && until > reached ? send_grants(c, g, until, err) : ERR_OK;
}

static enum err_code advance_all(struct conductor *c, uint32_t *out, struct err *err)
{
    *out = 0;
    for (uint32_t g = 0; g < c->n_groups; g++) {
        if (c->stop->grants && c->grants >= c->stop->grants && !c->stopping) {
            c->stopping = true;
            c->stop_reason = PAUSE_SAVE_POINT;
        }
        if (advance(c, g, err))
            return err->code;
        *out += c->state[g].out;
    }
    return ERR_OK;
}

static enum err_code stuck(const struct conductor *c, uint32_t g, struct err *err)
{
    return err_set(err, ERR_NO_PROGRESS,
                   "partition %s: %u CPUs wait for what will never come (deadlock; nothing is on its way)",
                   conductor_group_name(c, g), running_cpus(c, g));
}

// A machine in which nothing will ever happen is not stuck while somebody is about to tell it what to do.
static bool may_be_stuck(const struct conductor *c)
{
    bool wanted = c->stop->n_wanted > 0 && c->machine->until != SIM_NEVER;
    return !c->stopping && c->stop->time == SIM_NEVER && !wanted;
}

// No grant is out and none can be given: why?
static enum err_code conclude(struct conductor *c, enum pause_reason *reason, struct err *err)
{
    bool all_done = true, all_quiet = true;
    for (uint32_t g = 0; g < c->n_groups; g++) {
        all_done &= c->state[g].finished && running_cpus(c, g) == 0;
        all_quiet &= group_is_quiet(c, g);
    }
    for (uint32_t g = 0; g < c->n_groups && all_quiet && may_be_stuck(c); g++)
        if (c->state[g].grants && running_cpus(c, g))
            return stuck(c, g, err);
    NP_ASSERT(all_finished(c) || c->stopping || c->stop->time != SIM_NEVER);
    *reason = c->stopping && c->stop_reason == PAUSE_REPORTS ? PAUSE_REPORTS
              : all_done                                     ? PAUSE_DONE
              : all_finished(c)                              ? PAUSE_UNTIL
              : c->stopping                                  ? c->stop_reason
                                                             : PAUSE_SAVE_POINT;
    return ERR_OK;
}

static enum err_code collect_one(struct conductor *c, struct err *err)
{
    enum { COLLECT_US = 50000 };
    struct batch *batch = NULL;
    if (c->exchange->ops->collect(c->exchange, COLLECT_US, &batch, err))
        return err->code;
    if (!batch)
        return ERR_OK;
    uint32_t g = batch->group;
    if (take_batch(c, batch, err))
        return err->code;
    if (c->state[g].out)
        return ERR_OK;
    conductor_take_reports(c, g);
    check_finished(c, g);
    return watch(c, g, err);
}

enum err_code conductor_run(struct conductor *c, const struct conductor_stop *stop, enum pause_reason *reason,
                            struct err *err)
{
    if (conductor_begin_stops(c, stop, err))
        return err->code;
    for (;;) {
        uint32_t out;
        conductor_tick(c);
        if (advance_all(c, &out, err))
            return err->code;
        if (out == 0 && !c->pace.held)
            return conclude(c, reason, err);
        if (out == 0)
            host_rest();
        else if (collect_one(c, err))
            return err->code;
        if (!c->stopping && stop->poll && stop->poll(stop->self)) {
            c->stopping = true;
            c->stop_reason = PAUSE_STOPPED;
        }
    }
}

void conductor_progress(const struct conductor *c, uint32_t group, struct group_progress *progress)
{
    NP_ASSERT(group < c->n_groups);
    progress->time = c->horizon[group].reached;
    progress->grants = c->state[group].grants;
    progress->running = running_cpus(c, group);
    progress->reported = c->state[group].reported;
    uint64_t events;
    sum_counts(c, group, &progress->accesses, &events);
}

void conductor_state(struct conductor *c, uint32_t g, struct archive *ar)
{
    NP_ASSERT(g < c->n_groups && c->state[g].out == 0 && !group_has_arrivals(c, g));
    ar_mark(ar, "GRUP");
    ar_u64(ar, &c->horizon[g].reached);
    ar_bool(ar, &c->state[g].finished);
    // Bounds are not saved: members may be others after a resume. The first grants assume the least.
    for (uint32_t m = 0; ar_loading(ar) && m < c->state[g].n_members; m++)
        c->horizon[g].bound[m] = c->horizon[g].reached;
}
