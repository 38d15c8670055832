// SPDX-License-Identifier: Apache-2.0
#include "node/host/texts.h"

#include <stdlib.h>

#include "proto/base/assert.h"

#define SEND_NS UINT64_C(50000000) // a person sees no difference

// Partitions without a guest write nothing; a board may join one that has none here.
static bool has_guest(const struct texts *texts, uint32_t partition)
{
    return partition != NO_PARTITION && texts->crew->machine->partitions[partition].guest.image[0];
}

void texts_init(struct texts *texts, const struct crew *crew)
{
    *texts = (struct texts){.crew = crew, .n_partitions = crew->machine->n_partitions};
    pthread_mutex_init(&texts->mutex, NULL);
    texts->partitions = calloc(texts->n_partitions + 1, sizeof *texts->partitions);
    NP_ASSERT(texts->partitions);
    for (uint32_t p = 0; p < texts->n_partitions; p++)
        texts->wanted |= has_guest(texts, p);
    for (uint32_t b = 0; b < crew->machine->n_boards; b++)
        for (uint32_t p = 0; crew->boards[b] && p < texts->n_partitions; p++)
            texts->partitions[p].wanted |=
                has_guest(texts, p) && crew->machine->boards[b].system == crew->machine->partitions[p].system;
}

void texts_follow(struct texts *texts, const struct board *board, sim_time at)
{
    if (!texts->wanted || !has_guest(texts, board_partition(board)))
        return;
    pthread_mutex_lock(&texts->mutex);
    sim_time *reached = &texts->reached[board_number(board)];
    *reached = sim_max(*reached, at);
    pthread_mutex_unlock(&texts->mutex);
}

void texts_free(struct texts *texts)
{
    for (uint32_t p = 0; p < texts->n_partitions; p++) {
        struct text_list *waiting = &texts->partitions[p].waiting;
        for (uint32_t i = 0; i < texts->partitions[p].taken; i++)
            waiting->items[i].bytes = NULL; // given away
        text_list_free(waiting);
    }
    if (texts->partitions)
        pthread_mutex_destroy(&texts->mutex);
    free(texts->partitions);
    *texts = (struct texts){0};
}

// Takes what no later piece can come before; `all`: everything.
static void take(struct texts *texts, struct board *board, bool all, sim_time reached)
{
    if (!has_guest(texts, board_partition(board)))
        return;
    struct text_partition *partition = &texts->partitions[board_partition(board)];
    uint32_t n = partition->waiting.n;
    board_take_texts(board, all, &partition->waiting);
    for (; n < partition->waiting.n; n++)
        texts->waiting += partition->waiting.items[n].size;
    texts->reached[board_number(board)] = reached;
}

void texts_grant(struct texts *texts, const struct share *share, sim_time until)
{
    if (!texts->wanted)
        return;
    pthread_mutex_lock(&texts->mutex);
    for (uint32_t i = 0; i < share->n; i++)
        take(texts, share->boards[i], false, until);
    pthread_mutex_unlock(&texts->mutex);
}

void texts_end(struct texts *texts)
{
    for (uint32_t b = 0; texts->wanted && b < texts->crew->machine->n_boards; b++)
        if (texts->crew->boards[b])
            take(texts, texts->crew->boards[b], true, SIM_NEVER);
}

// By the boards of a partition that are here.
static sim_time least_reached(const struct texts *texts, uint32_t partition)
{
    sim_time least = SIM_NEVER;
    for (uint32_t b = 0; b < texts->crew->machine->n_boards; b++)
        if (texts->crew->boards[b] && board_partition(texts->crew->boards[b]) == partition)
            least = sim_min(least, texts->reached[b]);
    return least;
}

// As many of the pieces from number `at` on as a message may hold.
static uint32_t chunk_at(const struct text_list *list, uint32_t at)
{
    uint32_t n = 0;
    for (uint64_t bytes = 0; at + n < list->n && n < TEXT_CHUNK_PIECES; n++) {
        bytes += list->items[at + n].size;
        if (bytes > TEXT_CHUNK_BYTES)
            break;
    }
    return n;
}

// The last chunk of what waits says how far the boards have come; before it some of their pieces are missing.
static bool take_chunk(struct text_partition *partition, sim_time reached, struct control_text *chunk)
{
    if (partition->taken == partition->waiting.n && reached == partition->said)
        return false;
    uint32_t n = chunk_at(&partition->waiting, partition->taken);
    for (uint32_t i = 0; i < n; i++)
        text_list_give(&chunk->pieces, &partition->waiting.items[partition->taken + i]);
    partition->taken += n;
    if (partition->taken == partition->waiting.n) {
        partition->taken = partition->waiting.n = 0;
        partition->said = reached;
    }
    chunk->reached = partition->said;
    return true;
}

bool texts_next(struct texts *texts, struct control_text *chunk)
{
    *chunk = (struct control_text){0};
    pthread_mutex_lock(&texts->mutex);
    bool found = false;
    for (uint32_t p = 0; p < texts->n_partitions && !found; p++) {
        chunk->partition = p;
        found =
            texts->partitions[p].wanted && take_chunk(&texts->partitions[p], least_reached(texts, p), chunk);
    }
    for (uint32_t i = 0; i < chunk->pieces.n; i++)
        texts->waiting -= chunk->pieces.items[i].size;
    pthread_mutex_unlock(&texts->mutex);
    return found;
}

enum err_code texts_send(struct texts *texts, struct control_client *client, uint64_t now_ns, bool all,
                         struct err *err)
{
    if (!texts->wanted)
        return ERR_OK;
    pthread_mutex_lock(&texts->mutex);
    bool due = all || texts->waiting >= TEXT_CHUNK_BYTES || now_ns - texts->sent_ns >= SEND_NS;
    pthread_mutex_unlock(&texts->mutex);
    if (!due)
        return ERR_OK;
    texts->sent_ns = now_ns;
    struct control control = {.kind = CONTROL_TEXT};
    while (texts_next(texts, &control.text)) {
        enum err_code code = control_client_send(client, &control, err);
        text_list_free(&control.text.pieces);
        if (code)
            return code;
    }
    return ERR_OK;
}
