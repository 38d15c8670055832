// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/whole.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err_code whole_open(struct whole_file *file, const char *folder, const char *name, struct err *err)
{
    snprintf(file->path, sizeof file->path, "%s/%s", folder, name);
    snprintf(file->temporary, sizeof file->temporary, "%s" WHOLE_SUFFIX, file->path);
    file->text = NULL;
    file->out = open_memstream(&file->text, &file->size);
    return file->out ? ERR_OK : err_errno(err, ERR_MEMORY, "%s cannot be written", file->path);
}

static enum err_code write_all(int fd, const char *text, size_t size, const char *path, struct err *err)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, ERR_FILE, "%s cannot be written; make room and run again", path);
        text += n;
        size -= (size_t)n;
    }
    return fsync(fd) ? err_errno(err, ERR_FILE, "%s cannot be synced", path) : ERR_OK;
}

static enum err_code write_temporary(const struct whole_file *file, struct err *err)
{
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, ERR_FILE, "%s cannot be written", file->path);
    enum err_code code = write_all(fd, file->text, file->size, file->path, err);
    if (close(fd) != 0 && !code)
        code = err_errno(err, ERR_FILE, "%s cannot be written", file->path);
    if (code)
        unlink(file->temporary);
    return code;
}

enum err_code whole_finish(struct whole_file *file, struct err *err)
{
    bool lost = fclose(file->out) != 0;
    file->out = NULL;
    enum err_code code =
        lost ? err_set(err, ERR_MEMORY, "%s: out of memory", file->path) : write_temporary(file, err);
    free(file->text);
    file->text = NULL;
    return code;
}

enum err_code whole_commit(struct whole_file *file, struct err *err)
{
    if (rename(file->temporary, file->path) == 0)
        return ERR_OK;
    err_errno(err, ERR_FILE, "%s cannot be put in place", file->path);
    unlink(file->temporary);
    return err->code;
}

void whole_drop(struct whole_file *file)
{
    if (file->out)
        fclose(file->out);
    free(file->text);
    file->out = NULL;
    file->text = NULL;
    unlink(file->temporary);
}

enum err_code whole_sync_folder(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool failed = fd < 0 || (fsync(fd) != 0 && errno != EINVAL);
    if (failed)
        err_errno(err, ERR_FILE, "%s cannot be synced", path);
    if (fd >= 0)
        close(fd);
    return failed ? err->code : ERR_OK;
}

static bool is_unfinished(const char *name)
{
    size_t length = strlen(name), suffix = strlen(WHOLE_SUFFIX);
    return length > suffix && strcmp(name + length - suffix, WHOLE_SUFFIX) == 0;
}

// A folder of a saved state holds files only.
static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

void whole_remove_unfinished(const char *folder)
{
    char path[2 * PATH_MAX_BYTES];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!is_unfinished(entry->d_name))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_folder(path);
    }
    if (dir)
        closedir(dir);
}
