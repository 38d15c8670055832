// SPDX-License-Identifier: Apache-2.0
// Finding a run: by its folder, or by the notes that name the newest one.
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/client/client.h"
#include "hmc/client/client_state.h"

bool client_alive(const struct client_place *place)
{
    return place->pid == 0 || kill((pid_t)place->pid, 0) == 0 || errno == EPERM;
}

// FOLDER/NAME; false when that is too long for a path.
static bool path_of(char path[PATH_MAX_BYTES], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX_BYTES, "%s/%s", folder, name) < (int)PATH_MAX_BYTES;
}

static bool copy_text(char *to, size_t size, const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));
    return text && snprintf(to, size, "%s", text) < (int)size;
}

static enum err_code read_control(struct client_place *place, const char *path, struct err *err)
{
    json_error_t why;
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!json)
        return err_set(err, ERR_NO_RUN, "%.200s cannot be read: %s", path, why.text);
    const json_t *pid = json_object_get(json, "pid");
    bool right = copy_text(place->endpoint, sizeof place->endpoint, json, "endpoint") &&
                 copy_text(place->folder, sizeof place->folder, json, "folder") &&
                 copy_text(place->scenario, sizeof place->scenario, json, "scenario") &&
                 json_is_integer(pid) && json_integer_value(pid) > 0 && json_integer_value(pid) < INT32_MAX;
    place->pid = right ? json_integer_value(pid) : 0;
    json_decref(json);
    return right ? ERR_OK
                 : err_set(err, ERR_NO_RUN,
                           "%.200s is no note of a run's control socket; the run wrote another "
                           "version of it, or somebody changed it",
                           path);
}

// Why a folder has no control.json, and what to do.
static enum err_code no_control(const char *folder, struct err *err)
{
    char path[PATH_MAX_BYTES];
    if (access(folder, F_OK) != 0)
        return err_set(err, ERR_NO_RUN, "%.200s: there is no such run folder", folder);
    if (path_of(path, folder, "results.json") && access(path, F_OK) == 0)
        return err_set(
            err, ERR_NO_RUN,
            "%.200s: this run has ended; numaplex report shows it, and run --hold keeps the next one open "
            "for consoles at its end",
            folder);
    if (path_of(path, folder, "failed.txt") && access(path, F_OK) == 0)
        return err_set(err, ERR_NO_RUN, "%.200s: this run failed; failed.txt there says why", folder);
    return err_set(err, ERR_NO_RUN,
                   "%.200s: no run answers there; start it with 'numaplex run FILE --control'", folder);
}

static enum err_code find_folder(const char *folder, struct client_place *place, struct err *err)
{
    char path[PATH_MAX_BYTES];
    if (!path_of(path, folder, "control.json"))
        return err_set(err, ERR_NO_RUN, "%.60s...: the path is too long", folder);
    if (access(path, F_OK) != 0)
        return no_control(folder, err);
    if (read_control(place, path, err))
        return err->code;
    if (!client_alive(place))
        return err_set(err, ERR_NO_RUN,
                       "%.200s: the run's process %lld is gone without an end; its log there may "
                       "say why",
                       folder, (long long)place->pid);
    return ERR_OK;
}

// Reads a note and looks whether the run that it names is there.
static bool find_noted(const char *note, struct client_place *place)
{
    char folder[PATH_MAX_BYTES + 1] = "";
    struct err ignored;
    FILE *file = fopen(note, "r");
    if (!file)
        return false;
    bool read = fgets(folder, sizeof folder, file) != NULL;
    fclose(file);
    folder[strcspn(folder, "\n")] = '\0';
    return read && folder[0] && find_folder(folder, place, &ignored) == ERR_OK;
}

static enum err_code find_newest(struct client_place *place, struct err *err)
{
    char note[PATH_MAX_BYTES];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (runtime && path_of(note, runtime, "numaplex-run") && find_noted(note, place))
        return ERR_OK;
    *place = (struct client_place){0};
    if (find_noted("runs/latest", place))
        return ERR_OK;
    return err_set(
        err, ERR_NO_RUN,
        "no running run is noted ($XDG_RUNTIME_DIR/numaplex-run, runs/latest); start one with 'numaplex "
        "run FILE --control', or name its folder: --run RUN_DIR");
}

enum err_code client_find(const char *where, struct client_place *place, struct err *err)
{
    *place = (struct client_place){0};
    if (!where)
        return find_newest(place, err);
    if (!strstr(where, "://"))
        return find_folder(where, place, err);
    if (snprintf(place->endpoint, sizeof place->endpoint, "%s", where) >= (int)sizeof place->endpoint)
        return err_set(err, ERR_NO_RUN, "%.60s...: the endpoint is too long", where);
    return ERR_OK;
}
