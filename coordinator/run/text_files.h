// SPDX-License-Identifier: Apache-2.0
// console-PARTITION.txt and trace-PARTITION.txt: what guests wrote, put in the one order (time, source, seq)
// from the pieces of all boards of a partition, so that the files are the same wherever boards are simulated.
// A piece is written once every process has reported all that comes before it; until then it waits here. That
// is little: no process is more than a grant ahead of another one of the same partition.
#ifndef NP_COORDINATOR_RUN_TEXT_FILES_H
#define NP_COORDINATOR_RUN_TEXT_FILES_H

#include <stdio.h>

#include "coordinator/run/console_view.h"
#include "coordinator/run/folder.h"
#include "coordinator/run/manifest.h"
#include "coordinator/run/plan.h"
#include "proto/codec/control.h"

struct text_file {
    FILE *out;      // NULL: nothing is written of this stream
    uint64_t bytes; // written, without what cutting adds
    bool cut;       // the limit was reached: nothing follows
    bool inside;    // the last line has no end yet
    struct text_list waiting;
};

struct text_files {
    const struct machine *machine; // borrowed
    const struct plan *plan;       // borrowed
    struct instruction_trace trace;
    uint64_t limit;                               // bytes of each file
    char folder[PATH_MAX_BYTES];                  // of the run
    struct text_file (*files)[TEXT_STREAM_COUNT]; // [partition]
    sim_time
        *reached; // [partition x nodes + node]; SIM_NEVER: nothing will come, but from boards that boot again
    sim_time *written;         // [partition]: nothing before it can come any more
    struct console_view *view; // NULL, or shown what consoles say; borrowed
};

// Begins the files: a console for each partition with a guest, a trace where one is asked for. They grow
// under their own names while the run goes on, like `log`, so that they can be read.
enum err_code text_files_open(struct text_files *files, const struct run_folder *folder,
                              const struct machine *machine, const struct plan *plan,
                              const struct instruction_trace *trace, uint64_t limit, struct err *err);

// Lets the consoles begin with what they held when the state was saved.
enum err_code text_files_continue(struct text_files *files, const struct manifest *manifest, struct err *err);

// Takes what process `host` (a node) reports and writes what nothing can come before any more. The pieces are
// taken out of the chunk. ERR_DAMAGED_MESSAGE when it is not the process's to report; ERR_FILE,
// ERR_DISK_FULL.
enum err_code text_files_add(struct text_files *files, uint32_t host, struct control_text *chunk,
                             struct err *err);

// No more will come: writes what waits, and syncs.
enum err_code text_files_finish(struct text_files *files, struct err *err);

// Copies the finished consoles into the folder of a saved state. The caller frees *texts.
enum err_code text_files_save(const struct text_files *files, const char *folder, struct saved_text **texts,
                              uint32_t *n, struct err *err);

// Closes what is open, with what waits, and frees.
void text_files_close(struct text_files *files);

// "console-SMP1.txt".
#define TEXT_NAME_SIZE (NAME_MAX_BYTES + 16)
void text_file_name(const char *partition, enum text_stream stream, char name[TEXT_NAME_SIZE]);

#endif
