// SPDX-License-Identifier: Apache-2.0
// A board's state, described once for saving, loading and hashing; and its results.
#include <stdio.h>
#include <string.h>

#include "node/board/internal.h"

void message_state(struct message *message, struct archive *ar)
{
    ar_u64(ar, &message->time);
    ar_u32(ar, &message->dst);
    ar_u32(ar, &message->src);
    ar_u64(ar, &message->seq);
    ar_u64(ar, &message->line);
    ar_u32(ar, &message->txn);
    ar_u16(ar, &message->requestor);
    ar_i16(ar, &message->acks);
    ar_u8(ar, &message->type);
    ar_u8(ar, &message->flags);
    ar_u16(ar, &message->map_version);
    if (message->type >= MSG_TYPE_COUNT || message->flags > MSGF_ALL ||
        component_board(message->dst) >= BOARDS_MAX || component_board(message->src) >= BOARDS_MAX)
        ar_fail(ar, "a message of type %u", message->type);
}

uint32_t pool_item_state(struct board *board, struct archive *ar, uint32_t payload)
{
    if (ar_loading(ar))
        payload = pool_take(&board->pool);
    struct pool_item *item = pool_item(&board->pool, payload);
    message_state(&item->message, ar);
    ar_bool(ar, &item->has_data);
    if (item->has_data)
        ar_bytes(ar, item->data, board->params->line_bytes);
    return payload;
}

static bool is_packet(uint32_t type)
{
    return type == EV_PACKET_OUT || type == EV_PACKET_ARRIVE || type == EV_PACKET_IN;
}

static void event_state(struct board *board, struct archive *ar, struct event *event)
{
    ar_u64(ar, &event->key.time);
    ar_u32(ar, &event->key.dst);
    ar_u32(ar, &event->key.src);
    ar_u64(ar, &event->key.seq);
    ar_count(ar, &event->type, EV_TYPE_COUNT - 1);
    if (event->type == EV_FAULT)
        ar_count(ar, &event->payload, FAULTS_MAX);
    else if (event->type == EV_INPUT)
        service_element_plan_state(board, ar, &event->payload);
    else if (event->type == EV_LINE)
        ar_count(ar, &event->payload, CLEANING_MAX - 1);
    else if (event->type == EV_DUTY)
        event->payload = 0;
    else if (event->type == EV_FRAME_OUT || event->type == EV_FRAME_IN)
        adapter_frame_state(board, ar, false, &event->payload);
    else if (is_packet(event->type))
        adapter_frame_state(board, ar, true, &event->payload);
    else
        event->payload = pool_item_state(board, ar, event->payload);
}

static void events_state(struct board *board, struct archive *ar)
{
    ar_mark(ar, "EVNT");
    struct event_queue *queue = &board->events;
    event_queue_sort(queue);
    uint32_t n = queue->n;
    ar_count(ar, &n, MESSAGES_MAX);
    if (ar_loading(ar))
        event_queue_free(queue); // the planned faults are in the saved queue too
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++) {
        struct event event = {0};
        if (!ar_loading(ar))
            event = queue->heap[i];
        event_state(board, ar, &event);
        if (ar_loading(ar) && !ar_failed(ar))
            event_queue_push(queue, &event);
    }
}

static void cache_line_state(struct cache_line *line, struct archive *ar)
{
    ar_u8(ar, &line->state);
    ar_bool(ar, &line->poison);
    ar_i16(ar, &line->acks);
    if (line->state >= CACHE_STATE_COUNT)
        ar_fail(ar, "a cache state of %u", line->state);
}

static void cache_state(struct board *board, struct archive *ar)
{
    struct board_cache *cache = &board->cache;
    ar_mark(ar, "CACH");
    ar_u32(ar, &cache->tick);
    for (uint32_t slot = 0; slot < cache->slots; slot++) {
        ar_u64(ar, &cache->tag[slot]);
        if (cache->tag[slot] == 0)
            continue; // what a free slot last held is no state
        cache_line_state(&cache->line[slot], ar);
        ar_u64(ar, &cache->presence[slot]);
        ar_u32(ar, &cache->stamp[slot]);
        ar_u16(ar, &cache->mshr[slot]);
        if (cache->mshr[slot] != NO_MSHR && cache->mshr[slot] >= board->n_mshrs)
            ar_fail(ar, "a slot of transaction %u", cache->mshr[slot]);
        ar_bytes(ar, cache->data + ((uint64_t)slot << cache->line_shift), cache->line_bytes);
    }
}

static void parking_state(struct parking *parking, struct archive *ar)
{
    ar_u8(ar, &parking->n);
    if (parking->n > PARKED_MAX) {
        ar_fail(ar, "%u parked forwards", parking->n);
        parking->n = 0;
    }
    for (unsigned i = 0; i < parking->n; i++)
        message_state(&parking->parked[i], ar);
}

static void waiter_state(struct waiter *waiter, struct archive *ar, uint32_t n_cpus)
{
    ar_u8(ar, &waiter->l1);
    ar_bool(ar, &waiter->store);
    if (waiter->l1 >> 1 >= n_cpus && waiter->l1 != CLEANER)
        ar_fail(ar, "a request of L1 number %u", waiter->l1);
}

static void mshr_state(struct board *board, struct mshr *mshr, struct archive *ar)
{
    ar_bool(ar, &mshr->used);
    if (!mshr->used)
        return;
    ar_bool(ar, &mshr->eviction);
    ar_u8(ar, &mshr->served);
    ar_u64(ar, &mshr->address);
    ar_u32(ar, &mshr->slot);
    ar_u32(ar, &mshr->txn);
    ar_u16(ar, &mshr->home);
    if (mshr->served >= SERVED_COUNT || (!mshr->eviction && mshr->slot >= board->cache.slots))
        ar_fail(ar, "a transaction in slot %u", mshr->slot);
    if (mshr->eviction) {
        cache_line_state(&mshr->line, ar);
        ar_bytes(ar, mshr->data, board->params->line_bytes);
    }
    parking_state(&mshr->parking, ar);
    uint32_t n = mshr->n_waiters;
    ar_count(ar, &n, NP_ARRAY_LEN(mshr->waiters));
    mshr->n_waiters = (uint16_t)n;
    for (uint32_t i = 0; i < n; i++)
        waiter_state(&mshr->waiters[i], ar, board->n_cpus);
}

static void agent_state(struct board *board, struct archive *ar)
{
    ar_mark(ar, "AGNT");
    ar_u64(ar, &board->agent_seq);
    ar_u32(ar, &board->next_txn);
    ar_u64(ar, &board->bus_free_at);
    ar_bool(ar, &board->put_refused);
    board->misses = board->evictions = 0;
    for (uint32_t i = 0; i < board->n_mshrs; i++) {
        struct mshr *mshr = &board->mshrs[i];
        mshr_state(board, mshr, ar);
        board->misses += mshr->used && !mshr->eviction;
        board->evictions += mshr->used && mshr->eviction;
    }
    if (ar_loading(ar))
        mshr_index(board);
    ar_count(ar, &board->n_stalled, NP_ARRAY_LEN(board->stalled));
    for (uint32_t i = 0; i < board->n_stalled; i++) {
        ar_u64(ar, &board->stalled[i].line);
        waiter_state(&board->stalled[i].waiter, ar, board->n_cpus);
    }
}

static void port_state(struct board *board, struct archive *ar)
{
    ar_mark(ar, "PORT");
    ar_u64(ar, &board->port.egress_free_at);
    ar_u64(ar, &board->port.ingress_free_at);
    ar_u64(ar, &board->port.seq);
    for (unsigned i = 0; i < board->system->boards; i++) {
        ar_u64(ar, &board->port.sent[i].messages);
        ar_u64(ar, &board->port.sent[i].bytes);
    }
    ar_u64(ar, &board->adapter_seq);
    for (uint32_t i = 0; i < board->machine->n_links; i++)
        ar_u64(ar, &board->link_free_at[i]);
}

static void counters_state(struct board *board, struct archive *ar)
{
    ar_mark(ar, "CNTR");
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        ar_u64(ar, &board->counters[i]);
    for (unsigned i = 0; i < MSG_TYPE_COUNT; i++)
        ar_u64(ar, &board->sent_by_type[i]);
    ar_u64(ar, &board->delivered_hash);
    ar_u64(ar, &board->last_event);
    ar_u64(ar, &board->trail_step);
    ar_u64(ar, &board->trail_next);
    ar_count(ar, &board->trail_n, TRAIL_MAX);
    for (uint32_t i = 0; i < board->trail_n; i++) {
        ar_u64(ar, &board->trail[i].time);
        ar_u64(ar, &board->trail[i].hash);
    }
    if (board->trail_step == 0)
        ar_fail(ar, "a trail without step");
}

void board_state(struct board *board, struct archive *ar)
{
    NP_ASSERT(board->outbox.n == 0 && board->frames_out.n == 0); // a cut has nothing on its way
    ar_mark(ar, "BORD");
    uint16_t number = board->number;
    ar_u16(ar, &number);
    if (number != board->number)
        ar_fail(ar, "the state of board %u where board %u is expected", number, board->number);
    firmware_state(board, ar); // before what is found through its segment map
    guest_state(board, ar);
    if (board->threads) // before the CPUs: it says whose thread each of them runs
        threads_state(board->threads, ar);
    if (ar_loading(ar) && !ar_failed(ar))
        guest_lend_loaded(board, ar); // pools' threads let go of their CPUs first
    if (ar_loading(ar) && board->firmware.testing)
        test_attach(board);
    for (uint32_t i = 0; i < board->n_cpus; i++)
        cpu_state(&board->cpus[i], ar, board->cache.slots);
    cache_state(board, ar);
    agent_state(board, ar);
    home_state(board, ar);
    port_state(board, ar);
    segment_map_state(&board->map, ar);
    service_element_state(board, ar);
    events_state(board, ar);
    counters_state(board, ar);
    text_state(board, ar);
}
