// SPDX-License-Identifier: Apache-2.0
#include "fabric/time/conductor.h"

#include <stdlib.h>

#include "proto/base/assert.h"

// One member's next grant, filled while its messages come in.
struct member_state {
    struct grant next;
    sim_time first_arrival; // earliest of what waits in `next`
    sim_time bound;         // as reported
    uint64_t accesses, events;
    uint32_t running;
};

struct group_state {
    struct member_state *members;
    uint32_t out;     // grants that have not been answered
    sim_time granted; // end of the grant that is out
    uint64_t grants;
    uint64_t progress_accesses, progress_events; // when accesses last grew
    bool finished;                               // nothing will happen any more, or the end time is reached
};

struct conductor {
    const struct machine *machine;
    const struct groups *groups;
    struct exchange *exchange;
    struct conductor_options options;
    struct group_state *state;
    struct horizon_group *horizon;
    struct horizon_link links[LINKS_MAX];
    uint64_t grants;
    struct rng rng;
    const struct conductor_stop *stop;
    bool stopping;
    enum pause_reason stop_reason;
};

static void init_group(struct conductor *c, uint32_t g)
{
    const struct group *group = &c->groups->group[g];
    const struct machine *machine = c->machine;
    c->state[g].members = calloc(group->n_members ? group->n_members : 1, sizeof *c->state[g].members);
    NP_ASSERT(c->state[g].members);
    uint32_t line_bytes = machine->boards[machine->partitions[g].boards[0]].params.line_bytes;
    for (uint32_t m = 0; m < group->n_members; m++) {
        struct member_state *member = &c->state[g].members[m];
        message_list_init(&member->next.arrivals, line_bytes);
        member->first_arrival = SIM_NEVER;
        member->running = 1; // until its first batch says otherwise
    }
    c->horizon[g].stop = machine->until;
    c->horizon[g].floor_out = SIM_NEVER;
}

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
    c->state = calloc(groups->n + 1, sizeof *c->state);
    c->horizon = calloc(groups->n + 1, sizeof *c->horizon);
    NP_ASSERT(c->state && c->horizon);
    for (uint32_t g = 0; g < groups->n; g++)
        init_group(c, g);
    for (uint32_t i = 0; i < machine->n_links; i++) {
        const struct link_desc *link = &machine->links[i];
        c->links[i] = (struct horizon_link){
            {machine->boards[link->board[0]].partition, machine->boards[link->board[1]].partition},
            link->latency};
    }
    return c;
}

void conductor_free(struct conductor *c)
{
    if (!c)
        return;
    for (uint32_t g = 0; g < c->groups->n; g++) {
        for (uint32_t m = 0; m < c->groups->group[g].n_members; m++)
            grant_free(&c->state[g].members[m].next);
        free(c->state[g].members);
    }
    free(c->state);
    free(c->horizon);
    free(c);
}

static struct member_state *member_at(struct conductor *c, uint32_t board, uint32_t *group)
{
    *group = c->machine->boards[board].partition;
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
        if (board >= c->machine->n_boards || c->machine->boards[board].partition != g)
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

static enum err_code route_frames(struct conductor *c, const struct batch *batch, struct err *err)
{
    for (uint32_t i = 0; i < batch->frames.n; i++) {
        const struct frame *frame = &batch->frames.items[i];
        uint32_t board = component_board(frame->dst), to;
        if (board >= c->machine->n_boards || c->machine->boards[board].partition == NO_PARTITION)
            return err_set(err, ERR_DAMAGED_MESSAGE, "a frame to board %u, which does not exist", board);
        struct member_state *member = member_at(c, board, &to);
        sim_time granted = c->state[to].out ? c->state[to].granted : c->horizon[to].reached;
        if (frame->time < granted)
            return too_early(c, err, frame->src, frame->dst, frame->time, granted);
        c->state[to].finished = false;
        frame_list_add(&member->next.frames, frame);
        lower_bound(c, to, member, frame->time, 0);
    }
    return ERR_OK;
}

static enum err_code take_batch(struct conductor *c, struct batch *batch, struct err *err)
{
    uint32_t g = batch->group;
    if (g >= c->groups->n || batch->member >= c->groups->group[g].n_members || c->state[g].out == 0)
        return err_set(err, ERR_DAMAGED_MESSAGE, "a batch of group %u, member %u", g, batch->member);
    struct group_state *group = &c->state[g];
    struct member_state *member = &group->members[batch->member];
    member->bound = batch->bound;
    member->accesses = batch->accesses;
    member->events = batch->events;
    member->running = batch->running;
    c->horizon[g].bound[batch->member] = sim_min(c->horizon[g].bound[batch->member], batch->bound);
    if (--group->out == 0) {
        c->horizon[g].reached = group->granted;
        c->horizon[g].floor_out = SIM_NEVER;
    }
    if (route_messages(c, g, batch, err))
        return err->code;
    return route_frames(c, batch, err);
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
    for (uint32_t m = 0; m < c->groups->group[g].n_members; m++)
        running += c->state[g].members[m].running;
    return running;
}

static bool has_arrivals(const struct conductor *c, uint32_t g)
{
    for (uint32_t m = 0; m < c->groups->group[g].n_members; m++)
        if (c->state[g].members[m].first_arrival != SIM_NEVER)
            return true;
    return false;
}

static void sum_counts(const struct conductor *c, uint32_t g, uint64_t *accesses, uint64_t *events)
{
    *accesses = *events = 0;
    for (uint32_t m = 0; m < c->groups->group[g].n_members; m++) {
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
                       c->machine->partitions[g].name, (unsigned long long)c->horizon[g].reached,
                       (unsigned long long)(events - group->progress_events));
    return ERR_OK;
}

// Nothing is on its way and nobody will move by itself: ended, or waiting for a linked group, or stuck.
static bool is_quiet(const struct conductor *c, uint32_t g)
{
    return !has_arrivals(c, g) && horizon_floor(&c->horizon[g], &c->groups->group[g]) == SIM_NEVER;
}

static void check_finished(struct conductor *c, uint32_t g)
{
    struct group_state *group = &c->state[g];
    bool at_end =
        c->machine->until != SIM_NEVER && c->horizon[g].reached >= c->machine->until && !has_arrivals(c, g);
    group->finished = group->grants && (at_end || (is_quiet(c, g) && running_cpus(c, g) == 0));
}

// The next grant of an idle group, if there is one to give.
static enum err_code advance(struct conductor *c, uint32_t g, struct err *err)
{
    struct group_state *group = &c->state[g];
    if (group->out || group->finished)
        return ERR_OK;
    sim_time reached = c->horizon[g].reached;
    c->horizon[g].stop = sim_min(c->machine->until, c->stop->time);
    if (c->stopping || reached >= c->horizon[g].stop)
        return has_arrivals(c, g) ? send_grants(c, g, reached, err) : ERR_OK;
    sim_time until = horizon_compute(c->horizon, c->groups, c->links, c->machine->n_links, g,
                                     &c->options.horizon, &c->rng);
    return until > reached ? send_grants(c, g, until, err) : ERR_OK;
}

static enum err_code advance_all(struct conductor *c, uint32_t *out, struct err *err)
{
    *out = 0;
    for (uint32_t g = 0; g < c->groups->n; g++) {
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
                   c->machine->partitions[g].name, running_cpus(c, g));
}

// No grant is out and none can be given: why?
static enum err_code conclude(struct conductor *c, enum pause_reason *reason, struct err *err)
{
    bool all_done = true, all_finished = true, all_quiet = true;
    for (uint32_t g = 0; g < c->groups->n; g++) {
        all_finished &= c->state[g].finished;
        all_done &= c->state[g].finished && running_cpus(c, g) == 0;
        all_quiet &= is_quiet(c, g);
    }
    for (uint32_t g = 0; g < c->groups->n && all_quiet; g++)
        if (c->state[g].grants && running_cpus(c, g))
            return stuck(c, g, err);
    NP_ASSERT(all_finished || c->stopping || c->stop->time != SIM_NEVER);
    *reason = all_done       ? PAUSE_DONE
              : all_finished ? PAUSE_UNTIL
              : c->stopping  ? c->stop_reason
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
    check_finished(c, g);
    return watch(c, g, err);
}

enum err_code conductor_run(struct conductor *c, const struct conductor_stop *stop, enum pause_reason *reason,
                            struct err *err)
{
    c->stop = stop;
    c->stopping = false;
    for (;;) {
        uint32_t out;
        if (advance_all(c, &out, err))
            return err->code;
        if (out == 0)
            return conclude(c, reason, err);
        if (collect_one(c, err))
            return err->code;
        if (!c->stopping && stop->poll && stop->poll(stop->self)) {
            c->stopping = true;
            c->stop_reason = PAUSE_STOPPED;
        }
    }
}

void conductor_progress(const struct conductor *c, uint32_t group, struct group_progress *progress)
{
    NP_ASSERT(group < c->groups->n);
    progress->time = c->horizon[group].reached;
    progress->grants = c->state[group].grants;
    progress->running = running_cpus(c, group);
    uint64_t events;
    sum_counts(c, group, &progress->accesses, &events);
}

void conductor_state(struct conductor *c, uint32_t g, struct archive *ar)
{
    NP_ASSERT(g < c->groups->n && c->state[g].out == 0 && !has_arrivals(c, g));
    ar_mark(ar, "GRUP");
    ar_u64(ar, &c->horizon[g].reached);
    ar_bool(ar, &c->state[g].finished);
    // Bounds are not saved: members may be others after a resume. The first grants assume the least.
    for (uint32_t m = 0; ar_loading(ar) && m < c->groups->group[g].n_members; m++)
        c->horizon[g].bound[m] = c->horizon[g].reached;
}
