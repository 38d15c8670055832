// SPDX-License-Identifier: Apache-2.0
// Packets between the firmware of two boards: any bytes, over the crossbar port like messages, a header for
// each line's worth of bytes. First-in first-out per pair of boards.
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "node/board/internal.h"

void packet_begin(struct archive *packet, enum packet_kind kind)
{
    uint8_t first = (uint8_t)kind;
    ar_init_save(packet);
    ar_u8(packet, &first);
}

static uint64_t port_bytes(const struct board *board, uint32_t size)
{
    const struct board_params *params = board->params;
    uint64_t lines = (size + params->line_bytes - 1) / params->line_bytes;
    return size + lines * params->header_bytes;
}

static sim_time transfer(const struct board *board, uint32_t size)
{
    return sim_transfer_time(port_bytes(board, size), board->params->port_bytes_per_s);
}

void packet_send(struct board *board, unsigned to, struct archive *packet, sim_time at)
{
    NP_ASSERT(packet->at <= FRAME_BYTES_MAX);
    struct frame frame = {.dst = component(to, UNIT_FIRMWARE),
                          .src = board_unit(board, UNIT_FIRMWARE),
                          .seq = board->firmware.seq++,
                          .link = CROSSBAR_PACKET,
                          .size = (uint32_t)packet->at,
                          .bytes = packet->bytes};
    uint32_t payload = adapter_hold(board, &frame);
    ar_free(packet);
    at = sim_max(at, board->now) + board->params->agent_latency;
    if (to == board->number) {
        struct order_key key = {at + board->params->local_latency, frame.dst, frame.src, frame.seq};
        board_schedule(board, EV_PACKET_IN, key, payload);
        return;
    }
    struct order_key key = {at, board_unit(board, UNIT_PORT), frame.src, frame.seq};
    board_schedule(board, EV_PACKET_OUT, key, payload);
}

// Gates are the system controller's: it closes none while a packet could need it.
void packet_egress(struct board *board, uint32_t payload)
{
    struct frame frame = adapter_take(board, payload);
    unsigned to = component_board(frame.dst), member = to - board->system->first_board;
    NP_ASSERT(member < BOARDS_PER_SYSTEM_MAX);
    if (!(board->domain.members >> member & 1))
        np_panic("NP0101: board %u sends a packet to board %u, which its gate hides", board->number, to);
    sim_time egress_end = port_book_egress(board, transfer(board, frame.size));
    frame.time = egress_end + system_flight(board->system, board->number, to);
    frame_list_add(&board->frames_out, &frame);
    port_count_sent(board, to, port_bytes(board, frame.size));
    free(frame.bytes);
}

void packet_deliver(struct board *board, const struct frame *frame)
{
    struct order_key key = {sim_max(frame->time, board->reached), frame->dst, frame->src, frame->seq};
    NP_ASSERT(key.time == frame->time || board->machine->window); // only there may it come late
    board_count(board, CNT_LATE, key.time != frame->time);
    board_schedule(board, EV_PACKET_ARRIVE, key, adapter_hold(board, frame));
}

void packet_arrive(struct board *board, const struct event *event)
{
    uint32_t size = board->frame_slots[event->payload].frame.size;
    sim_time ingress_end = port_book_ingress(board, transfer(board, size));
    struct order_key key = event->key;
    key.time = ingress_end;
    board_schedule(board, EV_PACKET_IN, key, event->payload);
}

void packet_receive(struct board *board, const struct event *event)
{
    static void (*const receivers[PACKET_KIND_COUNT])(struct board *, unsigned from, struct archive *) = {
        [PACKET_UNMAP] = unmap_receive,  [PACKET_UNMAPPED] = drain_unmapped,
        [PACKET_MAP] = map_receive,      [PACKET_MAPPED] = drain_mapped,
        [PACKET_PAGE] = move_page_in,    [PACKET_PAGE_TAKEN] = move_page_taken,
        [PACKET_CLEAR] = copy_clear,     [PACKET_CLEARED] = copy_cleared,
        [PACKET_THREAD] = leave_arrived, [PACKET_THREAD_TAKEN] = leave_taken,
    };
    struct frame frame = adapter_take(board, event->payload);
    struct archive packet;
    uint8_t kind = 0;
    unsigned from = component_board(frame.src);
    board->firmware.touched = true;
    board_note_delivery(board, &event->key, MSG_TYPE_COUNT, XXH3_64bits(frame.bytes, frame.size));
    ar_init_load(&packet, frame.bytes, frame.size);
    ar_u8(&packet, &kind);
    if (kind < PACKET_KIND_COUNT)
        receivers[kind](board, from, &packet);
    if (kind >= PACKET_KIND_COUNT || ar_failed(&packet) || packet.at != packet.size)
        np_panic("NP0403: board %u: a packet of kind %u, %u bytes, from board %u", board->number, kind,
                 frame.size, from);
    free(frame.bytes);
}
