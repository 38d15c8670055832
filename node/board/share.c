// SPDX-License-Identifier: Apache-2.0
#include "node/board/share.h"

#include "proto/base/assert.h"

void share_add(struct share *share, struct board *board, unsigned number)
{
    NP_ASSERT(number < BOARDS_MAX && share->n < BOARDS_PER_SYSTEM_MAX);
    share->boards[share->n++] = board;
    share->by_number[number] = board;
}

static struct board *find(const struct share *share, component_id dst)
{
    unsigned number = component_board(dst);
    return number < BOARDS_MAX ? share->by_number[number] : NULL;
}

enum err_code share_begin(struct share *share, const struct grant *grant, struct err *err)
{
    for (uint32_t i = 0; i < grant->arrivals.n; i++) {
        const struct message *message = &grant->arrivals.items[i];
        struct board *board = find(share, message->dst);
        if (!board)
            return err_set(err, ERR_DAMAGED_MESSAGE,
                           "grant %llu: a message to board %u, which is not simulated here",
                           (unsigned long long)grant->seq, component_board(message->dst));
        board_deliver(board, message, message_list_data(&grant->arrivals, message));
    }
    for (uint32_t i = 0; i < grant->frames.n; i++) {
        struct board *board = find(share, grant->frames.items[i].dst);
        if (!board)
            return err_set(err, ERR_DAMAGED_MESSAGE,
                           "grant %llu: a frame to board %u, which is not simulated here",
                           (unsigned long long)grant->seq, component_board(grant->frames.items[i].dst));
        board_deliver_frame(board, &grant->frames.items[i]);
    }
    return ERR_OK;
}

bool share_advance(struct share *share, sim_time until, uint64_t budget)
{
    for (uint32_t i = 0; i < share->n; i++)
        if (!board_run(share->boards[i], until, budget))
            return false;
    return true;
}

// Packets of the crossbar stay here like messages; frames of timed links concern the conductor, who has the
// clocks of both ends.
static void hand_over_frames(struct share *share, struct frame_list *frames, struct batch *batch)
{
    for (uint32_t i = 0; i < frames->n; i++) {
        const struct frame *frame = &frames->items[i];
        struct board *own = frame->link == CROSSBAR_PACKET ? find(share, frame->dst) : NULL;
        if (own)
            board_deliver_frame(own, frame);
        else
            frame_list_add(&batch->frames, frame);
    }
    frame_list_clear(frames);
}

static void hand_over(struct share *share, struct board *board, struct batch *batch)
{
    struct message_list *outbox = board_outbox(board);
    for (uint32_t i = 0; i < outbox->n; i++) {
        const struct message *message = &outbox->items[i];
        const uint8_t *data = message_list_data(outbox, message);
        struct board *own = find(share, message->dst);
        if (own)
            board_deliver(own, message, data);
        else
            message_list_add(&batch->messages, message, data);
    }
    message_list_clear(outbox);
    hand_over_frames(share, board_frames(board), batch);
}

// When the reports were made that wait in the board.
static void tell_reports(const struct board *board, struct batch *batch)
{
    uint32_t n = board_reports(board);
    for (uint32_t i = 0; i < n; i++)
        time_list_add(&batch->reports, board_report_time(board, i));
}

void share_finish(struct share *share, const struct grant *grant, struct batch *batch)
{
    message_list_clear(&batch->messages);
    frame_list_clear(&batch->frames);
    batch->messages.line_bytes = board_outbox(share->boards[0])->line_bytes;
    for (uint32_t i = 0; i < share->n; i++)
        hand_over(share, share->boards[i], batch);
    batch->reached = grant->until;
    batch->bound = SIM_NEVER;
    batch->accesses = batch->events = 0;
    batch->running = 0;
    batch->reports.n = 0;
    for (uint32_t i = 0; i < share->n; i++) {
        batch->bound = sim_min(batch->bound, board_bound(share->boards[i]));
        batch->accesses += board_accesses(share->boards[i]);
        batch->events += board_events(share->boards[i]);
        batch->running += board_running(share->boards[i]);
        tell_reports(share->boards[i], batch);
    }
}
