// SPDX-License-Identifier: Apache-2.0
// Records the memory references of a real program of the host into a trace (proto/trace), children included.
#ifndef NP_COORDINATOR_RECORD_RECORD_H
#define NP_COORDINATOR_RECORD_RECORD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/trace/trace.h"

// How a program is run while it is recorded. AUTO: qemu-user with our plugin, which records threads as
// streams and their synchronisation; valgrind's lackey where that is not there or cannot follow the program.
enum recording_tool { TOOL_AUTO, TOOL_QEMU, TOOL_LACKEY, TOOL_COUNT };
extern const char *const recording_tool_names[TOOL_COUNT]; // "auto", "qemu", "lackey"

struct recording_request {
    enum recording_tool tool;
    char *const *argv; // program and arguments, NULL-terminated, borrowed; the program is looked up in PATH
    uint64_t max_refs; // stop the program after this many recorded references; 0: let it end
    uint64_t skip;     // references left out first
    bool quiet;        // the program's standard input, output and error are /dev/null
    bool keep_env;     // give the program our environment instead of the fixed small one
    bool keep_partial; // when cancelled, complete the trace with what there is instead of removing it
    // May be NULL; checked about every millisecond. Non-zero: stop the program in order and report
    // ERR_INTERRUPTED.
    const volatile sig_atomic_t *cancel;
    // May be NULL; called about ten times a second while recording.
    void (*progress)(void *context, uint64_t refs, uint64_t skipped, uint64_t bytes, double seconds);
    void *context;
};

struct recording_result {
    struct trace_info info; // of the finished trace; the caller frees it with trace_info_free
    double seconds;         // host time it took
    bool stopped;           // the program was stopped at max_refs
    bool too_many_streams;  // the program was stopped at TRACE_STREAMS_MAX
    uint32_t unrecorded;    // programs that it started and that were not recorded
    uint32_t unordered;     // atomic accesses beyond the words whose order could be recorded
    bool unseen_operands;   // storage operands of s390x instructions are missing
    char note[256];         // why another tool than one might think was taken; empty: nothing to say
    int exit_status;        // of the program when it ended by itself, as a shell would give it (128 + signal)
};

// Runs the program under its tool and writes its references to `path`. No process of the program is left when
// this returns. `result` may be NULL. ERR_MISSING_TOOL without the tool, ERR_PROCESS when the program cannot
// be found, started or is for another machine, ERR_INTERRUPTED when cancelled, and what trace_writer.h gives.
enum err_code record_program(const struct recording_request *request, const char *path,
                             struct recording_result *result, struct err *err);

// Path of a program as a shell would find it (PATH, or as given when it holds a slash). ERR_PROCESS.
enum err_code record_find_program(const char *name, char path[PATH_MAX_BYTES], struct err *err);

// The subcommands `record` and `trace-info`: argv[0] is the subcommand's name. They return the exit status.
int record_main(int argc, char **argv);
int trace_info_main(int argc, char **argv);

#endif
