// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/client/client.h"
#include "hmc/web/run_folders.h"
#include "hmc/web/run_link.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

struct runs {
    struct web *web;
    char folder[PATH_MAX_BYTES]; // absolute, or as given
    char chosen[PATH_MAX_BYTES]; // path of the run of --run; ""
    struct run *first;
    unsigned n;
    struct event *tick;
};

static void drop_run(struct runs *runs, struct run **link)
{
    struct run *run = *link;
    *link = run->next;
    runs->n--;
    run_close(run);
}

void runs_tick(struct runs *runs)
{
    for (struct run **link = &runs->first; *link;) {
        run_tick(*link);
        if (run_is_idle(*link))
            drop_run(runs, link);
        else
            link = &(*link)->next;
    }
}

static void on_tick(int file, short what, void *self)
{
    (void)file, (void)what;
    runs_tick(self);
}

struct runs *runs_new(struct web *web, const char *folder, const char *run)
{
    const struct timeval second = {1, 0};
    struct runs *runs = calloc(1, sizeof *runs);
    NP_ASSERT(runs);
    runs->web = web;
    snprintf(runs->folder, sizeof runs->folder, "%s", folder);
    snprintf(runs->chosen, sizeof runs->chosen, "%s", run ? run : "");
    runs->tick = event_new(web->base, -1, EV_PERSIST, on_tick, runs);
    NP_ASSERT(runs->tick && event_add(runs->tick, &second) == 0);
    web->runs = runs;
    return runs;
}

void runs_free(struct runs *runs)
{
    while (runs->first)
        drop_run(runs, &runs->first);
    event_free(runs->tick);
    runs->web->runs = NULL;
    free(runs);
}

unsigned runs_open(const struct runs *runs)
{
    return runs->n;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// "" for the one that is shown when none is named.
enum err_code runs_folder(struct runs *runs, const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    if (runs->chosen[0] && (!*name || strcmp(name, base_name(runs->chosen)) == 0)) {
        snprintf(path, PATH_MAX_BYTES, "%s", runs->chosen);
        return ERR_OK;
    }
    if (!*name)
        return run_folder_newest(runs->folder, path, err);
    if (!run_folder_name(name))
        return err_set(err, ERR_REQUEST, "that is no name of a run; GET /api/runs lists them");
    if (snprintf(path, PATH_MAX_BYTES, "%s/%s", runs->folder, name) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_REQUEST, "the name of the run is too long");
    return ERR_OK;
}

static struct run *open_run(struct runs *runs, const char *path, struct err *err)
{
    if (runs->n >= WEB_LINKS_MAX) {
        err_set(err, ERR_TOO_OFTEN, "%u runs are being looked at, which is the most", WEB_LINKS_MAX);
        return NULL;
    }
    struct run *run = run_open(runs->web, path, base_name(path), err);
    if (!run)
        return NULL;
    run->next = runs->first;
    runs->first = run;
    runs->n++;
    return run;
}

enum err_code runs_find(struct runs *runs, const char *name, struct run **found, struct err *err)
{
    char path[PATH_MAX_BYTES];
    if (runs_folder(runs, name, path, err))
        return err->code;
    struct run *run = runs->first;
    while (run && strcmp(run->path, path) != 0)
        run = run->next;
    if (!run && !(run = open_run(runs, path, err)))
        return err->code;
    run->used_ms = clock_now(runs->web->clock);
    *found = run;
    return ERR_OK;
}

json_t *runs_json(struct runs *runs)
{
    struct run_folder *list;
    char selected[PATH_MAX_BYTES] = "";
    struct err err;
    size_t n = run_folder_list(runs->folder, runs->chosen, &list);
    json_t *json = json_array();
    if (runs_folder(runs, "", selected, &err))
        selected[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        json_t *row = json_pack("{s:s, s:s, s:b, s:b, s:b, s:s*, s:b}", "name", list[i].name, "scenario",
                                list[i].scenario, "live", list[i].live, "state", list[i].state, "report",
                                list[i].report, "failure", list[i].failure[0] ? list[i].failure : NULL,
                                "selected", strcmp(list[i].path, selected) == 0);
        if (row) // names of folders may be anything
            json_array_append_new(json, row);
    }
    free(list);
    return json;
}
