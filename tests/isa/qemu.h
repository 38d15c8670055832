// SPDX-License-Identifier: Apache-2.0
// A batch on qemu-system-s390x. The memory of its machine is a file that this process maps as well, so that
// results need no way out of the machine.
#ifndef NP_TESTS_ISA_QEMU_H
#define NP_TESTS_ISA_QEMU_H

#include <sys/types.h>

#include "tests/isa/batch.h"

struct isa_qemu {
    char folder[256]; // for image, memory and what QEMU says
    pid_t pid;
    const uint8_t *memory; // [MEMORY_BYTES], valid from qemu_wait to the next qemu_start
};

// Makes a folder below /dev/shm (or /tmp) for its files.
enum err_code qemu_open(struct isa_qemu *qemu, struct err *err);
void qemu_close(struct isa_qemu *qemu);

// Where the image of a batch is to be written.
void qemu_image_path(const struct isa_qemu *qemu, char *path, size_t size);

// Starts QEMU on the image; returns at once.
enum err_code qemu_start(struct isa_qemu *qemu, struct err *err);

// Waits for its end, at most `seconds`, then kills it. An error when it did not end by itself or did not end
// well; qemu->memory is valid even then, so that the case can be found that it was at.
enum err_code qemu_wait(struct isa_qemu *qemu, unsigned seconds, struct err *err);

#endif
