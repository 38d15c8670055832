// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/wire.h"

#include "fabric/link/host_time.h"

uint64_t wire_host_now_ns(void *unused)
{
    (void)unused;
    return host_now_ns();
}

void wire_open(struct wire *wire, struct link *link, uint64_t run, uint32_t epoch,
               const struct wire_clock *clock, struct host_stats *stats)
{
    *wire = (struct wire){.link = link, .clock = *clock, .run = run, .epoch = epoch};
    wire->codec = data_codec_new();
    wire->stats = stats ? stats : &wire->unwanted;
    if (!clock->now_ns)
        wire->clock.now_ns = wire_host_now_ns;
}

void wire_close(struct wire *wire)
{
    wire->link->ops->close(wire->link);
    data_codec_free(wire->codec);
    bytes_free(&wire->signal);
}

enum err_code wire_send(struct wire *wire, uint32_t peer, const struct bytes *bytes, struct err *err)
{
    wire->stats->bytes_out += bytes->size;
    return wire->link->ops->send(wire->link, peer, bytes->data, bytes->size, err);
}

enum err_code wire_signal(struct wire *wire, uint32_t peer, enum data_kind kind, uint32_t group,
                          uint32_t member, uint64_t seq, struct err *err)
{
    struct envelope envelope = {wire->run, wire->epoch, kind, group, member, seq};
    data_encode_signal(&envelope, &wire->signal);
    return wire_send(wire, peer, &wire->signal, err);
}

static enum err_code check_epoch(struct wire *wire, uint32_t epoch, bool *got, struct err *err)
{
    if (epoch > wire->epoch)
        return err_set(err, ERR_EPOCH,
                       "a message of epoch %u has come, this process belongs to epoch %u: the run was taken "
                       "over by another conductor",
                       epoch, wire->epoch);
    *got = epoch == wire->epoch;
    wire->stats->duplicates += !*got; // an echo of an earlier epoch
    return ERR_OK;
}

static enum err_code judge(struct wire *wire, const uint8_t *bytes, size_t size, bool *got,
                           struct envelope *envelope, struct err *err)
{
    const char *reason;
    switch (data_decode(wire->codec, bytes, size, wire->run, envelope, &reason)) {
    case DATA_GOOD:
        return check_epoch(wire, envelope->epoch, got, err);
    case DATA_DAMAGED:
        wire->stats->damaged++;
        return ERR_OK;
    case DATA_FOREIGN:
        wire->stats->foreign++;
        return ERR_OK;
    case DATA_IMPOSSIBLE:
        break;
    }
    return err_set(err, ERR_DAMAGED_MESSAGE, "a message of %zu bytes is impossible: %s", size, reason);
}

enum err_code wire_receive(struct wire *wire, uint64_t wait_ns, bool *got, uint32_t *peer,
                           struct envelope *envelope, struct err *err)
{
    const uint8_t *bytes;
    size_t size;
    *got = false;
    int64_t wait_us = (int64_t)((wait_ns + NS_PER_US - 1) / NS_PER_US);
    enum err_code code = wire->link->ops->receive(wire->link, wait_us, peer, &bytes, &size, err);
    wire->stats->foreign += wire->link->foreign - wire->link_foreign;
    wire->link_foreign = wire->link->foreign;
    if (code || !bytes)
        return code;
    wire->stats->bytes_in += size;
    code = judge(wire, bytes, size, got, envelope, err);
    return code == ERR_DAMAGED_MESSAGE ? err_wrap(err, "peer %u", *peer) : code;
}
