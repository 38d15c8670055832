// SPDX-License-Identifier: Apache-2.0
// Every limit on what comes from outside, with the reason for its value.
#ifndef NP_PROTO_BASE_LIMITS_H
#define NP_PROTO_BASE_LIMITS_H

#include <stdint.h>

#define SYSTEMS_MAX           16u  // a parallel sysplex has up to 32; 16 systems of 64 boards fill BOARDS_MAX
#define BOARDS_PER_SYSTEM_MAX 64u  // a full-map sharer set is one 64-bit word
#define BOARDS_MAX            256u // board number fits component_id beside an 8-bit unit, and select() sets
#define PARTITIONS_MAX        256u // at most one per board
#define CPUS_PER_BOARD_MAX    32u  // two L1s each (instruction, data) fill a 64-bit presence word
#define L1S_PER_BOARD_MAX     64u
#define SEGMENTS_MAX          64u // per partition; one per board in the simplest contiguous map
#define LINKS_MAX             64u
#define FAULTS_MAX            64u
#define STORE_BUFFER_MAX      64u        // stores; real ones hold 8 to 72
#define DIRECTORY_ENTRIES_MAX (1u << 26) // of one home's directory cache
#define OUTSTANDING_MAX       16u        // accesses one CPU may have under way
#define NAME_MAX_BYTES        64u // names of systems, boards, partitions, links, including the final NUL
#define PATH_MAX_BYTES        1024u
#define LINE_BYTES_MIN        16u
#define LINE_BYTES_MAX        256u
#define WAYS_MAX              32u
#define FRAME_BYTES_MAX       65536u                           // 64 KiB HiperSockets frame (facts.md 8.1)
#define GIVE_UP_MAX           (1000 * UINT64_C(1000000000000)) // ps a replayed thread waits for another
#define SCRIPT_BYTES_MAX      65536u                           // one CPU script
#define GUEST_ARGUMENTS_MAX   896u // COMMAND_LINE_SIZE of Linux on s390x; the place at 0x10480 ends there
#define GUEST_IMAGE_MAX       (UINT64_C(1) << 30) // bytes of an image file
#define GUEST_CPUS_MAX        256u                // CPU addresses of a partition
#define GUEST_INPUTS_MAX      256u                // planned console inputs of a partition
#define GUEST_INPUT_BYTES_MAX 256u                // of a line at a console, with its newline and NUL
#define TYPED_LINES_MAX       16u                 // typed at a console of a running machine, and not read yet
#define COMMANDS_MAX          4096u               // entries of commands: in a scenario
#define POOLS_MAX             256u                // programs with threads bound to no CPU
#define POOL_THREADS_MAX      4096u               // of one pool
#define POOL_CONTEXT_MAX      65536u              // bytes of a thread's context; real ones have hundreds
#define TEXT_BYTES_MAX        4096u               // of one piece of console text: an SCCB is a page
#define TEXT_CHUNK_BYTES      (1u << 18)          // of text in one message of the control plane
#define TEXT_CHUNK_PIECES     16384u              // likewise; a traced instruction is a piece of 100 bytes
#define TEXT_LIMIT_DEFAULT    (UINT64_C(64) << 20) // of a partition's console, and of its trace
#define TEXT_LIMIT_MAX        (UINT64_C(1) << 40)  // a disk, not a number, should be what ends it
#define SCENARIO_BYTES_MAX    (1u << 20)           // a scenario file
#define MESSAGES_MAX          (1u << 20)           // coherence messages in one batch
#define WIRE_BYTES_MAX        (128u << 20)         // one data-plane message: MESSAGES_MAX with lines
#define CONTROL_BYTES_MAX     (16u << 20)          // one control-plane message
#define ORDERS_MAX            1024u                // of the system controller, in one message
#define REPORTS_MAX           65536u               // of boards to the system controller, likewise
#define REPORTS_WAITING_MAX   4096u                // in the boards of one member of a sync group
#define TABLES_CHUNK_BYTES    (4u << 20)           // of page tables in one message
#define TABLES_BYTES_MAX      (UINT64_C(1) << 32)  // page tables of a partition: 2^28 pages of 16 bytes
#define NODES_MAX             256u                 // host processes of one run
#define THREADS_MAX           64u                  // threads of one node
#define MEMORY_PER_BOARD_MAX  (UINT64_C(1) << 42) // 4 TiB: page tables stay sparse, addresses stay below 2^52
#define PAGE_BYTES            4096u               // unit of host allocation and of virtual-page placement

#endif
