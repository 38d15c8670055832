// SPDX-License-Identifier: Apache-2.0
// qemu-system-s390x as a process of a test: the memory of its machine is a file, which the test maps too.
#ifndef NP_TESTS_LIB_QEMU_PROCESS_H
#define NP_TESTS_LIB_QEMU_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "proto/base/err.h"

#define QEMU_MORE_MAX 16u

struct qemu_options {
    const char *image;       // what its machine loads
    const char *memory;      // the file; made when it is not there
    uint64_t bytes;          // of memory, whole MiB
    const char *said;        // file for what QEMU itself says; NULL: this program's standard error
    const char *const *more; // its further options, at most QEMU_MORE_MAX, NULL at the end
};

// Starts it; it dies with this program, and exits with 127 when QEMU is not installed. Returns its process,
// or -1 and *err. The caller waits for it.
pid_t qemu_fork(const struct qemu_options *options, struct err *err);

// Maps the file for reading; what the machine changes later is seen. NULL and *err on failure; the caller
// unmaps.
void *qemu_memory(const char *path, uint64_t bytes, struct err *err);

#endif
