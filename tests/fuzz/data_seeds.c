// SPDX-License-Identifier: Apache-2.0
// data-seeds FOLDER: writes the seeds of the data fuzzer, one message of each kind without its checksum.
#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/codec/data.h"

#define RUN           UINT64_C(0x1122334455667788)
#define CHECKSUM_SIZE 9

static void write_seed(const char *folder, const char *name, const struct bytes *bytes)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    NP_ASSERT(file);
    bool written = fwrite(bytes->data, bytes->size - CHECKSUM_SIZE, 1, file) == 1;
    bool closed = fclose(file) == 0;
    NP_ASSERT(written && closed);
}

// One message of each type, every column in use.
static void fill(struct message_list *list)
{
    static const uint8_t line[16] = "sixteen bytes..";
    message_list_init(list, sizeof line);
    for (unsigned type = 0; type < MSG_TYPE_COUNT; type++) {
        struct message message = {.time = 1000 + 10 * type,
                                  .dst = component(type, UNIT_HOME),
                                  .src = component(1, UNIT_AGENT),
                                  .seq = type,
                                  .line = message_vnet(type) == VN_SIGNAL ? UINT64_MAX - type : 64 * type,
                                  .txn = 5,
                                  .requestor = 1,
                                  .acks = message_counts_acks(type) ? 3 : 0,
                                  .type = (uint8_t)type,
                                  .flags = MSGF_DIRTY,
                                  .map_version = 1};
        message_list_add(list, &message, message_carries_data(type) ? line : NULL);
    }
}

static void fill_frames(struct frame_list *list)
{
    uint8_t bytes[] = "frame";
    for (uint32_t i = 0; i < 3; i++) {
        struct frame frame = {.time = 2000 + i,
                              .dst = component(1, UNIT_ADAPTER),
                              .src = component(0, UNIT_ADAPTER),
                              .seq = i,
                              .link = i,
                              .size = i,
                              .bytes = bytes};
        frame_list_add(list, &frame);
    }
    struct frame packet = {.time = 3000,
                           .dst = component(2, UNIT_PORT),
                           .src = component(1, UNIT_PORT),
                           .link = CROSSBAR_PACKET,
                           .size = 2,
                           .bytes = bytes};
    frame_list_add(list, &packet);
}

int main(int argc, char **argv)
{
    NP_ASSERT(argc == 2);
    struct data_codec *codec = data_codec_new();
    struct bytes bytes = {0};
    struct envelope envelope = {RUN, 1, DATA_GRANT, 2, 3, 4};
    struct grant grant = {.until = 5000};
    struct batch batch = {.reached = 5000, .bound = 6000, .accesses = 7, .events = 8, .running = 9};
    data_encode_grant(codec, &envelope, &grant, &bytes, NULL);
    write_seed(argv[1], "grant-empty", &bytes);
    fill(&grant.arrivals);
    fill_frames(&grant.frames);
    data_encode_grant(codec, &envelope, &grant, &bytes, NULL);
    write_seed(argv[1], "grant", &bytes);
    data_encode_batch(codec, &envelope, &batch, &bytes, NULL);
    write_seed(argv[1], "batch-empty", &bytes);
    fill(&batch.messages);
    fill_frames(&batch.frames);
    time_list_add(&batch.reports, 4000);
    data_encode_batch(codec, &envelope, &batch, &bytes, NULL);
    write_seed(argv[1], "batch", &bytes);
    for (envelope.kind = DATA_ASK; envelope.kind < DATA_KIND_COUNT; envelope.kind++) {
        data_encode_signal(&envelope, &bytes);
        write_seed(argv[1], data_kind_name(envelope.kind), &bytes);
    }
    return 0;
}
