// SPDX-License-Identifier: Apache-2.0
// The resolved description of a complex: what a scenario file means once presets are filled in, units
// converted and everything checked. The coordinator makes it, every process receives it, none changes it.
// Figures come from preset and scenario files; there is no figure of a machine in the code.
//
// All times are picoseconds, sizes bytes, bandwidths bytes per second (0: unlimited).
#ifndef NP_PROTO_BASE_MACHINE_H
#define NP_PROTO_BASE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/limits.h"
#include "proto/base/time.h"

struct cache_geometry {
    uint64_t bytes; // capacity; sets = bytes / (ways x line) is a power of two
    uint32_t ways;  // 1 .. WAYS_MAX
    sim_time latency;
};

// What boards of one kind are made of.
struct board_params {
    uint32_t cpus;   // 1 .. CPUS_PER_BOARD_MAX
    uint64_t cpu_hz; // cycles per second
    uint32_t
        line_bytes; // coherence unit, a power of two, LINE_BYTES_MIN .. LINE_BYTES_MAX; equal in a system
    bool l1_split;  // separate instruction and data L1
    struct cache_geometry l1,
        l1i; // l1i only when split; latency: a hit, seen by a CPU with one outstanding access
    struct cache_geometry l2; // the inclusive board cache; latency: added to a bus request that hits it
    uint32_t mshrs;           // misses the board cache has under way at once, 1 .. 1024
    sim_time bus_order;       // B > 0: from a request to its order point
    sim_time bus_return;      // from order point or fill to the requestor
    sim_time bus_occupancy;   // between two order points
    sim_time agent_latency;   // board cache controller: from order point or arrival to what it sends
    sim_time home_occupancy;  // home: per message, one at a time, and before anything leaves
    sim_time local_latency;   // between agent and home of the same board, each way
    uint64_t memory_bytes;
    sim_time memory_latency; // from directory lookup to data, pipelined
    uint64_t memory_bytes_per_s;
    uint64_t port_bytes_per_s; // crossbar port, each direction
    uint32_t header_bytes;     // of a crossbar message without data
    // Store buffer of each CPU, in stores: 0: none, program-ordered CPUs are sequentially consistent; else
    // they keep total store order (TSO).
    uint32_t store_buffer;
    // How the home names a line's sharers. Pointers i > 0: at most i, more count as all boards of the system.
    // Coarse K > 1: one bit for K boards. Both 0: full map. At most one of the two.
    uint32_t sharer_pointers, sharer_coarse;
    // Directory cache of the home: entries, a power of two of sets; 0: every line of memory has an entry.
    uint32_t directory_entries, directory_ways;
};

// What a home with a directory cache does when an entry must go or is missing.
enum directory_miss {
    DIRECTORY_RECALL,    // an entry that goes takes the copies of its line with it
    DIRECTORY_BROADCAST, // it is forgotten; when the line is asked for again, all boards are
    DIRECTORY_MISS_COUNT
};

// The protocols that node/coherence has tables of, in its order; the coordinator, which does not see them,
// has their names from here.
#define PROTOCOL_NAMES "mesi", "moesi", "msi", "sun"

// How its hard partitions are called and changed: SMS and dynamic domains, nPartitions of base and floating
// cells, books of one machine.
enum family { FAMILY_GENERIC, FAMILY_SUN, FAMILY_SUPERDOME, FAMILY_ZSERIES, FAMILY_COUNT };
#define FAMILY_NAMES "generic", "sun", "superdome", "zseries"

struct system_desc {
    char name[NAME_MAX_BYTES];
    char protocol[NAME_MAX_BYTES]; // between boards: one of PROTOCOL_NAMES
    enum directory_miss directory_miss;
    uint32_t first_board, boards; // its boards are first_board .. first_board + boards - 1
    // Crossbar, from egress end to ingress start. Boards 0 .. boards_per_crossbar - 1 of the system share a
    // first-level crossbar, the next ones the next (HP: a cell quad); 0: all boards share one. `flight` holds
    // within one, `far_flight` (0 only where there is one crossbar) between two.
    sim_time flight, far_flight;
    uint32_t boards_per_crossbar;
    enum family family;
    // From a board's report to the system controller's next order; > 0 where partitions may change.
    sim_time controller_latency;
};

// Flight time between two boards of a system, numbers complex-wide.
static inline sim_time system_flight(const struct system_desc *system, unsigned from, unsigned to)
{
    uint32_t quad = system->boards_per_crossbar;
    bool far = quad && (from - system->first_board) / quad != (to - system->first_board) / quad;
    return far ? system->far_flight : system->flight;
}

struct board_desc {
    char name[NAME_MAX_BYTES]; // unique in the complex
    uint32_t system;
    uint32_t partition; // index, or NO_PARTITION: the board is free and simulates nothing until it joins one
    bool floating;      // a cell all of whose memory is its own: it may come and go while the partition runs
    bool blacklisted;   // not to be configured
    struct board_params params;
};
#define NO_PARTITION UINT32_MAX
#define NO_BOARD     UINT16_MAX
#define NO_GROUP     UINT32_MAX // of sync groups: a board that is in none stands still

// A stretch of a partition's real address space and the boards whose memory it is.
struct segment_desc {
    uint64_t base, size; // multiples of PAGE_BYTES
    uint64_t
        granule; // 0: contiguous on boards[0]; else bytes per board in turn (a line up to any power of two)
    uint64_t offset; // where its share begins in the memory of each of its boards
    uint32_t n_boards;
    uint16_t boards[BOARDS_PER_SYSTEM_MAX]; // complex-wide board numbers
};

// Facility levels of z/Architecture CPUs: each includes those before it (node/isa/facility.c lists them).
enum architecture { ARCH_Z900, ARCH_Z990, ARCH_Z9, ARCH_Z10, ARCH_Z196, ARCH_ZEC12, ARCHITECTURE_COUNT };

// Text that somebody types at a partition's console.
struct guest_input {
    sim_time at;
    char text[GUEST_INPUT_BYTES_MAX]; // ASCII with its final newline, NUL-terminated
};

// What a partition's z/Architecture CPUs run. An image is loaded before time 0; the CPU with address 0 starts
// with it and the others are stopped.
struct guest_desc {
    char image[PATH_MAX_BYTES];          // ELF for s390x, or flat with a short PSW at 0; "": no guest
    char arguments[GUEST_ARGUMENTS_MAX]; // for the command line at 0x10480, NUL-terminated
    enum architecture architecture;
    bool functional; // an instruction takes one cycle and a hit costs no more
    uint32_t n_cpus; // CPU addresses 0 .. n_cpus - 1: members of the CPU_ZARCH entry
    uint32_t n_inputs;
    struct guest_input *inputs; // ascending by time, owned
};

struct partition_desc {
    char name[NAME_MAX_BYTES];
    uint32_t system;
    uint32_t n_boards;
    uint16_t boards[BOARDS_PER_SYSTEM_MAX]; // ascending
    uint32_t n_segments;
    struct segment_desc segments[SEGMENTS_MAX]; // ascending, disjoint, gap-free from 0
    // In each board's memory: frames for virtual pages lie from here to its end. They are reached through
    // segments as all memory is; generators' regions stay below. At or beyond a board's memory_bytes: it has
    // no frames.
    uint64_t frames_offset;
    // Real addresses below this hold what cannot be given another address (the kernel cage): such memory
    // moves by copy-rename only. A multiple of PAGE_BYTES, at the beginning of the memory of boards[0]; no
    // board has frames below it, so that any may take it over.
    uint64_t permanent_bytes;
    uint64_t seed; // of everything random in the partition
    struct guest_desc guest;
};

// CPU_POOL stands in no description: a CPU that is not listed is idle, or runs threads of its partition's
// pools.
enum cpu_kind { CPU_IDLE, CPU_GENERATOR, CPU_SCRIPT, CPU_TRACE, CPU_ZARCH, CPU_POOL };

// Documented one by one in node/cpu/README.md.
enum pattern {
    PATTERN_PRIVATE,
    PATTERN_STREAM,
    PATTERN_RANDOM,
    PATTERN_POINTER_CHASE,
    PATTERN_PRODUCER_CONSUMER,
    PATTERN_PING_PONG,
    PATTERN_HOT_LINES,
    PATTERN_FALSE_SHARING,
    PATTERN_LOCK,
    PATTERN_BURST,
    PATTERN_FRAMES,
    PATTERN_KERNEL,
    PATTERN_COUNT
};

enum placement { PLACE_FIRST_TOUCH, PLACE_ROUND_ROBIN, PLACE_FIXED };

// What one CPU does. Fields that a kind or pattern does not use are 0.
struct cpu_desc {
    uint16_t board; // complex-wide
    uint16_t index; // on its board
    enum cpu_kind kind;
    uint32_t outstanding; // accesses under way at once, 1 .. OUTSTANDING_MAX; 1: program order

    enum pattern pattern;
    uint64_t base, size;      // region of partition real addresses
    uint32_t member, members; // this CPU is number `member` of the `members` that share the pattern's region;
                              // zarch: CPU address
    uint32_t write_permille;
    uint64_t stride;
    uint64_t count;              // accesses (or rounds) until it is done; 0: as long as the run
    uint32_t critical, parallel; // lock, kernel: accesses inside, cycles outside (kernel: mean)
    uint32_t locks;              // kernel: how many it is divided into
    sim_time compute; // burst: between two accesses; kernel: mean, between two looks at a lock that is taken
    uint32_t link;    // frames: index of the timed link
    uint32_t frame_bytes;

    uint32_t program; // number of its entry in the complex: members with equal numbers belong together

    char *script;               // script: its text, owned, NUL-terminated
    char trace[PATH_MAX_BYTES]; // trace: file
    enum placement placement;
    uint16_t fixed_board; // trace: home of all its pages when PLACE_FIXED
    sim_time backoff;     // trace: longest pause between two looks at a word that another thread must change
    sim_time give_up;     // trace: after so long without a change the thread stops waiting
};

// A program whose threads are bound to no CPU: they spread over all CPUs of their partition that have no
// program of their own, and follow them when boards come and go. Their addresses are virtual; pages lie in
// frames of the boards' memories.
struct pool_desc {
    uint32_t partition;
    uint32_t n_threads;   // 1 .. POOL_THREADS_MAX
    struct cpu_desc what; // kind: CPU_GENERATOR (base 0, `size` bytes of virtual addresses) or CPU_TRACE; of
                          // a thread: member is its number, members n_threads; board and index mean nothing
    sim_time quantum;     // a thread runs so long while others of its CPU wait
    sim_time switch_time; // from one thread to the next, on a CPU
    uint64_t context_bytes; // of a thread that moves to another board
};

// A connection between boards of two partitions that carries frames of bytes.
struct link_desc {
    char name[NAME_MAX_BYTES];
    uint16_t board[2];    // its two ends, in different partitions
    sim_time latency;     // > 0
    uint64_t bytes_per_s; // each direction
};

enum fault_kind { FAULT_SEGMENT_ENTRY }; // a segment-map entry of one board names a wrong home

struct fault_desc {
    enum fault_kind kind;
    sim_time at;
    uint16_t board;   // whose map
    uint32_t segment; // which entry
    uint16_t home;    // the wrong home it names from then on
};

struct machine {
    char name[NAME_MAX_BYTES];
    uint64_t seed;
    sim_time until;  // SIM_NEVER: until all programs are done
    sim_time window; // 0: exact. Beyond the bound: late deliveries between boards, counted
    uint32_t n_systems, n_boards, n_partitions, n_cpus, n_links, n_faults, n_pools;
    struct system_desc *systems;
    struct board_desc *boards;
    struct partition_desc *partitions;
    struct cpu_desc *cpus; // ascending by (board, index); CPUs not listed are idle
    struct link_desc *links;
    struct fault_desc *faults; // ascending by time
    struct pool_desc *pools;   // ascending by partition
};

// Frees everything the description owns and zeroes it.
void machine_free(struct machine *machine);

// Every rule that the rest of the code relies on, checked again wherever a description enters a process.
// Returns NULL when it holds, else a static sentence that says which rule does not.
const char *machine_invalid(const struct machine *machine);

#endif
