// SPDX-License-Identifier: Apache-2.0
#include "hmc/client/last.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/codec/api_last.h"

#define EVENTS_MAX 65536u // runs leave 10,000

static FILE *open_last(const char *folder)
{
    char path[PATH_MAX_BYTES + sizeof API_LAST_NAME + 1];
    snprintf(path, sizeof path, "%s/" API_LAST_NAME, folder);
    return fopen(path, "re");
}

bool client_last_there(const char *folder)
{
    FILE *file = open_last(folder);
    return file && fclose(file) == 0;
}

// What has been read of the events.
struct past {
    struct api_event *events; // owned
    uint32_t n;
};

static void take_events(struct past *past, const struct api_reply *reply)
{
    size_t n = past->n + reply->n_events;
    if (reply->n_events == 0 || n > EVENTS_MAX)
        return;
    past->events = realloc(past->events, n * sizeof *past->events);
    NP_ASSERT(past->events);
    memcpy(past->events + past->n, reply->events, reply->n_events * sizeof *past->events);
    past->n = (uint32_t)n;
}

// What a reply brings changes its owner.
static void take(struct client_last *last, struct api_reply *reply)
{
    if (reply->has_snapshot) {
        api_snapshot_free(&last->snapshot);
        last->snapshot = reply->snapshot;
        reply->snapshot = (struct api_snapshot){0};
    }
    if (reply->has_series) {
        api_series_free(&last->series);
        last->series = reply->series;
        reply->series = (struct api_series){0};
    }
    if (reply->has_sample) {
        api_sample_free(&last->sample);
        last->sample = reply->sample;
        reply->sample = (struct api_sample){0};
    }
}

// Columns go by places of the snapshot: others would be read beyond their end.
static void fit(struct client_last *last)
{
    if (last->series.n_partitions != last->snapshot.n_partitions)
        api_series_free(&last->series);
    if (last->sample.n_partitions != last->snapshot.n_partitions ||
        last->sample.n_boards != last->snapshot.n_boards)
        api_sample_free(&last->sample);
}

static enum err_code read_replies(FILE *in, struct client_last *last, struct past *past, struct err *err)
{
    bool got = true;
    while (got) {
        struct api_reply reply;
        if (api_last_get(in, &reply, &got, err))
            return err->code;
        if (got) {
            take_events(past, &reply);
            take(last, &reply);
            api_reply_free(&reply);
        }
    }
    return last->snapshot.n_partitions ? ERR_OK : err_set(err, ERR_DAMAGED_MESSAGE, "it has no machine");
}

static enum err_code read_all(FILE *in, struct client_last *last, struct err *err)
{
    struct past past = {0};
    enum err_code code = api_last_open(in, err);
    if (!code)
        code = read_replies(in, last, &past, err);
    last->events = past.events;
    last->n_events = past.n;
    return code;
}

enum err_code client_last_read(const char *folder, struct client_last *last, struct err *err)
{
    struct err why;
    *last = (struct client_last){0};
    FILE *in = open_last(folder);
    if (!in)
        return err_set(
            err, ERR_OVER,
            "%.200s: this run has ended without leaving its last state; numaplex report shows its results",
            folder);
    enum err_code code = read_all(in, last, &why);
    fclose(in);
    if (code) {
        client_last_free(last);
        return err_set(err, ERR_OVER, "%.200s/" API_LAST_NAME ": %s; numaplex report shows the run's results",
                       folder, why.text);
    }
    fit(last);
    snprintf(last->snapshot.folder, sizeof last->snapshot.folder, "%s", folder);
    strcpy(last->snapshot.state, "ended");
    return ERR_OK;
}

void client_last_free(struct client_last *last)
{
    api_snapshot_free(&last->snapshot);
    api_series_free(&last->series);
    api_sample_free(&last->sample);
    free(last->events);
    *last = (struct client_last){0};
}
