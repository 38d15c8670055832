// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/fake_members.h"

#include <string.h>

#include "proto/base/assert.h"

static unsigned board_at(const struct fake_members *fake, uint32_t group, uint32_t member)
{
    return fake->groups.group[group].members[member].boards[0];
}

// When it does something next, at `from` or later.
static sim_time next_event(const struct fake_board *board, sim_time from)
{
    sim_time next = SIM_NEVER;
    if (board->period)
        next = (from + board->period - 1) / board->period * board->period;
    if (board->mail.waits)
        next = sim_min(next, board->mail.at);
    for (uint32_t i = board->taken; i < board->n_reports; i++)
        if (board->reports[i] >= from)
            return sim_min(next, board->reports[i]);
    return next;
}

static void post(struct fake_members *fake, unsigned from, struct batch *batch)
{
    struct fake_mail *mail = &fake->boards[from].mail;
    component_id dst = component(mail->to, UNIT_PORT), src = component(from, UNIT_PORT);
    mail->waits = false;
    if (mail->packet) {
        frame_list_add(
            &batch->frames,
            &(struct frame){.time = mail->arrival, .dst = dst, .src = src, .link = CROSSBAR_PACKET});
        return;
    }
    message_list_add(&batch->messages,
                     &(struct message){.time = mail->arrival, .dst = dst, .src = src, .type = MSG_GETS},
                     NULL);
}

static void note_grant(struct fake_members *fake, unsigned number, const struct grant *grant)
{
    struct fake_board *board = &fake->boards[number];
    fake->mistakes += grant->until < board->reached || grant->seq < fake->last_seq[grant->group];
    fake->last_seq[grant->group] = grant->seq;
    for (uint32_t i = 0; i < grant->arrivals.n; i++)
        fake->mistakes += grant->arrivals.items[i].time < board->reached ||
                          component_board(grant->arrivals.items[i].dst) != number;
    for (uint32_t i = 0; i < grant->frames.n; i++)
        fake->mistakes += grant->frames.items[i].time < board->reached ||
                          component_board(grant->frames.items[i].dst) != number;
    board->received += grant->arrivals.n + grant->frames.n;
    board->longest = sim_max(board->longest, grant->until - board->reached);
    if (fake->n_grants < NP_ARRAY_LEN(fake->grants))
        fake->grants[fake->n_grants] = (struct fake_grant){grant->group, grant->until};
    fake->n_grants++;
}

static void answer(struct fake_members *fake, unsigned number, sim_time until, struct batch *batch)
{
    struct fake_board *board = &fake->boards[number];
    message_list_clear(&batch->messages);
    frame_list_clear(&batch->frames);
    batch->reports.n = 0;
    if (board->mail.waits && board->mail.at < until)
        post(fake, number, batch);
    for (uint32_t i = board->taken; i < board->n_reports && board->reports[i] < until; i++)
        time_list_add(&batch->reports, board->reports[i]);
    board->reached = until;
    batch->reached = until;
    batch->bound = next_event(board, until);
    batch->accesses++;
    batch->running = board->running;
}

static enum err_code grant(struct exchange *exchange, uint32_t member, struct grant *grant, struct err *err)
{
    (void)err;
    struct fake_members *fake = (struct fake_members *)exchange;
    unsigned number = board_at(fake, grant->group, member);
    struct fake_slot *slot = &fake->slots[number];
    NP_ASSERT(!slot->out);
    note_grant(fake, number, grant);
    slot->out = true;
    slot->batch.group = grant->group;
    slot->batch.member = member;
    slot->batch.seq = grant->seq;
    answer(fake, number, grant->until, &slot->batch);
    message_list_clear(&grant->arrivals);
    frame_list_clear(&grant->frames);
    return ERR_OK;
}

static enum err_code collect(struct exchange *exchange, int64_t timeout_us, struct batch **batch,
                             struct err *err)
{
    (void)timeout_us;
    (void)err;
    struct fake_members *fake = (struct fake_members *)exchange;
    uint32_t first = (uint32_t)rng_below(&fake->rng, BOARDS_HERE);
    *batch = NULL;
    for (uint32_t i = 0; i < BOARDS_HERE; i++) {
        struct fake_slot *slot = &fake->slots[(first + i) % BOARDS_HERE];
        if (!slot->out)
            continue;
        slot->out = false;
        *batch = &slot->batch;
        return ERR_OK;
    }
    return ERR_OK;
}

static void regroup(struct exchange *exchange)
{
    struct fake_members *fake = (struct fake_members *)exchange;
    for (uint32_t b = 0; b < BOARDS_HERE; b++)
        NP_ASSERT(!fake->slots[b].out);
}

static void close_fake(struct exchange *exchange)
{
    struct fake_members *fake = (struct fake_members *)exchange;
    for (uint32_t b = 0; b < BOARDS_HERE; b++)
        batch_free(&fake->slots[b].batch);
}

static const uint32_t worker_of_board[BOARDS_HERE] = {0, 1, 2, 3};

void fake_open(struct fake_members *fake, const struct fake_options *options)
{
    static const struct exchange_ops ops = {grant, collect, regroup, close_fake};
    uint32_t group_of_board[BOARDS_MAX];
    memset(fake, 0, sizeof *fake);
    tiny_machine_init(&fake->tiny, &(struct tiny_shape){.protocol = "mesi",
                                                        .boards = BOARDS_HERE,
                                                        .cpus = 1,
                                                        .partitions = GROUPS_HERE,
                                                        .memory_bytes = 1 << 20});
    fake->tiny.machine.n_links = 0;
    fake->tiny.machine.until = options->until ? options->until : 1000 * SIM_PS_PER_US;
    fake->exchange = (struct exchange){&ops, &fake->stats};
    fake->rng = rng_for(options->seed, 1);
    for (uint32_t b = 0; b < BOARDS_HERE; b++) {
        fake->boards[b] = (struct fake_board){.period = 13000 + 1000 * b, .running = 1};
        message_list_init(&fake->slots[b].batch.messages, fake->tiny.boards[b].params.line_bytes);
    }
    groups_of_partitions(&fake->tiny.machine, group_of_board);
    groups_init(&fake->groups, &fake->tiny.machine, group_of_board, worker_of_board);
    struct conductor_options conductor = {
        .horizon = {.chop = options->chop, .no_bounds = options->no_bounds, .stride = 100 * SIM_PS_PER_US},
        .epoch = 1};
    fake->conductor = conductor_new(&fake->tiny.machine, &fake->groups, &fake->exchange, &conductor);
}

void fake_close(struct fake_members *fake)
{
    conductor_free(fake->conductor);
    fake->exchange.ops->close(&fake->exchange);
    groups_free(&fake->groups);
}

enum err_code fake_regroup(struct fake_members *fake, const uint32_t group_of_board[BOARDS_HERE], sim_time at,
                           struct err *err)
{
    groups_change(&fake->groups, &fake->tiny.machine, group_of_board, worker_of_board);
    return conductor_regroup(fake->conductor, at, err);
}

void fake_take(struct fake_members *fake, uint32_t group)
{
    for (uint32_t b = 0; b < BOARDS_HERE; b++) {
        struct fake_board *board = &fake->boards[b];
        while (fake->groups.group_of_board[b] == group && board->taken < board->n_reports &&
               board->reports[board->taken] < board->reached)
            board->taken++;
    }
}

bool fake_granted(const struct fake_members *fake, uint32_t group, sim_time until)
{
    NP_ASSERT(fake->n_grants <= NP_ARRAY_LEN(fake->grants));
    for (uint32_t i = 0; i < fake->n_grants; i++)
        if (fake->grants[i].group == group && fake->grants[i].until == until)
            return true;
    return false;
}
