// SPDX-License-Identifier: Apache-2.0
#include "proto/base/message.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

static const struct {
    const char *name;
    enum vnet vnet;
    bool data;
} types[] = {
#define X(name, text, vnet, data) {text, vnet, data},
    MESSAGE_TYPES(X)
#undef X
};

const char *message_name(unsigned type)
{
    return type < MSG_TYPE_COUNT ? types[type].name : "?";
}

enum vnet message_vnet(unsigned type)
{
    NP_ASSERT(type < MSG_TYPE_COUNT);
    return types[type].vnet;
}

bool message_carries_data(unsigned type)
{
    return type < MSG_TYPE_COUNT && types[type].data;
}

bool message_counts_acks(unsigned type)
{
    return type == MSG_FWD_GETM || type == MSG_ACK_COUNT || type == MSG_SIGNAL_ANSWER ||
           message_vnet(type) == VN_RESPONSE;
}

void message_list_init(struct message_list *list, uint32_t line_bytes)
{
    *list = (struct message_list){.line_bytes = line_bytes};
}

void message_list_free(struct message_list *list)
{
    free(list->items);
    free(list->lines);
    *list = (struct message_list){.line_bytes = list->line_bytes};
}

void message_list_clear(struct message_list *list)
{
    list->n = 0;
    list->n_lines = 0;
}

static void *grown(void *old, uint32_t *capacity, size_t item)
{
    *capacity = *capacity ? 2 * *capacity : 16;
    void *grown = realloc(old, *capacity * item);
    NP_ASSERT(grown);
    return grown;
}

struct message *message_list_add(struct message_list *list, const struct message *message,
                                 const uint8_t *data)
{
    if (list->n == list->capacity)
        list->items = grown(list->items, &list->capacity, sizeof *list->items);
    struct message *item = &list->items[list->n++];
    *item = *message;
    item->data = NO_DATA;
    if (data) {
        if (list->n_lines == list->lines_capacity)
            list->lines = grown(list->lines, &list->lines_capacity, list->line_bytes);
        memcpy(list->lines + (size_t)list->n_lines * list->line_bytes, data, list->line_bytes);
        item->data = list->n_lines++;
    }
    return item;
}

const uint8_t *message_list_data(const struct message_list *list, const struct message *message)
{
    return message->data == NO_DATA ? NULL : list->lines + (size_t)message->data * list->line_bytes;
}

void frame_list_clear(struct frame_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        free(list->items[i].bytes);
    list->n = 0;
}

void frame_list_free(struct frame_list *list)
{
    frame_list_clear(list);
    free(list->items);
    *list = (struct frame_list){0};
}

struct frame *frame_list_add(struct frame_list *list, const struct frame *frame)
{
    if (list->n == list->capacity)
        list->items = grown(list->items, &list->capacity, sizeof *list->items);
    struct frame *item = &list->items[list->n++];
    *item = *frame;
    item->bytes = malloc(frame->size ? frame->size : 1);
    NP_ASSERT(item->bytes);
    if (frame->size) // an empty frame may come without a place
        memcpy(item->bytes, frame->bytes, frame->size);
    return item;
}

void time_list_free(struct time_list *list)
{
    free(list->items);
    *list = (struct time_list){0};
}

void time_list_add(struct time_list *list, sim_time time)
{
    if (list->n == list->capacity)
        list->items = grown(list->items, &list->capacity, sizeof *list->items);
    uint32_t at = list->n++;
    for (; at > 0 && list->items[at - 1] > time; at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = time;
}

void grant_free(struct grant *grant)
{
    message_list_free(&grant->arrivals);
    frame_list_free(&grant->frames);
}

void batch_free(struct batch *batch)
{
    message_list_free(&batch->messages);
    frame_list_free(&batch->frames);
    time_list_free(&batch->reports);
}
