// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/guardian.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (const struct dirent *entry; (entry = readdir(folder));)
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}

// Closes everything but the two descriptors it needs: an inherited pipe held open here would keep somebody
// waiting.
static void let_go(int line, int leash)
{
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = 0; fd < (limit > 0 && limit < 65536 ? (int)limit : 65536); fd++)
        if (fd != line && fd != leash)
            close(fd);
}

static void guard(int line, const struct leash *leash, const char *folder, const char *part)
{
    setsid(); // signals for our process group are not for it
    let_go(line, leash->reading);
    char dismissed = 0;
    ssize_t got;
    do
        got = read(line, &dismissed, 1);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        _exit(0);
    while (!leash_all_gone(leash)) {
        leash_kill(leash, SIGKILL);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    remove_folder(folder);
    unlink(part);
    _exit(0);
}

enum err_code guardian_start(struct guardian *guardian, const struct leash *leash, const char *folder,
                             const char *part, struct err *err)
{
    *guardian = (struct guardian){.line = -1};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, ERR_PROCESS, "no pipe for the recording's guardian");
    pid_t pid = fork();
    if (pid == 0)
        guard(ends[0], leash, folder, part);
    close(ends[0]);
    if (pid < 0) {
        close(ends[1]);
        return err_errno(err, ERR_PROCESS, "the recording's guardian cannot be started");
    }
    *guardian = (struct guardian){.pid = pid, .line = ends[1]};
    return ERR_OK;
}

void guardian_dismiss(struct guardian *guardian)
{
    if (guardian->pid <= 0)
        return;
    char dismissed = 1;
    ssize_t put = write(guardian->line, &dismissed, 1);
    (void)put; // it has died: then there is nobody to send away
    close(guardian->line);
    while (waitpid(guardian->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    *guardian = (struct guardian){.line = -1};
}
