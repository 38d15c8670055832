// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/socket_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX    "numaplex-sockets-"
#define TRIES_MAX 100 // another process may take a new folder for one that was left, before its lock is there

// Sockets only: what else may be there is not ours, and the folder then stays.
static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    struct stat status;
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (fstatat(dirfd(dir), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(status.st_mode))
            unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(path);
}

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

// The lock goes with the process that holds it, however that ends.
static void remove_if_left(const char *path)
{
    struct stat status;
    int fd = open_folder(path);
    if (fd < 0)
        return;
    if (fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_EX | LOCK_NB) == 0)
        remove_all(path);
    close(fd);
}

static void sweep(const char *place)
{
    char path[PATH_MAX_BYTES + 256 + 2];
    DIR *dir = opendir(place);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0) {
            snprintf(path, sizeof path, "%s/%s", place, entry->d_name);
            remove_if_left(path);
        }
    if (dir)
        closedir(dir);
}

// False: somebody removed the folder before it was locked.
static bool lock(struct socket_folder *folder)
{
    struct stat status;
    folder->lock = open_folder(folder->path);
    if (folder->lock >= 0 && flock(folder->lock, LOCK_EX) == 0 && stat(folder->path, &status) == 0)
        return true;
    if (folder->lock >= 0)
        close(folder->lock);
    folder->lock = -1;
    return false;
}

bool socket_folder_make(struct socket_folder *folder, const char *place)
{
    *folder = (struct socket_folder){.lock = -1};
    sweep(place);
    for (int i = 0; i < TRIES_MAX; i++) {
        if (snprintf(folder->path, sizeof folder->path, "%s/" PREFIX "XXXXXX", place) >=
            (int)sizeof folder->path) {
            errno = ENAMETOOLONG;
            break;
        }
        if (!mkdtemp(folder->path))
            break;
        if (lock(folder))
            return true;
    }
    folder->path[0] = '\0';
    return false;
}

void socket_folder_remove(struct socket_folder *folder)
{
    if (folder->path[0])
        remove_all(folder->path);
    if (folder->path[0] && folder->lock >= 0)
        close(folder->lock);
    *folder = (struct socket_folder){.lock = -1};
}
