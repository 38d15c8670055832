// SPDX-License-Identifier: Apache-2.0
#include "tests/isa/qemu.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/qemu_process.h"

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

void qemu_image_path(const struct isa_qemu *qemu, char *path, size_t size)
{
    path_of(qemu, 0, path, size);
}

enum err_code qemu_start(struct isa_qemu *qemu, struct err *err)
{
    // A disabled wait whose address ends in 0xfff ends QEMU with status 0; any other, with -action, with 1.
    static const char *const more[] = {"-nographic", "-action", "panic=exit-failure", NULL};
    char image[300], memory[300], said[300];
    path_of(qemu, 0, image, sizeof image);
    path_of(qemu, 1, memory, sizeof memory);
    path_of(qemu, 2, said, sizeof said);
    unmap(qemu);
    unlink(memory); // nothing is left of the batch before
    qemu->memory = qemu_memory(memory, MEMORY_BYTES, err);
    if (!qemu->memory)
        return err->code;
    const struct qemu_options options = {image, memory, MEMORY_BYTES, said, more};
    qemu->pid = qemu_fork(&options, err);
    return qemu->pid < 0 ? err->code : ERR_OK;
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
