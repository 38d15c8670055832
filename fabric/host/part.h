// SPDX-License-Identifier: Apache-2.0
// One file of a saved state: an archive, compressed. It is written under a temporary name, synced and
// renamed, so that it is whole or absent; its checksum stands in the manifest, which the coordinator writes
// last.
#ifndef NP_FABRIC_HOST_PART_H
#define NP_FABRIC_HOST_PART_H

#include "proto/base/archive.h"
#include "proto/codec/control.h"

// Writes a save-mode archive as folder/<kind>-<index>.npstate and describes it in *part.
enum err_code part_write(const char *folder, enum saved_kind kind, uint32_t index,
                         const struct archive *archive, struct saved_part *part, struct err *err);

// Reads it back into *bytes (caller frees), *size. ERR_DAMAGED_STATE names the file.
enum err_code part_read(const char *folder, enum saved_kind kind, uint32_t index, uint8_t **bytes,
                        size_t *size, struct err *err);

#endif
