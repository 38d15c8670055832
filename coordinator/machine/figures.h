// SPDX-License-Identifier: Apache-2.0
// The figures of a machine: one row per figure of a board, and of the system around it, with key, unit and
// range. A figure comes from a preset, from the scenario, or from the resolved form of either, and always
// remembers where from: a number without provenance is a number nobody can doubt. It is written in one of two
// ways:
//
//     memory_latency: 180ns
//     memory_latency: {value: 180ns, source: "[K] unverified default"}
//
// Without a source, the place where it is written (FILE:LINE) is its source.
#ifndef NP_COORDINATOR_MACHINE_FIGURES_H
#define NP_COORDINATOR_MACHINE_FIGURES_H

#include <stdio.h>

#include "coordinator/machine/fields.h"
#include "proto/base/machine.h"

// X(enumerator, key, unit, member of struct board_params, least, most, needed when)
#define FIGURES(X)                                                                                           \
    X(FIG_CPUS, "cpus", UNIT_COUNT, cpus, 1, CPUS_PER_BOARD_MAX, ALWAYS)                                     \
    X(FIG_CLOCK, "clock", UNIT_FREQUENCY, cpu_hz, 1, SIM_PS_PER_S, ALWAYS)                                   \
    X(FIG_LINE, "line", UNIT_SIZE, line_bytes, LINE_BYTES_MIN, LINE_BYTES_MAX, ALWAYS)                       \
    X(FIG_L1, "l1", UNIT_SIZE, l1.bytes, LINE_BYTES_MIN, MEMORY_PER_BOARD_MAX, ALWAYS)                       \
    X(FIG_L1_WAYS, "l1_ways", UNIT_COUNT, l1.ways, 1, WAYS_MAX, ALWAYS)                                      \
    X(FIG_L1_LATENCY, "l1_latency", UNIT_TIME, l1.latency, 0, SIM_PS_PER_S, ALWAYS)                          \
    X(FIG_L1I, "l1i", UNIT_SIZE, l1i.bytes, 0, MEMORY_PER_BOARD_MAX, NEVER)                                  \
    X(FIG_L1I_WAYS, "l1i_ways", UNIT_COUNT, l1i.ways, 1, WAYS_MAX, WHEN_SPLIT)                               \
    X(FIG_L1I_LATENCY, "l1i_latency", UNIT_TIME, l1i.latency, 0, SIM_PS_PER_S, WHEN_SPLIT)                   \
    X(FIG_L2, "l2", UNIT_SIZE, l2.bytes, LINE_BYTES_MIN, MEMORY_PER_BOARD_MAX, ALWAYS)                       \
    X(FIG_L2_WAYS, "l2_ways", UNIT_COUNT, l2.ways, 1, WAYS_MAX, ALWAYS)                                      \
    X(FIG_L2_LATENCY, "l2_latency", UNIT_TIME, l2.latency, 0, SIM_PS_PER_S, ALWAYS)                          \
    X(FIG_STORE_BUFFER, "store_buffer", UNIT_COUNT, store_buffer, 0, STORE_BUFFER_MAX, NEVER)                \
    X(FIG_MSHRS, "mshrs", UNIT_COUNT, mshrs, 1, 1024, ALWAYS)                                                \
    X(FIG_BUS_ORDER, "bus_order", UNIT_TIME, bus_order, 1, SIM_PS_PER_S, ALWAYS)                             \
    X(FIG_BUS_RETURN, "bus_return", UNIT_TIME, bus_return, 0, SIM_PS_PER_S, ALWAYS)                          \
    X(FIG_BUS_OCCUPANCY, "bus_occupancy", UNIT_TIME, bus_occupancy, 0, SIM_PS_PER_S, ALWAYS)                 \
    X(FIG_AGENT_LATENCY, "agent_latency", UNIT_TIME, agent_latency, 0, SIM_PS_PER_S, ALWAYS)                 \
    X(FIG_HOME_OCCUPANCY, "home_occupancy", UNIT_TIME, home_occupancy, 0, SIM_PS_PER_S, ALWAYS)              \
    X(FIG_LOCAL_LATENCY, "local_latency", UNIT_TIME, local_latency, 0, SIM_PS_PER_S, ALWAYS)                 \
    X(FIG_MEMORY, "memory", UNIT_SIZE, memory_bytes, PAGE_BYTES, MEMORY_PER_BOARD_MAX, ALWAYS)               \
    X(FIG_MEMORY_LATENCY, "memory_latency", UNIT_TIME, memory_latency, 0, SIM_PS_PER_S, ALWAYS)              \
    X(FIG_MEMORY_BANDWIDTH, "memory_bandwidth", UNIT_BANDWIDTH, memory_bytes_per_s, 0, BANDWIDTH_MAX,        \
      ALWAYS)                                                                                                \
    X(FIG_PORT_BANDWIDTH, "port_bandwidth", UNIT_BANDWIDTH, port_bytes_per_s, 0, BANDWIDTH_MAX, ALWAYS)      \
    X(FIG_HEADER, "header", UNIT_SIZE, header_bytes, 1, 1024, ALWAYS)                                        \
    X(FIG_SHARER_POINTERS, "sharer_pointers", UNIT_COUNT, sharer_pointers, 0, BOARDS_PER_SYSTEM_MAX, NEVER)  \
    X(FIG_SHARER_COARSE, "sharer_coarse", UNIT_COUNT, sharer_coarse, 0, BOARDS_PER_SYSTEM_MAX, NEVER)        \
    X(FIG_DIRECTORY_ENTRIES, "directory_entries", UNIT_COUNT, directory_entries, 0, DIRECTORY_ENTRIES_MAX,   \
      NEVER)                                                                                                 \
    X(FIG_DIRECTORY_WAYS, "directory_ways", UNIT_COUNT, directory_ways, 1, WAYS_MAX, WHEN_CACHED)

#define BANDWIDTH_MIN UINT64_C(1000000) // as machine_invalid: a frame must not last for minutes
#define BANDWIDTH_MAX UINT64_C(1000000000000000)

enum figure {
#define X(name, key, unit, member, min, max, needed) name,
    FIGURES(X)
#undef X
        FIGURE_COUNT
};

#define SOURCE_SIZE 160

// Where one figure comes from; "" while it is not given.
struct source {
    char text[SOURCE_SIZE];
};

// For tables: a source into a struct source.
field_reader read_source;

// A board in the making: its parameters, and where each of them comes from.
struct figures {
    struct board_params params;
    struct source sources[FIGURE_COUNT];
};

// The figures of a system beside those of its boards: its crossbars (`crossbar:`), and what is advised for
// it. X(enumerator, key, unit, member of struct system_figures, least, most)
#define SYSTEM_FIGURES(X)                                                                                    \
    X(SYS_FLIGHT, "flight", UNIT_TIME, flight, 1, SIM_PS_PER_S)                                              \
    X(SYS_BOARDS, "boards", UNIT_COUNT, boards, 1, BOARDS_PER_SYSTEM_MAX)                                    \
    X(SYS_FAR_FLIGHT, "far_flight", UNIT_TIME, far_flight, 1, SIM_PS_PER_S)                                  \
    X(SYS_LINKS, "links", UNIT_COUNT, links, 1, BOARDS_PER_SYSTEM_MAX)                                       \
    X(SYS_SMP_CPUS, "smp_cpus", UNIT_COUNT, smp_cpus, 1, BOARDS_MAX *CPUS_PER_BOARD_MAX)                     \
    X(SYS_CLM_STEPS, "clm_steps", UNIT_COUNT, clm_steps, 1, 1024)                                            \
    X(SYS_CLM_SMALL_CELL, "clm_small_cell", UNIT_SIZE, clm_small_cell, 0, MEMORY_PER_BOARD_MAX)              \
    X(SYS_CONTROLLER, "controller_latency", UNIT_TIME, controller_latency, 1, SIM_PS_PER_S)

enum system_figure {
#define X(name, key, unit, member, min, max) name,
    SYSTEM_FIGURES(X)
#undef X
        SYSTEM_FIGURE_COUNT
};

struct system_figures {
    uint64_t flight;     // within one crossbar; see struct system_desc
    uint64_t boards;     // on one crossbar; 0: all share one
    uint64_t far_flight; // between two crossbars
    uint64_t links;      // between each two crossbars; 0: not known. For advice only
    uint64_t smp_cpus;   // most CPUs of one partition that are advised; 0: the lecture's rule for Unix
    // A cell's local memory is so many steps of all its memory, half as many in a cell that has less memory
    // than a small one; 0: any size. For advice only.
    uint64_t clm_steps, clm_small_cell;
    uint64_t controller_latency; // from a board's report to the system controller's next order
    struct source sources[SYSTEM_FIGURE_COUNT];
};

// Reads a mapping of figures over those that are there: a preset first, then each level of the scenario.
enum err_code figures_read(struct value mapping, struct figures *figures, struct err *err);

// Reads `crossbar: {flight: 45ns, boards: 4, far_flight: 77ns, links: 2}` over what is there; each in either
// form of a figure.
enum err_code crossbar_read(struct value crossbar, struct system_figures *figures, struct err *err);

// What is advised for a system, and its controller, stand beside its crossbar, each under a key of its own.
#define SYSTEM_KEY_FIRST SYS_SMP_CPUS

// Reads one of these, in either form of a figure; an absent value is none.
enum err_code system_figure_read(struct value v, enum system_figure figure, struct system_figures *figures,
                                 struct err *err);

// Whether a figure is given, its key, and its value as text that is read back. Returns `text`.
bool system_figure_given(const struct system_figures *figures, enum system_figure figure);
const char *system_figure_key(enum system_figure figure);
const char *system_figure_format(const struct system_figures *figures, enum system_figure figure,
                                 char text[UNIT_TEXT_SIZE]);

// Checks a finished board: nothing missing, cache geometries possible. `where` is the board's place in the
// file.
enum err_code figures_check(const struct figures *figures, const char *board, struct value where,
                            struct err *err);

const char *figure_key(enum figure figure);

// The value as text that figures_read reads back. Returns `text`.
const char *figure_format(const struct board_params *params, enum figure figure, char text[UNIT_TEXT_SIZE]);

// Whether a figure has a meaning on such a board: l1i_ways has none without an L1I, directory_ways none
// without a directory cache.
bool figure_applies(const struct board_params *params, enum figure figure);

#endif
