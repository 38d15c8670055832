// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/assert.h"

void test_sleep_ms(unsigned ms)
{
    const struct timespec pause = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

const char *test_program(const char *name)
{
    static char paths[4][PATH_MAX_BYTES];
    static unsigned next;
    const char *folder = getenv("NUMAPLEX_BIN");
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX_BYTES, "%s/%s", folder ? folder : "build/bin", name);
    return path;
}

static _Noreturn void become(const char *program, const char *const *argv,
                             const struct process_options *options, int out, int err)
{
    int in = open("/dev/null", O_RDONLY);
    if (options && options->out_path)
        out = open(options->out_path, O_WRONLY);
    if (options && options->folder && chdir(options->folder) != 0)
        _exit(126);
    if (options && options->file_bytes_max) {
        struct rlimit limit = {options->file_bytes_max, options->file_bytes_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is stopped leaves nothing behind
    setpgid(0, 0);                    // a signal that a test sends to the group reaches no test
    execv(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

// Output goes to files in memory, not to pipes: nobody has to read while the program runs.
struct test_process process_start_test(const char *program, const char *const *argv,
                                       const struct process_options *options)
{
    struct test_process process = {.status = -1};
    process.out_file = memfd_create("out", MFD_CLOEXEC);
    process.err_file = memfd_create("err", MFD_CLOEXEC);
    NP_ASSERT(process.out_file >= 0 && process.err_file >= 0);
    fflush(NULL);
    process.pid = fork();
    NP_ASSERT(process.pid >= 0);
    if (process.pid == 0)
        become(program, argv, options, process.out_file, process.err_file);
    return process;
}

static char *take_output(int file)
{
    char *text = calloc(1, PROCESS_OUTPUT + 1);
    NP_ASSERT(text);
    size_t used = 0;
    ssize_t n;
    while ((n = pread(file, text + used, PROCESS_OUTPUT - used, (off_t)used)) > 0)
        used += (size_t)n;
    close(file);
    return text;
}

void process_wait(struct test_process *process, unsigned seconds)
{
    int status = 0;
    for (unsigned ms = 0; waitpid(process->pid, &status, WNOHANG) != process->pid; ms += 5) {
        if (ms >= seconds * 1000 && !process->timed_out) {
            process->timed_out = true;
            kill(process->pid, SIGKILL);
        }
        test_sleep_ms(5);
    }
    process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    process->out = take_output(process->out_file);
    process->err = take_output(process->err_file);
}

void process_free(struct test_process *process)
{
    free(process->out);
    free(process->err);
    process->out = process->err = NULL;
}

struct test_process process_run_list(const char *program, const char *const *argv)
{
    struct test_process process = process_start_test(program, argv, NULL);
    process_wait(&process, HANG_S);
    return process;
}

// Field 4 of /proc/PID/stat, behind the name in parentheses; field 3 is the state.
static bool read_stat(const char *pid, char *state, int *parent)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *end = strrchr(text, ')');
    return end && sscanf(end, ") %c %d", state, parent) == 2;
}

size_t process_children(pid_t parent, pid_t *children, size_t max)
{
    size_t n = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *entry; dir && n < max && (entry = readdir(dir));) {
        char state;
        int of;
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && read_stat(entry->d_name, &state, &of) &&
            of == parent && state != 'Z')
            children[n++] = (pid_t)atoi(entry->d_name);
    }
    if (dir)
        closedir(dir);
    return n;
}

// State letter of a process, or Z when there is none.
static char state_of(pid_t pid)
{
    char name[24], state;
    int parent;
    snprintf(name, sizeof name, "%d", (int)pid);
    return read_stat(name, &state, &parent) ? state : 'Z';
}

bool process_alive(pid_t pid)
{
    return state_of(pid) != 'Z';
}

bool process_stopped(pid_t pid)
{
    return state_of(pid) == 'T';
}

void test_folder_make(char path[PATH_MAX_BYTES])
{
    snprintf(path, PATH_MAX_BYTES, "/tmp/numaplex-test-XXXXXX");
    NP_ASSERT(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void test_folder_remove(const char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool file_exists(const char *folder, const char *name)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

char *file_content(const char *folder, const char *name)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? NULL : take_output(fd);
}
