// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Between fork and exec: only what is safe while other threads (those of libzmq) existed.
static _Noreturn void become(const char *program, char *const *argv, int words, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) // it died before we asked
        _exit(EXIT_CLASS_HOST);
    setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(words, STDERR_FILENO) < 0)
        _exit(EXIT_CLASS_HOST);
    close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
    execv(program, argv);
    static const char complaint[] = "the program cannot be executed\n";
    ssize_t ignored = write(STDERR_FILENO, complaint, sizeof complaint - 1);
    (void)ignored;
    _exit(EXIT_CLASS_HOST);
}

enum err_code process_spawn(struct process *process, char *const *argv, struct err *err)
{
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, ERR_PROCESS, "no pipe for %s", process->label);
    pid_t pid = fork();
    if (pid == 0)
        become(argv[0], argv, ends[1], parent);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return err_errno(err, ERR_PROCESS, "%s cannot be started; use fewer processes", process->label);
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    process->pid = pid;
    process->running = true;
    process->words = ends[0];
    return ERR_OK;
}

enum err_code process_start(struct process *process, const char *program, const char *endpoint,
                            uint64_t run_id, struct err *err)
{
    char path[PATH_MAX_BYTES], control[PATH_MAX_BYTES], id[24], index[16];
    char verb[] = "worker", control_option[] = "--control", id_option[] = "--run-id",
         index_option[] = "--index";
    snprintf(path, sizeof path, "%s", program);
    snprintf(control, sizeof control, "%s", endpoint);
    snprintf(id, sizeof id, "%016" PRIx64, run_id);
    snprintf(index, sizeof index, "%" PRIu32, process->id.index);
    bool node = process->id.role == ROLE_NODE;
    char *argv[] = {path,  verb, control_option, control, id_option, id, node ? index_option : NULL,
                    index, NULL};
    return process_spawn(process, argv, err);
}

static void remember(struct process *process, const char *text, size_t size)
{
    size_t have = strlen(process->last_words), room = sizeof process->last_words - 1;
    size = size < room ? size : room;
    if (have + size > room) {
        size_t drop = have + size - room;
        memmove(process->last_words, process->last_words + drop, have - drop);
        have -= drop;
    }
    memcpy(process->last_words + have, text, size);
    process->last_words[have + size] = '\0';
}

static void write_log(struct process *process, const char *text, size_t size, FILE *log)
{
    for (size_t i = 0; i < size; i++) {
        if (!process->in_line)
            fprintf(log, "%s: ", process->label);
        fputc(text[i], log);
        process->in_line = text[i] != '\n';
    }
}

bool process_listen(struct process *process, FILE *log)
{
    char text[4096];
    while (process->words >= 0) {
        ssize_t n = read(process->words, text, sizeof text);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        if (n == 0)
            return false;
        for (ssize_t i = 0; i < n; i++)
            text[i] = text[i] ? text[i] : '?'; // last words are a string
        remember(process, text, (size_t)n);
        if (log)
            write_log(process, text, (size_t)n, log);
    }
    return false;
}

bool process_reap(struct process *process)
{
    if (!process->running || waitpid(process->pid, &process->status, WNOHANG) != process->pid)
        return false;
    process->running = false;
    return true;
}

void process_signal(const struct process *process, int signal)
{
    if (process->running)
        kill(process->pid, signal);
}

const char *process_end(const struct process *process, char *text, size_t size)
{
    if (WIFSIGNALED(process->status))
        snprintf(text, size, "was killed by signal %d (%s)", WTERMSIG(process->status),
                 strsignal(WTERMSIG(process->status)));
    else
        snprintf(text, size, "ended with status %d", WEXITSTATUS(process->status));
    return text;
}
