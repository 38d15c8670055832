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
    for (uint32_t g = 0; g < texts->n_groups; g++)
        text_list_free(&texts->groups[g].waiting);
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

// The last message says how far the boards have come; before it some of their pieces are still missing.
static enum err_code send_group(struct control_client *client, uint32_t group, struct text_list *list,
                                sim_time said, sim_time reached, struct err *err)
{
    uint32_t at = 0;
    do {
        uint32_t n = chunk_at(list, at);
        struct control control = {.kind = CONTROL_TEXT};
        control.text = (struct control_text){group,
                                             at + n == list->n ? reached : said,
                                             {.n = n, .items = list->items ? list->items + at : NULL}};
        if (control_client_send(client, &control, err))
            return err->code;
        at += n;
    } while (at < list->n);
    return ERR_OK;
}

static enum err_code send_new(struct texts *texts, struct control_client *client, uint32_t g, struct err *err)
{
    struct text_group *group = &texts->groups[g];
    pthread_mutex_lock(&texts->mutex);
    struct text_list list = group->waiting;
    group->waiting = (struct text_list){0};
    sim_time reached = least_reached(group), said = group->said;
    group->said = reached;
    for (uint32_t i = 0; i < list.n; i++)
        texts->waiting -= list.items[i].size;
    pthread_mutex_unlock(&texts->mutex);
    enum err_code code = ERR_OK;
    if (list.n || reached != said)
        code = send_group(client, g, &list, said, reached, err);
    text_list_free(&list);
    return code;
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
    for (uint32_t g = 0; g < texts->n_groups; g++)
        if (texts->groups[g].wanted && send_new(texts, client, g, err))
            return err->code;
    return ERR_OK;
}
