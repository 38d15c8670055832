// SPDX-License-Identifier: Apache-2.0
// XXH3-64 of a file's bytes, and of a machine's description.
#ifndef NP_COORDINATOR_RUN_FILE_HASH_H
#define NP_COORDINATOR_RUN_FILE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/machine.h"

struct file_hash {
    uint64_t bytes, hash;
};

// Reads the whole file; with `sync`, makes sure first that it lasts. ERR_FILE.
enum err_code file_hash(const char *path, bool sync, struct file_hash *hash, struct err *err);

// Hash of all that a saved state depends on: the description without its end time and without the paths of
// recordings and images, whose contents are compared instead.
uint64_t machine_hash(const struct machine *machine);

uint64_t text_hash(const char *text);

#endif
