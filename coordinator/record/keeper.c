// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/record/guest.h"
#include "proto/base/assert.h"

#define TICK_MS     2     // between two looks at what has ended
#define PARENTS_MAX 65536 // processes of the host that are looked at in one pass

// From the keeper to us, a message each. Its end of file: all are gone.
enum news_kind { STARTED, NOT_STARTED, ENDED };

struct news {
    enum news_kind what;
    int value; // process id, errno, status of waitpid
};

static void tell(int line, enum news_kind what, int value)
{
    struct news news = {what, value};
    ssize_t put = send(line, &news, sizeof news, MSG_NOSIGNAL);
    (void)put; // we have been killed; poll sees that
}

// A process and its parent, from /proc.
struct parent {
    pid_t pid, parent;
    bool ours;
};

static pid_t parent_of(pid_t pid)
{
    char name[64], text[512];
    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    if (got <= 0)
        return 0;
    text[got] = '\0';
    const char *name_end = strrchr(text, ')'); // a command may hold anything, also this
    int parent = 0;
    return name_end && sscanf(name_end + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static size_t list_processes(struct parent *list)
{
    DIR *all = opendir("/proc");
    size_t n = 0;
    for (const struct dirent *entry; all && n < PARENTS_MAX && (entry = readdir(all));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0)
            list[n++] = (struct parent){pid, parent_of(pid), false};
    }
    if (all)
        closedir(all);
    return n;
}

static bool is_ours(const struct parent *list, size_t n, pid_t pid)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].pid == pid)
            return list[i].ours;
    return false;
}

// One pass; a process that is made meanwhile is found by the next.
static void kill_descendants(int signal)
{
    static struct parent list[PARENTS_MAX];
    size_t n = list_processes(list);
    pid_t self = getpid();
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++) {
            if (list[i].ours || (list[i].parent != self && !is_ours(list, n, list[i].parent)))
                continue;
            list[i].ours = more = true;
            kill(list[i].pid, signal);
        }
    }
}

// True when we have been killed.
static bool take_command(int line)
{
    struct pollfd end = {.fd = line, .events = POLLIN};
    if (poll(&end, 1, TICK_MS) <= 0)
        return false;
    int signal;
    ssize_t got = recv(line, &signal, sizeof signal, MSG_DONTWAIT);
    if (got == sizeof signal)
        kill_descendants(signal);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void keep(int line, pid_t guest, const char *part)
{
    bool orphaned = false;
    for (;;) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == guest)
                tell(line, ENDED, status);
        if (pid < 0 && errno == ECHILD)
            break;
        orphaned = orphaned || take_command(line);
        if (orphaned)
            kill_descendants(SIGKILL);
    }
    if (orphaned)
        unlink(part);
}

static void run_keeper(int line, const char *tool, char **args, const struct recording_request *request,
                       int pass, const char *part)
{
    setpgid(0, 0);
    for (int number = 1; number < NSIG; number++)
        if (number != SIGCHLD)
            signal(number, SIG_IGN); // the terminal's are for the program
    signal(SIGCHLD, SIG_DFL);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    fcntl(pass, F_SETFD, 0);
    struct guest guest = {0};
    struct err err;
    err_clear(&err);
    if (guest_spawn(&guest, tool, args, request, NULL, &err))
        tell(line, NOT_STARTED, errno ? errno : ENOEXEC);
    else
        tell(line, STARTED, guest.pid);
    close(pass);
    for (int fd = 0; fd < 3; fd++)
        close(fd); // who reads the program's output sees its end
    keep(line, guest.pid, part);
    _exit(0);
}

static void take_news(struct keeper *keeper, int flags)
{
    struct news news;
    ssize_t got = recv(keeper->line, &news, sizeof news, flags);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        keeper->all_gone = true;
    if (got != sizeof news)
        return;
    if (news.what == STARTED)
        keeper->guest = news.value;
    if (news.what == NOT_STARTED)
        errno = news.value;
    if (news.what == ENDED) {
        keeper->ended = true;
        keeper->status = news.value;
    }
}

enum err_code keeper_start(struct keeper *keeper, const char *tool, char **args,
                           const struct recording_request *request, int pass, const char *part,
                           struct err *err)
{
    *keeper = (struct keeper){.line = -1};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno(err, ERR_PROCESS, "no socket for the recording's keeper");
    fflush(NULL); // what is buffered here is not the keeper's to write
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_keeper(ends[1], tool, args, request, pass, part);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_errno(err, ERR_PROCESS, "the recording's keeper cannot be started");
    }
    setpgid(pid, pid); // here and there: whoever comes first
    keeper->pid = pid;
    keeper->line = ends[0];
    errno = 0;
    while (!keeper->guest && !keeper->all_gone && errno == 0)
        take_news(keeper, 0);
    if (!keeper->guest)
        return err_errno(err, ERR_PROCESS, "%s: cannot be started", tool);
    keeper->foreground = guest_give_terminal(request, keeper->guest);
    return ERR_OK;
}

void keeper_poll(struct keeper *keeper)
{
    for (struct pollfd news = {.fd = keeper->line, .events = POLLIN};
         !keeper->all_gone && poll(&news, 1, 0) > 0;)
        take_news(keeper, MSG_DONTWAIT);
}

void keeper_kill(struct keeper *keeper, int signal)
{
    ssize_t put = send(keeper->line, &signal, sizeof signal, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)put; // it has ended, and so have they all; or it has enough of these to do
}

void keeper_finish(struct keeper *keeper)
{
    if (keeper->pid <= 0)
        return;
    while (!keeper->all_gone)
        take_news(keeper, 0);
    close(keeper->line);
    while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (keeper->foreground)
        guest_take_terminal_back();
    *keeper = (struct keeper){.line = -1,
                              .guest = keeper->guest,
                              .ended = keeper->ended,
                              .all_gone = true,
                              .status = keeper->status};
}
