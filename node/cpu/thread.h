// SPDX-License-Identifier: Apache-2.0
// The inside of threads.h: threads, and CPUs that run them in turn.
//
// A CPU of the pools is a CPU like others, whose program is that of the thread in hand: the kind's own loop
// runs on it, up to the end of the quantum. What belongs to the thread (program, random state, waiting
// access) changes with it; clock, accesses under way, L1s and results stay. A thread gives way only when
// nothing of it is under way, the store buffer included, so that all accesses of a CPU are those of its
// thread in hand.
#ifndef NP_NODE_CPU_THREAD_H
#define NP_NODE_CPU_THREAD_H

#include "node/cpu/cpu.h"
#include "node/cpu/placement.h"
#include "node/cpu/threads.h"

struct thread {
    struct thread *next; // of its list
    uint32_t pool, member;
    struct cpu_desc desc; // what it runs, as that member
    const struct program_ops *ops;
    void *program;  // owned; NULL: it has ended
    struct rng rng; // while no CPU has it in hand
    bool ended;
    bool leaving;         // as soon as nothing of it is under way
    bool waits;           // for a page that is on its way
    uint32_t space, page; // that one
    sim_time left_at;     // in the list of those who have left: when, and which CPU
    uint32_t left_from;
};

// In order; threads leave it anywhere.
struct thread_list {
    struct thread *first;
    uint32_t n;
};

struct pool_cpu {
    struct cpu *cpu;
    struct threads *threads;
    uint32_t hit_cycles;        // of a CPU that keeps program order
    struct thread *current;     // in hand; NULL: there is none that could run
    struct thread_list waiting; // for their turn, or for a page
    struct thread_list ended;
    uint32_t n_ready; // of those waiting, who wait for no page
    sim_time quantum_end;
    bool stop; // the thread in hand issues nothing more, and gives way; never state: see `run`
};

// Frames of this board's memory, by what pages lie in them.
struct frame_index {
    uint32_t n, used;
    uint32_t *owner;      // page, counted over all spaces, + 1; 0: none of a pool; owned
    uint32_t map_version; // of the segment map that was used
    bool valid;
};

struct threads {
    const struct machine *machine;
    const struct segment_map *map;
    uint16_t board;
    uint32_t partition; // whose pools it serves; NO_PARTITION: none
    bool online;
    uint32_t n_cpus;
    struct pool_cpu cpu[CPUS_PER_BOARD_MAX];
    struct address_spaces *spaces; // of the partition's pools, owned; NULL: none
    uint32_t bound;                // frames of its memory, the first, that are not the pools'
    struct thread_list left;       // by time, then CPU
    struct frame_index *frames;    // owned
    struct cpu holder;             // holds the program of a thread that no CPU has
};

// A thread's accesses wait: the loop returns when no earlier one is under way.
static inline enum next pool_cpu_pauses(const struct cpu *cpu)
{
    return cpu->buffer.n ? NEXT_FENCE : NEXT_WAIT;
}

// The thread in hand needs a page that is unmapped.
enum next pool_cpu_wants(struct cpu *cpu, const struct address_space *space, uint32_t page);

// ", thread 3 of pool 0", for messages; "" when there is none in hand.
void pool_cpu_name(const struct cpu *cpu, char *text, size_t size);

// thread_run.c. Makes a CPU one of the pools, without a thread.
void pool_cpu_init(struct pool_cpu *slot, struct threads *threads, struct cpu *cpu);

// Leaves the CPU without a thread in hand; whose that is is the caller's business.
void pool_cpu_clear(struct pool_cpu *slot);

// Makes the thread's program, random state and way of issuing those of the CPU; time stands still.
void pool_cpu_attach(struct pool_cpu *slot, struct thread *thread);

// A thread joins its queue at `at`.
void pool_cpu_join(struct pool_cpu *slot, struct thread *thread, sim_time at);

// Something has changed for the CPU at `at`: it goes on with whoever can run, unless it is busy.
void pool_cpu_look(struct pool_cpu *slot, sim_time at);

// threads.c. From now on it serves the pools of the partition (NO_PARTITION: none), their pages laid as when
// it begins with the boards of `present`; see pool_spaces_open.
enum err_code threads_serve(struct threads *threads, uint32_t partition, const struct partition_desc *present,
                            struct err *err);

// That, and the threads that begin on this board with it begin at `at`. There is none before.
enum err_code threads_begin(struct threads *threads, uint32_t partition, const struct partition_desc *present,
                            sim_time at, struct err *err);
void threads_free_all(struct threads *threads); // those that are here

// thread.c. A new thread, its program at the beginning. Errors of its kind's opening.
enum err_code thread_new(struct threads *threads, uint32_t pool, uint32_t member, struct thread **thread,
                         struct err *err);
void thread_end(struct threads *threads, struct thread *thread); // frees its program
void thread_free(struct threads *threads, struct thread *thread);

// All of a thread but where it is. When loading, *thread is made.
void thread_state(struct threads *threads, struct thread **thread, struct archive *ar);

void thread_append(struct thread_list *list, struct thread *thread);
void thread_remove(struct thread_list *list, struct thread *thread);

// A thread has left CPU `from` of the board, at `at`.
void thread_has_left(struct threads *threads, struct thread *thread, uint32_t from, sim_time at);

// page_tables.c
void page_tables_state(struct threads *threads, struct archive *ar);
void frame_index_free(struct frame_index *index);

#endif
