// SPDX-License-Identifier: Apache-2.0
#include "node/host/texts.h"

#include <stdlib.h>

#include "proto/base/assert.h"

#define SEND_NS UINT64_C(50000000) // a person sees no difference

void texts_init(struct texts *texts, const struct crew *crew)
{
    *texts = (struct texts){0};
    pthread_mutex_init(&texts->mutex, NULL);
    texts->groups = calloc(crew->groups->n + 1, sizeof *texts->groups);
    NP_ASSERT(texts->groups);
    texts->n_groups = crew->groups->n;
    for (uint32_t g = 0; g < texts->n_groups; g++) {
        bool here = false;
        for (uint32_t m = 0; m < MEMBERS_MAX; m++) {
            texts->groups[g].reached[m] = crew_share(crew, g, m) ? 0 : SIM_NEVER;
            here |= texts->groups[g].reached[m] == 0;
        }
        texts->groups[g].wanted = here && crew->machine->partitions[g].guest.image[0];
        texts->wanted |= texts->groups[g].wanted;
    }
}

void texts_free(struct texts *texts)
{
    for (uint32_t g = 0; g < texts->n_groups; g++) {
        struct text_list *waiting = &texts->groups[g].waiting;
        for (uint32_t i = 0; i < texts->groups[g].taken; i++)
            waiting->items[i].bytes = NULL; // given away
        text_list_free(waiting);
    }
    if (texts->groups)
        pthread_mutex_destroy(&texts->mutex);
    free(texts->groups);
    *texts = (struct texts){0};
}

// Takes what no later piece can come before; `all`: everything.
static void take(struct texts *texts, struct text_group *group, struct board *board, bool all)
{
    uint32_t n = group->waiting.n;
    board_take_texts(board, all, &group->waiting);
    for (; n < group->waiting.n; n++)
        texts->waiting += group->waiting.items[n].size;
}

void texts_grant(struct texts *texts, const struct share *share, uint32_t group, uint32_t member,
                 sim_time until)
{
    struct text_group *own = &texts->groups[group];
    if (!own->wanted)
        return;
    pthread_mutex_lock(&texts->mutex);
    for (uint32_t i = 0; i < share->n; i++)
        take(texts, own, share->boards[i], false);
    own->reached[member] = until;
    pthread_mutex_unlock(&texts->mutex);
}

void texts_end(struct texts *texts, const struct crew *crew)
{
    for (uint32_t b = 0; b < crew->machine->n_boards; b++) {
        if (!crew->boards[b])
            continue;
        struct text_group *group = &texts->groups[crew->machine->boards[b].partition];
        if (group->wanted)
            take(texts, group, crew->boards[b], true);
    }
    for (uint32_t g = 0; g < texts->n_groups; g++)
        for (uint32_t m = 0; m < MEMBERS_MAX; m++)
            texts->groups[g].reached[m] = SIM_NEVER;
}

static sim_time least_reached(const struct text_group *group)
{
    sim_time least = SIM_NEVER;
    for (uint32_t m = 0; m < MEMBERS_MAX; m++)
        least = sim_min(least, group->reached[m]);
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
static bool take_chunk(struct text_group *group, struct control_text *chunk)
{
    sim_time reached = least_reached(group);
    if (group->taken == group->waiting.n && reached == group->said)
        return false;
    uint32_t n = chunk_at(&group->waiting, group->taken);
    for (uint32_t i = 0; i < n; i++)
        text_list_give(&chunk->pieces, &group->waiting.items[group->taken + i]);
    group->taken += n;
    if (group->taken == group->waiting.n) {
        group->taken = group->waiting.n = 0;
        group->said = reached;
    }
    chunk->reached = group->said;
    return true;
}

bool texts_next(struct texts *texts, struct control_text *chunk)
{
    *chunk = (struct control_text){0};
    pthread_mutex_lock(&texts->mutex);
    bool found = false;
    for (uint32_t g = 0; g < texts->n_groups && !found; g++) {
        chunk->partition = g;
        found = texts->groups[g].wanted && take_chunk(&texts->groups[g], chunk);
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
