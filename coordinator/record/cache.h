// SPDX-License-Identifier: Apache-2.0
// Recordings kept by content: the same program with the same arguments and inputs is recorded once.
#ifndef NP_COORDINATOR_RECORD_CACHE_H
#define NP_COORDINATOR_RECORD_CACHE_H

#include "coordinator/record/record.h"

#define CACHE_BYTES_MAX (UINT64_C(2) << 30) // beyond this the recordings used longest ago are removed

// Gives the path of a recording that answers the request, making it when there is none. The key covers argv,
// the bytes of the program and of every argument that is an existing regular file, max_refs, skip, the
// format's version, the tool, its version and, with qemu-user, our plugin's bytes. Two callers at once record
// once; the second waits. Recordings lie in $NUMAPLEX_CACHE, else $XDG_CACHE_HOME/numaplex, else
// ~/.cache/numaplex. Errors of record_program; ERR_FILE for the folder.
enum err_code cache_recording(const struct recording_request *request, char path[PATH_MAX_BYTES],
                              struct err *err);

// Removes the recordings of a folder that were used longest ago until at most bytes_max bytes are left,
// except the one named `keep`. A reader that has one open keeps it open.
void cache_evict(const char *folder, uint64_t bytes_max, const char *keep);

#endif
