// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/leash.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

// Room above the limit for the descriptors that valgrind keeps there for itself.
#define FILES_ABOVE 64u

enum err_code leash_open(struct leash *leash, struct err *err)
{
    *leash = (struct leash){.reading = -1, .writing = -1};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, ERR_PROCESS, "no pipe to hold the recorded program with");
    leash->reading = ends[0];
    leash->writing = ends[1];
    char name[32];
    snprintf(name, sizeof name, "/proc/self/fd/%d", leash->writing);
    if (readlink(name, leash->link, sizeof leash->link - 1) < 0)
        return err_errno(err, ERR_PROCESS, "%s: recording needs /proc", name);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    unsigned highest = LEASH_FILES_LIMIT + FILES_ABOVE;
    if (files.rlim_max <= highest)
        highest = (unsigned)files.rlim_max - 1;
    leash->number = (int)highest;
    leash->limit = highest < LEASH_FILES_LIMIT ? highest : LEASH_FILES_LIMIT;
    return ERR_OK;
}

void leash_forked(struct leash *leash)
{
    close(leash->writing);
    leash->writing = -1;
}

void leash_close(struct leash *leash)
{
    if (leash->reading >= 0)
        close(leash->reading);
    if (leash->writing >= 0)
        close(leash->writing);
    leash->reading = leash->writing = -1;
}

bool leash_put_on(const struct leash *leash)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return false;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) || dup2(leash->writing, leash->number) < 0)
        return false;
    files.rlim_cur = files.rlim_max = leash->limit;
    return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

bool leash_holds(const struct leash *leash, pid_t pid)
{
    char name[64], link[sizeof leash->link] = "";
    snprintf(name, sizeof name, "/proc/%d/fd/%d", (int)pid, leash->number);
    return readlink(name, link, sizeof link - 1) > 0 && strcmp(link, leash->link) == 0;
}

bool leash_all_gone(const struct leash *leash)
{
    struct pollfd end = {.fd = leash->reading};
    return poll(&end, 1, 0) > 0 && (end.revents & POLLHUP);
}

void leash_kill(const struct leash *leash, int signal)
{
    DIR *all = opendir("/proc");
    if (!all)
        return;
    for (const struct dirent *entry; (entry = readdir(all));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && leash_holds(leash, pid))
            kill(pid, signal);
    }
    closedir(all);
}
