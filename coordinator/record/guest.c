// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/base/assert.h"

#define FIXED_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ARGS_MAX   4096u // of the recorded program

// The environment lies on the program's stack: another one would shift every stack address.
static char *const fixed_environment[] = {(char[]){"PATH=" FIXED_PATH}, (char[]){"HOME=/"},
                                          (char[]){"LC_ALL=C"}, (char[]){"TZ=UTC"}, NULL};

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

enum err_code record_find_program(const char *name, char path[PATH_MAX_BYTES], struct err *err)
{
    if (strchr(name, '/')) {
        if (strlen(name) < PATH_MAX_BYTES && is_program(name)) {
            strcpy(path, name);
            return ERR_OK;
        }
        return err_set(err, ERR_PROCESS,
                       "%s: is not a program that can be run; check the name and its x permission", name);
    }
    const char *list = getenv("PATH");
    for (const char *at = list ? list : FIXED_PATH; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int length = (int)strcspn(at, ":");
        int used = snprintf(path, PATH_MAX_BYTES, "%.*s/%s", length ? length : 1, length ? at : ".", name);
        if (used < (int)PATH_MAX_BYTES && is_program(path))
            return ERR_OK;
    }
    return err_set(err, ERR_PROCESS,
                   "%s: no program of this name is in PATH; check the name or give its path", name);
}

static void quiet_streams(void)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd < 3; fd++)
        dup2(null, fd);
    if (null > 2)
        close(null);
}

static bool limit_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        return false;
    if (files.rlim_max > LEASH_FILES_LIMIT)
        files.rlim_max = LEASH_FILES_LIMIT;
    files.rlim_cur = files.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &files) == 0;
}

// Between fork and exec: a process group of its own (the terminal's Ctrl-C reaches only us), default signals,
// the same addresses every time. A host that forbids the last gives recordings that differ more, which is no
// error.
static void settle(const struct recording_request *request, const struct leash *leash, int report)
{
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (request->quiet)
        quiet_streams();
    setrlimit(RLIMIT_CORE, &(struct rlimit){0}); // its core would be the tool's
    personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE);
    if (leash ? leash_put_on(leash) : limit_files())
        return;
    int number = errno;
    if (write(report, &number, sizeof number) < 0)
        _exit(126);
    _exit(127);
}

static void run_child(const char *tool, char **args, const struct recording_request *request,
                      const struct leash *leash, int report)
{
    settle(request, leash, report);
    if (request->keep_env)
        execv(tool, args);
    else
        execve(tool, args, fixed_environment);
    int number = errno;
    if (write(report, &number, sizeof number) < 0)
        _exit(126);
    _exit(127);
}

bool guest_give_terminal(const struct recording_request *request, pid_t pid)
{
    if (request->quiet || !isatty(0) || tcgetpgrp(0) != getpgrp())
        return false;
    return tcsetpgrp(0, pid) == 0;
}

void guest_take_terminal_back(void)
{
    sigset_t stop, before;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    sigprocmask(SIG_BLOCK, &stop, &before);
    tcsetpgrp(0, getpgrp());
    sigprocmask(SIG_SETMASK, &before, NULL);
}

// The report pipe closes by itself at a successful exec; else it brings errno.
static enum err_code await_exec(struct guest *guest, int report, const char *tool, struct err *err)
{
    int number = 0;
    ssize_t got;
    do
        got = read(report, &number, sizeof number);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return ERR_OK;
    guest_finish(guest);
    errno = number;
    return err_errno(err, ERR_PROCESS, "%s: cannot be started", tool);
}

enum err_code guest_spawn(struct guest *guest, const char *tool, char **args,
                          const struct recording_request *request, struct leash *leash, struct err *err)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC))
        return err_errno(err, ERR_PROCESS, "%s: no pipe", tool);
    pid_t pid = fork();
    if (pid == 0)
        run_child(tool, args, request, leash, report[1]);
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        return err_errno(err, ERR_PROCESS, "%s: cannot be started", tool);
    }
    setpgid(pid, pid); // here and in the child: whoever comes first
    if (leash)
        leash_forked(leash);
    *guest = (struct guest){.pid = pid, .running = true, .foreground = guest_give_terminal(request, pid)};
    await_exec(guest, report[0], tool, err);
    close(report[0]);
    return err->code;
}

char **guest_arguments(const char *const *options, size_t n, const struct recording_request *request,
                       struct err *err)
{
    size_t argc = 0;
    while (request->argv[argc])
        argc++;
    if (argc > ARGS_MAX) {
        err_set(err, ERR_LIMIT, "%s: more than %u arguments", request->argv[0], ARGS_MAX);
        return NULL;
    }
    char **args = calloc(n + argc, sizeof *args);
    NP_ASSERT(args);
    for (size_t i = 0; i < n; i++)
        args[i] = (char *)(uintptr_t)options[i]; // exec does not change what it is given
    memcpy(args + n, request->argv + 1, argc * sizeof *args);
    return args;
}

enum err_code guest_start(struct guest *guest, const struct recording_request *request,
                          const struct recording_plan *plan, const char *folder, struct leash *leash,
                          struct err *err)
{
    char log[PATH_MAX_BYTES + 32];
    snprintf(log, sizeof log, "--log-file=%s/%%p", folder);
    // trace-sched names the thread that runs; fair-sched makes their turns repeatable where the host allows
    // it.
    const char *options[] = {plan->runner,
                             "--tool=lackey",
                             "--trace-mem=yes",
                             "--trace-children=yes",
                             "--basic-counts=no",
                             "--trace-sched=yes",
                             "--fair-sched=try",
                             "--run-libc-freeres=no",
                             "--vgdb=no",
                             log,
                             "--",
                             plan->program};
    char **args = guest_arguments(options, NP_ARRAY_LEN(options), request, err);
    if (!args)
        return err->code;
    guest_spawn(guest, plan->runner, args, request, leash, err);
    free(args);
    return err->code;
}

void guest_poll(struct guest *guest)
{
    if (guest->running && waitpid(guest->pid, &guest->status, WNOHANG) == guest->pid)
        guest->running = false;
}

void guest_finish(struct guest *guest)
{
    while (guest->running && waitpid(guest->pid, &guest->status, 0) < 0 && errno == EINTR)
        continue;
    guest->running = false;
    if (guest->foreground)
        guest_take_terminal_back();
    guest->foreground = false;
}

int guest_exit_status(const struct guest *guest)
{
    return WIFSIGNALED(guest->status) ? 128 + WTERMSIG(guest->status) : WEXITSTATUS(guest->status);
}
