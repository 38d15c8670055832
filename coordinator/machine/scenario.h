// SPDX-License-Identifier: Apache-2.0
// A scenario file, read: the machine it describes, the programs it wants recorded, and what is worth a
// warning. The format is described in README.md of this folder.
#ifndef NP_COORDINATOR_MACHINE_SCENARIO_H
#define NP_COORDINATOR_MACHINE_SCENARIO_H

#include <stdio.h>

#include "coordinator/machine/claims.h"
#include "coordinator/machine/provenance.h"
#include "coordinator/machine/settings.h"
#include "coordinator/partition/system_controller.h"
#include "proto/base/machine.h"

#define WARNING_SIZE 320

// A program whose references are to be recorded before the run, and the CPUs that replay them. Until the run
// has put a file name there, cpu_desc.trace of these CPUs is RECORDING_PREFIX and the recording's name.
#define RECORDING_PREFIX "recording:"
struct recording {
    char name[NAME_MAX_BYTES];      // unique in the scenario
    char directory[PATH_MAX_BYTES]; // to run it in: by default the scenario file's folder
    char **argv;                    // owned, ends with NULL
    uint64_t max_refs, skip;        // references to keep, and to leave out before them
    unsigned tool;                  // index of scenario_tools
    uint32_t n_cpus;
    uint32_t *cpus; // indices into machine.cpus, in the order of the members
    uint32_t pool;  // index into machine.pools, in place of CPUs; or NO_POOL
};

#define NO_POOL UINT32_MAX

// What a program may be recorded with, as scenarios name it: auto, qemu, lackey.
#define RECORDING_TOOLS 3u
extern const char *const scenario_tools[RECORDING_TOOLS];

// One entry of a partition's `programs:`. CPUs or a pool refer to it, so that the resolved form can show it
// as one entry again.
struct program {
    uint32_t partition;
    uint32_t recording; // index, or NO_RECORDING
    unsigned line;      // where it stands in the file
};
#define NO_RECORDING UINT32_MAX

// An entry of `commands:`: what somebody tells the system controller at a simulated time.
struct scenario_command {
    sim_time at;
    struct sc_command command; // board and partition are known; whether it can be done is seen then
    unsigned line;             // where it stands in the file
};

struct warning {
    char text[WARNING_SIZE]; // "FILE:LINE: what; what to do"
};

struct scenario {
    struct machine machine;
    char file[PATH_MAX_BYTES];      // as given
    char directory[PATH_MAX_BYTES]; // absolute, of the file: relative paths in it begin here
    uint32_t n_recordings, n_programs, n_warnings, n_parameters, n_claims, n_commands;
    struct parameter parameters[PARAMETERS_MAX]; // what `parameters:` were in the end
    struct recording *recordings;
    struct program *programs;
    struct warning *warnings;
    struct claim *claims;
    struct scenario_command *commands;      // ascending by time; of one time, as they stand in the file
    uint32_t *program_of;                   // per machine.cpus: index into programs
    uint32_t *program_of_pool;              // per machine.pools: likewise
    struct source (*sources)[FIGURE_COUNT]; // per machine.boards: where each figure comes from
    struct system_figures *system_figures;  // per machine.systems: with their sources
    bool *seed_given;                       // per machine.partitions: seed stands in the file
};

// Reads and checks a scenario with its presets and scripts. On success the caller owns `out` (scenario_free)
// and machine_invalid(&out->machine) is NULL; on failure there is nothing to free and `err` names file, line,
// field and remedy. Errors: ERR_SYNTAX, ERR_UNKNOWN_KEY, ERR_MISSING_KEY, ERR_BAD_VALUE,
// ERR_IMPOSSIBLE_MACHINE, ERR_LIMIT, ERR_FILE (the scenario, a preset, script or trace cannot be read),
// ERR_MEMORY.
int scenario_read(const char *path, struct scenario *out, struct err *err);

// The same with values of the command line put in first. ERR_USAGE when one of them names nothing.
int scenario_read_set(const char *path, const struct settings *settings, struct scenario *out,
                      struct err *err);

// The same for text that is in memory. `name` is what messages call it; relative paths begin at the working
// directory.
int scenario_read_text(const char *text, size_t size, const char *name, struct scenario *out,
                       struct err *err);

void scenario_free(struct scenario *scenario);

// Replaces the seed of the complex, and with it those of the partitions whose seed is not in the file.
void scenario_set_seed(struct scenario *scenario, uint64_t seed);

// Tells every CPU, or the pool, that replays `recording` (an index) which trace file to read. ERR_LIMIT when
// the path is too long.
int scenario_set_trace(struct scenario *scenario, uint32_t recording, const char *path, struct err *err);

// Writes the scenario in its resolved form: every figure with its source, no presets, scripts in full. It is
// a scenario file itself, and reads back to the same machine. Returns ERR_FILE or ERR_DISK_FULL when `out`
// refuses.
int scenario_write_resolved(const struct scenario *scenario, FILE *out, struct err *err);

// How far the figures of a system can be trusted: those of its first board and of the system itself.
struct provenances scenario_provenances(const struct scenario *scenario, uint32_t system);

// Prints a summary for people: systems, partitions, memory map, programs, sync groups, lookahead, latencies
// that an access meets when nothing else is under way, and the warnings.
void scenario_print(const struct scenario *scenario, FILE *out);

#endif
