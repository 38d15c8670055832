// SPDX-License-Identifier: Apache-2.0
// What a board reports of itself. Counters are results: they are covered by the digest and never depend on
// how the run was cut or placed. Host-side figures (times, grants, resends) are kept apart, in struct
// host_stats.
#ifndef NP_PROTO_BASE_RESULTS_H
#define NP_PROTO_BASE_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/archive.h"
#include "proto/base/limits.h"
#include "proto/base/message.h"

// X(enumerator, name in counters.csv, unit, what it counts)
#define COUNTERS(X)                                                                                          \
    X(CNT_LOADS, "loads", "accesses", "data loads issued")                                                   \
    X(CNT_STORES, "stores", "accesses", "stores issued")                                                     \
    X(CNT_RMWS, "rmws", "accesses", "atomic read-modify-writes issued")                                      \
    X(CNT_FETCHES, "fetches", "accesses", "instruction fetches issued")                                      \
    X(CNT_INSTRUCTIONS, "instructions", "instructions", "completed by z/Architecture CPUs")                  \
    X(CNT_SIGNALS, "signals", "messages", "sent by SIGP and to service elements, answers included")          \
    X(CNT_L1_HITS, "l1_hits", "accesses", "served by the CPU's own L1")                                      \
    X(CNT_MERGED, "merged", "accesses", "joined a request already under way for the same line")              \
    X(CNT_STORE_FORWARDS, "store_forwards", "accesses", "loads answered from the CPU's store buffer")        \
    X(CNT_STORE_WAITS, "store_waits", "accesses", "accesses held up by the CPU's store buffer")              \
    X(CNT_BUS_REQUESTS, "bus_requests", "requests", "requests that reached the board's order point")         \
    X(CNT_L2_HITS, "l2_hits", "requests", "served by the board cache or another L1 of the board")            \
    X(CNT_MISSES_LOCAL, "misses_local", "requests", "board misses whose home is this board")                 \
    X(CNT_MISSES_REMOTE, "misses_remote", "requests", "board misses whose home is another board")            \
    X(CNT_UPGRADES, "upgrades", "requests", "board misses that held the line in S and asked for M")          \
    X(CNT_MSHR_STALLS, "mshr_stalls", "requests", "waited for a free MSHR or way")                           \
    X(CNT_FILLS_CLEAN, "fills_clean", "lines", "lines received from a home")                                 \
    X(CNT_FILLS_OWNER, "fills_owner", "lines", "lines received from another board's cache")                  \
    X(CNT_DIRTY_TRANSFERS, "dirty_transfers", "lines", "lines received that differed from memory")           \
    X(CNT_EVICTIONS_CLEAN, "evictions_clean", "lines", "PutS and PutE sent")                                 \
    X(CNT_EVICTIONS_DIRTY, "evictions_dirty", "lines", "PutM and PutO sent")                                 \
    X(CNT_INVALIDATIONS, "invalidations", "lines", "lines lost to Inv, Recall or Fwd-GetM")                  \
    X(CNT_OVER_INVALIDATIONS, "over_invalidations", "messages", "Inv and Recall for lines it did not hold")  \
    X(CNT_FORWARDS_PARKED, "forwards_parked", "messages", "forwards that waited in their line's MSHR")       \
    X(CNT_HOME_REQUESTS, "home_requests", "messages", "messages served by this home")                        \
    X(CNT_HOME_STALLED, "home_stalled", "messages", "requests that waited for a busy line")                  \
    X(CNT_RECALLS, "recalls", "messages", "Recalls sent by this home for itself")                            \
    X(CNT_BROADCASTS, "broadcasts", "lines", "recalled from all boards, the owner being forgotten")          \
    X(CNT_DIRECTORY_HITS, "directory_hits", "requests", "found their line in the directory cache")           \
    X(CNT_DIRECTORY_MISSES, "directory_misses", "requests", "were the first to need the line's entry")       \
    X(CNT_DIRECTORY_EVICTIONS, "directory_evictions", "lines", "gave up their directory entry to another")   \
    X(CNT_HOME_BUSY_PS, "home_busy_ps", "ps", "time the home was occupied")                                  \
    X(CNT_MEMORY_BUSY_PS, "memory_busy_ps", "ps", "time memory transferred lines to or from the home")       \
    X(CNT_BUS_BUSY_PS, "bus_busy_ps", "ps", "time the board's bus was taken by order points")                \
    X(CNT_EGRESS_BUSY_PS, "egress_busy_ps", "ps", "time the port was sending")                               \
    X(CNT_EGRESS_WAIT_PS, "egress_wait_ps", "ps", "time messages waited for the port to send")               \
    X(CNT_INGRESS_BUSY_PS, "ingress_busy_ps", "ps", "time the port was receiving")                           \
    X(CNT_INGRESS_WAIT_PS, "ingress_wait_ps", "ps", "time messages waited at the port's entry")              \
    X(CNT_MESSAGES_SENT, "messages_sent", "messages", "sent over the crossbar")                              \
    X(CNT_MESSAGES_RECEIVED, "messages_received", "messages", "received over the crossbar")                  \
    X(CNT_BYTES_SENT, "bytes_sent", "bytes", "sent over the crossbar, headers included")                     \
    X(CNT_TIES, "ties", "events", "events at the same time as the one before, ordered by the key")           \
    X(CNT_GATE_REFUSALS, "gate_refusals", "messages", "refused by a gate and answered with an error")        \
    X(CNT_BUS_ERRORS, "bus_errors", "accesses", "accesses answered with an error")                           \
    X(CNT_POISONED, "poisoned", "accesses", "accesses that touched lost data")                               \
    X(CNT_LATE, "late", "messages", "arrivals below the receiver's time (--window only)")                    \
    X(CNT_CHECKS, "checks", "values", "loaded values compared with what they must be")                       \
    X(CNT_CHECKS_FAILED, "checks_failed", "values", "comparisons that failed")                               \
    X(CNT_FRAMES_SENT, "frames_sent", "frames", "frames given to timed links")                               \
    X(CNT_FRAMES_RECEIVED, "frames_received", "frames", "frames taken from timed links")                     \
    X(CNT_EVENTS, "events", "events", "board events processed")

enum counter {
#define X(name, text, unit, what) name,
    COUNTERS(X)
#undef X
        COUNTER_COUNT
};

const char *counter_name(enum counter counter);
const char *counter_unit(enum counter counter);

// Where a completed access was served from; one latency histogram each.
enum served { SERVED_L1, SERVED_BOARD, SERVED_HOME_LOCAL, SERVED_HOME_REMOTE, SERVED_OWNER, SERVED_COUNT };
const char *served_name(enum served served);

// Histogram of latencies in ps: bucket = 4 per power of two, from 2^8 ps; the last bucket takes all beyond.
#define LATENCY_BUCKETS 128
struct latency_histogram {
    uint64_t count, sum_ps, min_ps, max_ps; // min is 0 while count is 0
    uint64_t bucket[LATENCY_BUCKETS];
};
void latency_add(struct latency_histogram *histogram, uint64_t ps);
void latency_state(struct latency_histogram *histogram, struct archive *ar);
void latency_merge(struct latency_histogram *to, const struct latency_histogram *from);
unsigned latency_bucket(uint64_t ps);
uint64_t latency_bucket_floor(unsigned bucket); // least latency of a bucket, ps

// How a z/Architecture CPU stands, at the end of a run or when it is asked.
enum guest_end {
    GUEST_NONE,          // no z/Architecture CPU
    GUEST_RUNNING,       // the run ended first
    GUEST_WAITING,       // in an enabled wait
    GUEST_STOPPED,       // never started, or by SIGP
    GUEST_ENDED,         // disabled wait at an address that ends in 0xFFF: clean
    GUEST_DISABLED_WAIT, // any other disabled wait
    GUEST_CHECK_STOP,    // machine check with machine checks disabled
    GUEST_PROGRAM_LOOP,  // each program interruption causes the next
    GUEST_END_COUNT
};

struct guest_cpu_results {
    uint8_t end; // enum guest_end
    uint64_t instructions;
    uint64_t busy_ps; // time in which it was neither stopped nor in a wait
    uint64_t psw_mask, psw_address;
    uint64_t gr[16];
};

struct cpu_results {
    uint64_t accesses, hits; // completed; of these served by L1
    uint64_t latency_sum_ps; // of all completed
    uint64_t wait_ps;        // time in which it could issue nothing
    uint64_t compute_ps;     // time between accesses by its own will
    sim_time done_at;        // SIM_NEVER while it runs
    uint64_t work;           // completed rounds: turns, critical sections, frames; pattern-specific
    // Replays: synchronisations that had to wait for another thread, and for how long, pauses included.
    uint64_t sync_waits, sync_wait_ps;
};

// A point of the board's trail: the rolling hash of delivered messages when time first passed `time`.
#define TRAIL_MAX 512
struct trail_mark {
    sim_time time;
    uint64_t hash;
};

// What a board sent to one other over the crossbar, headers included.
struct traffic {
    uint64_t messages, bytes;
};

// A page of a board's home memory that other boards asked for.
#define PAGES_REPORTED_MAX 64                    // per board, and per partition
#define SYMBOL_TEXT_SIZE   (NAME_MAX_BYTES + 32) // "counters+0x1040", "lock ..."; "": none is known
struct page_results {
    uint64_t address;  // real address of its first byte
    uint64_t requests; // GetS and GetM that the home served
    uint64_t remote;   // of these from other boards
    uint64_t writes;   // of these GetM
    uint32_t boards;   // different boards that asked
    // Whose page a replayed recording laid here; not counted, but worked out when results are asked for.
    bool owned;
    uint64_t virtual_address; // of the page
    uint32_t process;         // of the recording
    char symbol[SYMBOL_TEXT_SIZE];
};

struct board_results {
    uint16_t board;
    uint32_t cpus;
    struct digest digest;
    uint64_t counters[COUNTER_COUNT];
    uint64_t sent_by_type[MSG_TYPE_COUNT];
    struct traffic sent_to[BOARDS_PER_SYSTEM_MAX]; // by number in the system
    uint32_t n_pages;
    struct page_results pages[PAGES_REPORTED_MAX]; // most remote requests first
    struct latency_histogram latency[SERVED_COUNT];
    struct cpu_results cpu[CPUS_PER_BOARD_MAX];
    struct guest_cpu_results guest[CPUS_PER_BOARD_MAX];
    uint32_t trail_n;
    struct trail_mark trail[TRAIL_MAX];
    char first_failure[256]; // first check that failed, or ""
};

// What a board did while it was in one partition, or in none: the sum over all the times that it was. The
// sums over a board's stays are what the board reports of itself. A board whose partition never changed has
// none.
struct stay {
    uint16_t board;
    uint32_t partition;    // NO_PARTITION: none
    sim_time joined, left; // the last time; left: SIM_NEVER where it is there at the end
    uint64_t earlier_ps; // how long altogether, without the time since `joined` where it is there at the end
    uint64_t counters[COUNTER_COUNT];
    uint64_t sent_by_type[MSG_TYPE_COUNT];
    struct latency_histogram latency[SERVED_COUNT];
    struct cpu_results
        cpus; // sums of its CPUs; done_at: when the last of those that are done was, 0: none is
};

// Where host time went; differs from run to run and is never part of a digest.
struct host_stats {
    uint64_t simulating_ns, exchanging_ns, waiting_ns;
    uint64_t grants, resends, duplicates, damaged; // exchanges and what the link made of them
    uint64_t foreign;                              // messages refused because they came from another run
    uint64_t bytes_out, bytes_in;
    uint64_t max_rss_bytes;
};

#endif
