// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/api_place.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path - 1)

// FOLDER/NAME; "" when that is too long for a path.
static char *path_of(char path[PATH_MAX_BYTES], const char *folder, const char *name)
{
    if (snprintf(path, PATH_MAX_BYTES, "%s/%s", folder, name) >= (int)PATH_MAX_BYTES)
        path[0] = '\0';
    return path;
}

enum err_code api_place_choose(struct api_place *place, const char *folder, struct err *err)
{
    *place = (struct api_place){.scratch.lock = -1};
    snprintf(place->folder, sizeof place->folder, "%s", folder);
    path_of(place->socket, folder, "control.sock");
    if (!place->socket[0] || strlen(place->socket) > SOCKET_PATH_MAX) {
        if (!socket_folder_make(&place->scratch, "/tmp"))
            return err_errno(err, ERR_FILE, "/tmp: the control socket's folder cannot be made");
        path_of(place->socket, place->scratch.path, "control.sock");
    }
    snprintf(place->endpoint, sizeof place->endpoint, "ipc://%.*s", (int)SOCKET_PATH_MAX, place->socket);
    return ERR_OK;
}

// Writes a text file whole or not at all.
static enum err_code write_whole(const char *path, const char *text, struct err *err)
{
    char partial[PATH_MAX_BYTES + 16];
    snprintf(partial, sizeof partial, "%s.partial", path);
    FILE *file = fopen(partial, "w");
    bool written = file && fputs(text, file) >= 0;
    bool closed = file && fclose(file) == 0;
    if (written && closed && rename(partial, path) == 0)
        return ERR_OK;
    err_errno(err, ERR_FILE, "%s cannot be written", path);
    unlink(partial);
    return err->code;
}

static char *note_in_runtime(char path[PATH_MAX_BYTES])
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    path[0] = '\0';
    return folder && folder[0] == '/' ? path_of(path, folder, "numaplex-run") : path;
}

// RUNS/latest, for a run folder RUNS/NAME with RUNS called "runs".
static char *note_in_runs(const struct api_place *place, char path[PATH_MAX_BYTES])
{
    char runs[PATH_MAX_BYTES];
    snprintf(runs, sizeof runs, "%s", place->folder);
    char *slash = strrchr(runs, '/');
    path[0] = '\0';
    if (!slash)
        return path;
    *slash = '\0';
    const char *last = strrchr(runs, '/');
    return last && strcmp(last, "/runs") == 0 ? path_of(path, runs, "latest") : path;
}

static void write_note(const struct api_place *place, const char *path)
{
    char text[PATH_MAX_BYTES + 1];
    struct err ignored;
    snprintf(text, sizeof text, "%s\n", place->folder);
    if (path[0])
        write_whole(path, text, &ignored); // a convenience: --run finds the run as well
}

enum err_code api_place_tell(const struct api_place *place, const char *scenario, struct err *err)
{
    char path[PATH_MAX_BYTES];
    json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:I}", "format", "numaplex-control", "version", 1,
                             "endpoint", place->endpoint, "folder", place->folder, "scenario", scenario,
                             "pid", (json_int_t)getpid());
    char *text = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ERR_FILE, "%s: the name of the run folder or scenario is no UTF-8",
                       place->folder);
    enum err_code code = write_whole(path_of(path, place->folder, "control.json"), text, err);
    free(text);
    if (code)
        return code;
    write_note(place, note_in_runtime(path));
    write_note(place, note_in_runs(place, path));
    return ERR_OK;
}

static void remove_note(const struct api_place *place, const char *path)
{
    char text[PATH_MAX_BYTES + 1] = "";
    FILE *file = path[0] ? fopen(path, "r") : NULL;
    if (!file)
        return;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    fclose(file);
    text[strcspn(text, "\n")] = '\0';
    if (strcmp(text, place->folder) == 0)
        unlink(path);
}

void api_place_remove(struct api_place *place)
{
    char path[PATH_MAX_BYTES];
    remove_note(place, note_in_runtime(path));
    remove_note(place, note_in_runs(place, path));
    unlink(path_of(path, place->folder, "control.json"));
    unlink(place->socket);
    socket_folder_remove(&place->scratch);
}
