// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/run_ended.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hmc/client/json.h"
#include "hmc/web/events.h"
#include "hmc/web/run_folders.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

// Browsers get the events that this console has not told them, and the last sample when they join.
static void tell_hub(struct run *run)
{
    for (uint32_t i = 0; i < run->last.n_events; i++) {
        json_t *json = api_event_json(&run->last.events[i]);
        char *text = json_dumps(json, JSON_COMPACT);
        NP_ASSERT(text);
        hub_event(run->hub, run->last.events[i].seq, text);
        free(text);
        json_decref(json);
    }
    if (run->last.sample.n_boards == 0)
        return;
    json_t *json = api_sample_json(&run->last.sample);
    char *text = json_dumps(json, JSON_COMPACT);
    NP_ASSERT(text);
    hub_last_sample(run->hub, text);
    free(text);
    json_decref(json);
}

enum err_code run_open_ended(struct run *run, struct err *err)
{
    if (client_last_read(run->path, &run->last, err))
        return err->code;
    run->has_last = true;
    tell_hub(run);
    return ERR_OK;
}

const struct client_last *run_last(struct run *run)
{
    struct err ignored;
    if (strcmp(run->link, "ended") != 0)
        return NULL;
    if (!run->has_last)
        run_open_ended(run, &ignored);
    return run->has_last ? &run->last : NULL;
}

// A file of a run folder, from a byte on; ERR_FILE.
static enum err_code read_piece(const char *path, uint64_t from, struct api_reply *reply, struct err *err)
{
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    reply->console = malloc(API_CONSOLE_BYTES_MAX);
    NP_ASSERT(reply->console);
    ssize_t n = file >= 0 ? pread(file, reply->console, API_CONSOLE_BYTES_MAX, (off_t)from) : -1;
    if (n < 0 || fstat(file, &status) != 0) {
        err_errno(err, ERR_FILE, "%s", path);
    } else {
        err_clear(err);
        reply->n_console = (uint32_t)n;
        reply->console_end = (uint64_t)status.st_size;
    }
    if (file >= 0)
        close(file);
    return err->code;
}

enum err_code run_ended_console(struct run *run, const struct api_console *asked, struct api_reply *reply,
                                struct err *err)
{
    char path[PATH_MAX_BYTES + NAME_MAX_BYTES + 16];
    const struct client_last *last = run_last(run);
    NP_ASSERT(last);
    const struct api_partition *partition = client_partition(&last->snapshot, asked->partition);
    *reply = (struct api_reply){0};
    if (!partition || strchr(asked->partition, '/'))
        return err_set(err, ERR_UNKNOWN_NAME, "there is no partition '%.60s'", asked->partition);
    if (!partition->has_guest)
        return err_set(err, ERR_STATE, "%s has no console: no guest ran there", asked->partition);
    snprintf(path, sizeof path, "%s/console-%s.txt", run->path, asked->partition);
    return read_piece(path, asked->from_byte, reply, err);
}

enum err_code run_report_read(const char *path, char **page, size_t *n, struct err *err)
{
    char name[PATH_MAX_BYTES + 16];
    struct stat status;
    snprintf(name, sizeof name, "%s/report.html", path);
    int file = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool known = file >= 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode);
    *page = NULL;
    *n = 0;
    if (!known)
        err_set(err, ERR_OVER, "the run left no report; numaplex report RUN_DIR makes one of its results");
    else if (status.st_size > WEB_REPORT_BYTES_MAX)
        err_set(err, ERR_LIMIT, "the report has %lld bytes, where %u is the most; open %s itself",
                (long long)status.st_size, WEB_REPORT_BYTES_MAX, name);
    else {
        *page = malloc((size_t)status.st_size + 1);
        NP_ASSERT(*page);
        ssize_t got = read(file, *page, (size_t)status.st_size);
        *n = got > 0 ? (size_t)got : 0;
        err_clear(err);
    }
    if (file >= 0)
        close(file);
    return err->code;
}
