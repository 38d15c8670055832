// SPDX-License-Identifier: Apache-2.0
// A saved state: a folder of parts, one per board, one per sync group and one of the system controller, and
// manifest.json, which makes it whole. The manifest is written last, when all parts are on disk, and names
// each with size and checksum; it ends with a checksum of its own. What a state can be continued with is
// decided here, before any process starts: the placement may be another one, the machine may not.
#ifndef NP_COORDINATOR_RUN_MANIFEST_H
#define NP_COORDINATOR_RUN_MANIFEST_H

#include "coordinator/machine/scenario.h"
#include "coordinator/run/outcome.h"

#define MANIFEST_NAME    "manifest.json"
#define MANIFEST_FORMAT  "numaplex-saved-state"
#define MANIFEST_VERSION 3

// What a partition's console had said when the state was saved: a file beside the parts.
struct saved_text {
    char partition[NAME_MAX_BYTES];
    char name[NAME_MAX_BYTES + 16]; // of the file
    uint64_t bytes;                 // written by the guest; the file has more where it was cut
    bool cut;                       // nothing follows
};

struct manifest {
    char folder[PATH_MAX_BYTES];
    char *resolved;        // scenario, resolved; owned
    uint64_t machine_hash; // see file_hash.h
    sim_time time;         // of the group that is furthest
    uint32_t n_inputs;     // files that CPUs read, in the order of the CPUs: recordings, images of guests
    uint64_t *inputs;      // their XXH3-64; owned
    uint32_t n_parts;
    struct saved_part *parts; // owned
    uint32_t n_texts;
    struct saved_text *texts; // owned
};

// Completes a saved state in `folder`: checks and syncs the parts that outcome names, and the texts, then
// writes the manifest. ERR_DAMAGED_STATE when a part is missing or not as reported; host errors.
enum err_code manifest_write(const char *folder, const struct scenario *scenario,
                             const struct outcome *outcome, const struct saved_text *texts, uint32_t n_texts,
                             uint32_t epoch, struct err *err);

// Reads a manifest and checks every field, and every part against its size and checksum. On success the
// caller owns it: manifest_free(). ERR_DAMAGED_STATE names the file and what to do.
enum err_code manifest_read(struct manifest *manifest, const char *folder, struct err *err);
void manifest_free(struct manifest *manifest);

// Whether the state is one of this scenario's machine, recordings and images included, and complete for it.
// ERR_DAMAGED_STATE.
enum err_code manifest_fits(const struct manifest *manifest, const struct scenario *scenario,
                            struct err *err);

// For both directions: one part per board, one per partition, none twice. Returns NULL or what is wrong.
const char *parts_incomplete(const struct saved_part *parts, uint32_t n, const struct machine *machine);

// Hashes of the recordings that CPUs replay, each file once, and of the images of guests, each with its CPU
// address 0, in the order of the CPUs. The caller frees.
enum err_code input_hashes(const struct machine *machine, uint64_t **hashes, uint32_t *n, struct err *err);

#endif
