// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/qemu.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum err_code qemu_open(struct isa_qemu *qemu, struct err *err)
{
    *qemu = (struct isa_qemu){0};
    const char *places[] = {"/dev/shm", "/tmp"};
    for (unsigned i = 0; i < 2; i++) {
        snprintf(qemu->folder, sizeof qemu->folder, "%s/numaplex-isa-XXXXXX", places[i]);
        if (access(places[i], W_OK) == 0 && mkdtemp(qemu->folder))
            return ERR_OK;
    }
    return err_errno(err, ERR_FILE, "%s", qemu->folder);
}

static const char *const file_names[] = {"image", "memory", "said"};

static void path_of(const struct isa_qemu *qemu, unsigned file, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", qemu->folder, file_names[file]);
}

static void unmap(struct isa_qemu *qemu)
{
    if (qemu->memory)
        munmap((void *)(uintptr_t)qemu->memory, MEMORY_BYTES);
    qemu->memory = NULL;
}

void qemu_close(struct isa_qemu *qemu)
{
    if (qemu->pid > 0) {
        kill(qemu->pid, SIGKILL);
        waitpid(qemu->pid, NULL, 0);
    }
    unmap(qemu);
    if (!qemu->folder[0])
        return;
    for (unsigned i = 0; i < 3; i++) {
        char path[300];
        path_of(qemu, i, path, sizeof path);
        unlink(path);
    }
    rmdir(qemu->folder);
}

// A disabled wait whose address ends in 0xfff ends QEMU with status 0; any other, with -action, with
// status 1.
static _Noreturn void become_qemu(const struct isa_qemu *qemu)
{
    char image[300], memory[300], said[300], object[512];
    path_of(qemu, 0, image, sizeof image);
    path_of(qemu, 1, memory, sizeof memory);
    path_of(qemu, 2, said, sizeof said);
    snprintf(object, sizeof object, "memory-backend-file,id=memory,size=%d,mem-path=%s,share=on",
             MEMORY_BYTES, memory);
    char size[32];
    snprintf(size, sizeof size, "%dM", MEMORY_BYTES >> 20);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int in = open("/dev/null", O_RDONLY), out = open(said, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    execlp("qemu-system-s390x", "qemu-system-s390x", "-machine", "s390-ccw-virtio,memory-backend=memory",
           "-accel", "tcg", "-object", object, "-m", size, "-nodefaults", "-nographic", "-action",
           "panic=exit-failure", "-kernel", image, (char *)NULL);
    _exit(127);
}

static enum err_code map_memory(struct isa_qemu *qemu, struct err *err)
{
    char path[300];
    path_of(qemu, 1, path, sizeof path);
    int file = open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        return err_errno(err, ERR_FILE, "%s", path);
    void *memory = MAP_FAILED;
    if (ftruncate(file, MEMORY_BYTES) == 0)
        memory = mmap(NULL, MEMORY_BYTES, PROT_READ, MAP_SHARED, file, 0);
    int reason = errno;
    close(file);
    errno = reason;
    if (memory == MAP_FAILED)
        return err_errno(err, ERR_FILE, "%s", path);
    qemu->memory = memory;
    return ERR_OK;
}

void qemu_image_path(const struct isa_qemu *qemu, char *path, size_t size)
{
    path_of(qemu, 0, path, size);
}

enum err_code qemu_start(struct isa_qemu *qemu, struct err *err)
{
    unmap(qemu);
    if (map_memory(qemu, err))
        return err->code;
    fflush(NULL);
    qemu->pid = fork();
    if (qemu->pid < 0)
        return err_errno(err, ERR_PROCESS, "qemu-system-s390x");
    if (qemu->pid == 0)
        become_qemu(qemu);
    return ERR_OK;
}

enum err_code qemu_wait(struct isa_qemu *qemu, unsigned seconds, struct err *err)
{
    const struct timespec pause = {0, 5000000};
    int status = 0;
    bool killed = false;
    for (unsigned turns = 0; waitpid(qemu->pid, &status, WNOHANG) != qemu->pid; turns++) {
        if (turns >= seconds * 200 && !killed) {
            killed = true;
            kill(qemu->pid, SIGKILL);
        }
        nanosleep(&pause, NULL);
    }
    qemu->pid = 0;
    if (killed)
        return err_set(err, ERR_TIMEOUT, "qemu-system-s390x did not end within %u s", seconds);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_set(err, ERR_MISSING_TOOL,
                       "qemu-system-s390x cannot be started: install qemu-system-misc");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return err_set(err, ERR_PROCESS, "qemu-system-s390x ended with status %d",
                       WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    return ERR_OK;
}
