// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "coordinator/run/whole.h"

// What a run may have left in its folder, for --force.
static const char *const leavings[] = {"results.json",  "counters.csv", "digest",       "report.html",
                                       "resolved.yaml", "failed.txt",   "log",          "timeline.json",
                                       "journal.jsonl", "control.json", "control.sock", "control.end"};

static enum err_code make_parents(const char *path, struct err *err)
{
    char part[PATH_MAX_BYTES];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) && errno != EEXIST)
            return err_errno(err, ERR_FILE, "%s: the folder cannot be made", part);
        *slash = '/';
    }
    return ERR_OK;
}

// runs/NAME-TIME, with a number behind it when two runs begin in the same second.
static enum err_code make_default(struct run_folder *folder, const char *name, struct err *err)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    for (unsigned i = 1; i < 100; i++) {
        snprintf(folder->shown, sizeof folder->shown, i > 1 ? "runs/%s-%s-%u" : "runs/%s-%s", name, stamp, i);
        if (make_parents(folder->shown, err))
            return err->code;
        if (mkdir(folder->shown, 0777) == 0)
            return ERR_OK;
        if (errno != EEXIST)
            break;
    }
    return err_errno(err, ERR_FILE, "%s: the folder cannot be made; name another with --out", folder->shown);
}

static enum err_code make_named(struct run_folder *folder, const char *out, struct err *err)
{
    if (snprintf(folder->shown, sizeof folder->shown, "%s", out) >= (int)sizeof folder->shown)
        return err_set(err, ERR_LIMIT, "--out: the path is longer than %u bytes", PATH_MAX_BYTES - 1);
    size_t length = strlen(folder->shown);
    while (length > 1 && folder->shown[length - 1] == '/')
        folder->shown[--length] = '\0';
    if (make_parents(folder->shown, err))
        return err->code;
    if (mkdir(folder->shown, 0777) && errno != EEXIST)
        return err_errno(err, ERR_FILE, "--out %s: the folder cannot be made", folder->shown);
    return ERR_OK;
}

// The newest epoch that was claimed here; 0: none. A folder that cannot be read has none.
static uint32_t newest_epoch(const char *path)
{
    uint32_t newest = 0;
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *end;
        if (strncmp(entry->d_name, "epoch-", 6) != 0)
            continue;
        unsigned long epoch = strtoul(entry->d_name + 6, &end, 10);
        if (*end == '\0' && epoch > newest && epoch < UINT32_MAX)
            newest = (uint32_t)epoch;
    }
    if (dir)
        closedir(dir);
    return newest;
}

static void path_in(const struct run_folder *folder, const char *name, char path[PATH_MAX_BYTES + 64])
{
    snprintf(path, PATH_MAX_BYTES + 64, "%s/%s", folder->path, name);
}

static enum err_code claim(struct run_folder *folder, struct err *err)
{
    char name[32], path[PATH_MAX_BYTES + 64];
    folder->epoch = newest_epoch(folder->path) + 1;
    snprintf(name, sizeof name, "epoch-%u", folder->epoch);
    path_in(folder, name, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return err_set(err, ERR_EPOCH, "%s: another process claims this run folder; name another with --out",
                       folder->shown);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "%s: the run folder cannot be claimed", path);
    dprintf(fd, "%d\n", (int)getpid());
    close(fd);
    return ERR_OK;
}

// console-PARTITION.txt, trace-PARTITION.txt.
static bool is_text(const char *name)
{
    size_t length = strlen(name);
    return (strncmp(name, "console-", 8) == 0 || strncmp(name, "trace-", 6) == 0) && length > 4 &&
           strcmp(name + length - 4, ".txt") == 0;
}

static void remove_leavings(const struct run_folder *folder)
{
    char path[PATH_MAX_BYTES + 64];
    whole_remove_unfinished(folder->path); // of a coordinator that was killed
    for (size_t i = 0; i < sizeof leavings / sizeof leavings[0]; i++) {
        path_in(folder, leavings[i], path);
        unlink(path);
    }
    DIR *dir = opendir(folder->path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, "watch-", 6) == 0 || is_text(entry->d_name))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
}

static enum err_code resolve(struct run_folder *folder, struct err *err)
{
    char *path = realpath(folder->shown, NULL);
    if (!path)
        return err_errno(err, ERR_FILE, "%s", folder->shown);
    int n = snprintf(folder->path, sizeof folder->path, "%s", path);
    free(path);
    return n < (int)sizeof folder->path - 64
               ? ERR_OK
               : err_set(err, ERR_LIMIT, "%s: the path is too long", folder->shown);
}

enum err_code folder_open(struct run_folder *folder, const char *out, const char *name, bool force,
                          struct err *err)
{
    char path[PATH_MAX_BYTES + 64];
    *folder = (struct run_folder){0};
    if ((out ? make_named(folder, out, err) : make_default(folder, name, err)) || resolve(folder, err))
        return err->code;
    if (newest_epoch(folder->path) > 0 && !force)
        return err_set(
            err, ERR_USAGE,
            "--out %s: the folder holds another run; name a new one, or add --force to remove its results",
            folder->shown);
    remove_leavings(folder);
    if (claim(folder, err))
        return err->code;
    path_in(folder, "log", path);
    folder->log = fopen(path, "we");
    if (!folder->log)
        return err_errno(err, ERR_FILE, "%s", path);
    setvbuf(folder->log, NULL, _IOLBF, BUFSIZ);
    return ERR_OK;
}

void folder_close(struct run_folder *folder)
{
    if (folder->log)
        fclose(folder->log);
    folder->log = NULL;
}

enum err_code folder_is_ours(const struct run_folder *folder, struct err *err)
{
    if (newest_epoch(folder->path) == folder->epoch)
        return ERR_OK;
    return err_set(
        err, ERR_EPOCH,
        "%s: another process has claimed this run folder since; the results of this one are not written",
        folder->shown);
}

void folder_fail(struct run_folder *folder, const struct err *failure, const char *standing, bool keep)
{
    struct whole_file file;
    struct err ignored;
    if (!keep)
        whole_remove_unfinished(folder->path);
    if (whole_open(&file, folder->path, "failed.txt", &ignored))
        return;
    fprintf(file.out, "%s %s\n%s\n%s", err_id(failure->code), err_meaning(failure->code), failure->text,
            standing ? standing : "");
    if (!whole_finish(&file, &ignored))
        whole_commit(&file, &ignored);
}
