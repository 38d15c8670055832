// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/qemu_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"

static bool redirect(const struct qemu_options *options)
{
    int in = open("/dev/null", O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0)
        return false;
    if (!options->said)
        return true;
    int out = open(options->said, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    return out >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0;
}

static _Noreturn void become_qemu(const struct qemu_options *options)
{
    char object[2 * PATH_MAX_BYTES], size[32];
    snprintf(object, sizeof object, "memory-backend-file,id=memory,size=%" PRIu64 ",mem-path=%s,share=on",
             options->bytes, options->memory);
    snprintf(size, sizeof size, "%" PRIu64 "M", options->bytes >> 20);
    const char *argv[16 + QEMU_MORE_MAX] = {"qemu-system-s390x",
                                            "-machine",
                                            "s390-ccw-virtio,memory-backend=memory",
                                            "-accel",
                                            "tcg",
                                            "-object",
                                            object,
                                            "-m",
                                            size,
                                            "-nodefaults",
                                            "-kernel",
                                            options->image};
    size_t n = 0;
    while (argv[n])
        n++;
    for (size_t i = 0; options->more[i]; i++) {
        NP_ASSERT(i < QEMU_MORE_MAX);
        argv[n++] = options->more[i];
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!redirect(options))
        _exit(126);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

pid_t qemu_fork(const struct qemu_options *options, struct err *err)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_qemu(options);
    if (child < 0)
        err_errno(err, ERR_PROCESS, "qemu-system-s390x");
    return child;
}

void *qemu_memory(const char *path, uint64_t bytes, struct err *err)
{
    int file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    void *memory = MAP_FAILED;
    if (file >= 0 && ftruncate(file, (off_t)bytes) == 0)
        memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, file, 0);
    int reason = errno;
    if (file >= 0)
        close(file);
    errno = reason;
    if (memory == MAP_FAILED) {
        err_errno(err, ERR_FILE, "%s", path);
        return NULL;
    }
    return memory;
}
