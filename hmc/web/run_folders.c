// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/run_folders.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hmc/client/client.h"
#include "hmc/client/last.h"
#include "hmc/web/limits.h"
#include "proto/base/assert.h"

#define ENTRIES_MAX 4096 // of the folder that are looked at

bool run_folder_name(const char *name)
{
    return name[0] && name[0] != '.' && !strchr(name, '/') &&
           strlen(name) < sizeof((struct run_folder *)0)->name;
}

// A run folder has a control socket, results or the reason of a failure.
static bool has(const char *path, const char *file, struct stat *status)
{
    char whole[PATH_MAX_BYTES + 32];
    snprintf(whole, sizeof whole, "%s/%s", path, file);
    return stat(whole, status) == 0 && S_ISREG(status->st_mode);
}

// The code of the error that ended a run stands first in failed.txt.
static void read_failure(struct run_folder *run)
{
    char whole[PATH_MAX_BYTES + 32];
    snprintf(whole, sizeof whole, "%s/failed.txt", run->path);
    FILE *file = fopen(whole, "re");
    if (file && (!fgets(run->failure, 7, file) || strspn(run->failure + 2, "0123456789") != 4 ||
                 strncmp(run->failure, "NP", 2) != 0))
        run->failure[0] = '\0';
    if (file)
        fclose(file);
}

static bool look(struct run_folder *run)
{
    struct client_place place;
    struct stat status;
    struct err err;
    bool control = has(run->path, "control.json", &status);
    if (!control && !has(run->path, "results.json", &status) && !has(run->path, "failed.txt", &status))
        return false;
    run->changed = status.st_mtime;
    run->failure[0] = '\0';
    run->report = has(run->path, "report.html", &status);
    read_failure(run);
    run->live = control && client_find(run->path, &place, &err) == ERR_OK;
    run->state = !run->live && client_last_there(run->path);
    run->scenario[0] = '\0';
    if (run->live)
        memcpy(run->scenario, place.scenario, sizeof run->scenario);
    const char *slash = strrchr(run->path, '/');
    slash = slash ? slash + 1 : run->path;
    size_t n = strnlen(slash, sizeof run->name - 1);
    memcpy(run->name, slash, n);
    run->name[n] = '\0';
    return true;
}

// Those that go on before all others, then the newest.
static int compare(const void *a, const void *b)
{
    const struct run_folder *x = a, *y = b;
    if (x->live != y->live)
        return y->live - x->live;
    if (x->changed != y->changed)
        return x->changed < y->changed ? 1 : -1;
    return strcmp(x->name, y->name);
}

static size_t read_folder(const char *folder, const char *also, struct run_folder *list)
{
    size_t n = 0;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && n < ENTRIES_MAX - 1 && (entry = readdir(entries));) {
        struct run_folder *run = &list[n];
        int size = snprintf(run->path, sizeof run->path, "%s/%s", folder, entry->d_name);
        if (run_folder_name(entry->d_name) && size < (int)sizeof run->path && strcmp(run->path, also) != 0)
            n += look(run);
    }
    if (entries)
        closedir(entries);
    snprintf(list[n].path, sizeof list[n].path, "%s", also);
    return n + (*also && look(&list[n]));
}

size_t run_folder_list(const char *folder, const char *also, struct run_folder **list)
{
    *list = calloc(ENTRIES_MAX, sizeof **list);
    NP_ASSERT(*list);
    size_t n = read_folder(folder, also, *list);
    qsort(*list, n, sizeof **list, compare);
    return n < WEB_RUNS_MAX ? n : WEB_RUNS_MAX;
}

enum err_code run_folder_newest(const char *folder, char path[PATH_MAX_BYTES], struct err *err)
{
    struct run_folder *list;
    size_t n = run_folder_list(folder, "", &list);
    bool found = n && list[0].live;
    if (found)
        memcpy(path, list[0].path, PATH_MAX_BYTES);
    free(list);
    if (found)
        return ERR_OK;
    return err_set(err, ERR_NO_RUN,
                   "no run of %s goes on; start one with 'numaplex run FILE --control', or name an ended one",
                   folder);
}
