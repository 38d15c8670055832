// SPDX-License-Identifier: Apache-2.0
// The adapter of a board: frames of bytes out to timed links and in from them.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

uint32_t adapter_hold(struct board *board, const struct frame *frame)
{
    uint32_t slot = 0;
    while (slot < board->n_frame_slots && board->frame_slots[slot].used)
        slot++;
    if (slot == board->n_frame_slots) {
        board->frame_slots = realloc(board->frame_slots, ++board->n_frame_slots * sizeof *board->frame_slots);
        NP_ASSERT(board->frame_slots);
    }
    struct frame_slot *held = &board->frame_slots[slot];
    held->used = true;
    held->frame = *frame;
    held->frame.bytes = malloc(frame->size ? frame->size : 1);
    NP_ASSERT(held->frame.bytes);
    memcpy(held->frame.bytes, frame->bytes, frame->size);
    return slot;
}

struct frame adapter_take(struct board *board, uint32_t slot)
{
    NP_ASSERT(slot < board->n_frame_slots && board->frame_slots[slot].used);
    board->frame_slots[slot].used = false;
    return board->frame_slots[slot].frame; // its bytes are now the caller's
}

void adapter_free(struct board *board)
{
    for (uint32_t i = 0; i < board->n_frame_slots; i++)
        if (board->frame_slots[i].used)
            free(board->frame_slots[i].frame.bytes);
    free(board->frame_slots);
    free(board->link_free_at);
}

void adapter_send(void *self, struct cpu *cpu, uint32_t link, const uint8_t *bytes, uint32_t size,
                  sim_time at)
{
    struct board *board = self;
    // The slot's bytes are a copy: the constness of the argument is kept in fact.
    struct frame frame = {.link = link, .size = size, .bytes = (uint8_t *)(uintptr_t)bytes};
    struct order_key key = {at + board->params->bus_order, board_unit(board, UNIT_ADAPTER), cpu->id,
                            cpu->seq++};
    board_schedule(board, EV_FRAME_OUT, key, adapter_hold(board, &frame));
}

void adapter_egress(struct board *board, uint32_t payload)
{
    struct frame frame = adapter_take(board, payload);
    const struct link_desc *link = &board->machine->links[frame.link];
    unsigned far = link->board[0] == board->number ? link->board[1] : link->board[0];
    sim_time start = sim_max(board->now, board->link_free_at[frame.link]);
    board->link_free_at[frame.link] = start + sim_transfer_time(frame.size, link->bytes_per_s);
    frame.src = board_unit(board, UNIT_ADAPTER);
    frame.dst = component(far, UNIT_ADAPTER);
    frame.seq = board->adapter_seq++;
    frame.time = board->link_free_at[frame.link] + link->latency;
    frame_list_add(&board->frames_out, &frame);
    free(frame.bytes);
    board_count(board, CNT_FRAMES_SENT, 1);
}

void adapter_arrive(struct board *board, uint32_t payload)
{
    struct frame frame = adapter_take(board, payload);
    board_count(board, CNT_FRAMES_RECEIVED, 1);
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        if (cpu->ops && cpu->ops->frame && cpu->desc->link == frame.link &&
            cpu->desc->pattern == PATTERN_FRAMES) {
            cpu->ops->frame(cpu, frame.bytes, frame.size, board->now);
            break;
        }
    }
    free(frame.bytes);
}

void adapter_frame_state(struct board *board, struct archive *ar, bool packet, uint32_t *payload)
{
    struct frame frame = {0};
    if (!ar_loading(ar))
        frame = board->frame_slots[*payload].frame;
    ar_u64(ar, &frame.time);
    ar_u32(ar, &frame.dst);
    ar_u32(ar, &frame.src);
    ar_u64(ar, &frame.seq);
    if (packet)
        frame.link = CROSSBAR_PACKET;
    else
        ar_count(ar, &frame.link, LINKS_MAX - 1);
    ar_count(ar, &frame.size, FRAME_BYTES_MAX);
    if (!ar_loading(ar)) {
        ar_bytes(ar, frame.bytes, frame.size);
        return;
    }
    uint8_t *bytes = malloc(FRAME_BYTES_MAX);
    NP_ASSERT(bytes);
    ar_bytes(ar, bytes, frame.size);
    frame.bytes = bytes;
    if (!packet && frame.link >= board->machine->n_links)
        ar_fail(ar, "a frame on timed link %u", frame.link);
    *payload = adapter_hold(board, &frame);
    free(bytes);
}
