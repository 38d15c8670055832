// SPDX-License-Identifier: Apache-2.0
// The parts of a board and how they hand messages to one another. Only files of node/board include this.
//
//   CPU -- bus --> agent (board cache) -- port --> crossbar
//                   |  ^                   |
//                   v  |                   v
//                  home (directory, memory)
//
// Each arrow is an event in the board's queue, except bus -> agent, which is one step at the order point.
#ifndef NP_NODE_BOARD_INTERNAL_H
#define NP_NODE_BOARD_INTERNAL_H

#include "fabric/time/event_queue.h"
#include "node/board/board.h"
#include "node/board/firmware.h"
#include "node/board/pool.h"
#include "node/board/timeline.h"
#include "node/board/watch.h"
#include "node/coherence/receive.h"
#include "node/cpu/cpu.h"
#include "node/cpu/threads.h"
#include "node/isa/configuration.h"
#include "node/memory/memory.h"
#include "node/memory/segment_map.h"

enum event_type {
    EV_BUS,           // payload: pool item; a CPU's request reaches the order point
    EV_EGRESS,        // payload: pool item; a message is ready at the port
    EV_ARRIVE,        // payload: pool item; its first byte reaches the port's entry
    EV_DELIVER,       // payload: pool item; it has been received whole
    EV_HOME,          // payload: pool item; the home turns to it
    EV_FAULT,         // payload: index of the planned fault
    EV_FRAME_OUT,     // payload: frame slot; a CPU's frame reaches the adapter
    EV_FRAME_IN,      // payload: frame slot; a frame has arrived
    EV_INPUT,         // payload: index of the guest's input; it has been typed
    EV_DUTY,          // no payload; firmware looks after what it waits for
    EV_LINE,          // payload: number of a line that is being brought home; its directory has been read
    EV_PACKET_OUT,    // payload: frame slot; a packet is ready at the port
    EV_PACKET_ARRIVE, // payload: frame slot; its first byte reaches the port's entry
    EV_PACKET_IN,     // payload: frame slot; it has been received whole
    EV_TYPE_COUNT
};
_Static_assert(EV_HOME < EVENT_LANES && EV_FAULT >= EVENT_LANES, "a lane for each frequent kind of event");

// The board cache: slots of tag, controller state, L1 presence and bytes.
struct board_cache {
    uint32_t ways, sets, slots;
    uint32_t line_bytes, line_shift;
    uint32_t tick;
    uint64_t *tag;           // line address | 1; 0: free
    struct cache_line *line; // controller's state
    uint64_t *presence;      // bit l1 number: that L1 holds the line
    uint32_t *stamp;
    uint16_t *mshr; // transaction under way, or NO_MSHR
    uint8_t *data;
};
#define NO_MSHR UINT16_MAX
#define NO_SLOT UINT32_MAX

struct waiter {
    uint8_t l1; // number: CPU x 2 + (0 data, 1 instruction); or CLEANER
    bool store;
};
#define CLEANER UINT8_MAX // whoever brings a line of this home back to it: needs it in M, to evict it

// A transaction under way: a miss (its way is reserved in the cache) or an eviction (its line lives here).
struct mshr {
    bool used, eviction;
    uint16_t next;    // of the same hash, or NO_MSHR
    uint8_t served;   // enum served, once data came
    uint64_t address; // line
    uint32_t slot;    // miss: its way
    uint32_t txn;
    uint16_t home;          // miss: the board that was asked, whatever a segment map says by now
    struct cache_line line; // eviction: controller's state
    uint8_t *data;          // eviction: bytes
    uint16_t n_waiters;
    struct waiter waiters[L1S_PER_BOARD_MAX + 1]; // each L1 asks once per line, the cleaner too
    struct parking parking;                       // last: large, and most of it never touched
};

#define STALLED_MAX (CPUS_PER_BOARD_MAX * OUTSTANDING_MAX + CLEANING_MAX)

// Transactions are found by line through chains; the order in a chain never reaches results.
#define MSHR_ENTRIES_MAX 2048 // twice the most that a description may ask for
#define MSHR_BUCKETS     256

struct frame_slot {
    bool used;
    struct frame frame;
};

// An entry of a directory cache.
struct directory_entry {
    uint64_t tag; // line address | 1; 0: free
    uint32_t stamp;
    bool fresh; // the Get that it was made for has not been served yet
};

struct directory_cache {
    uint32_t ways, sets; // 0: none, every line of memory has an entry
    uint32_t tick;
    struct directory_entry *entries; // by set
    uint32_t *waiting;               // per set: first of a chain of Gets, or NO_REQUEST
};

struct home {
    struct memory memory;
    struct segment_map
        decode; // which addresses are its own; the routing map of the board may be damaged, not this
    struct sharer_form form;
    struct directory_cache cache;
    sim_time free_at;        // when it can turn to the next message
    sim_time memory_free_at; // when memory can begin the next transfer
    sim_time line_transfer;  // how long one line occupies memory
    uint64_t seq;            // of what it sends
    uint64_t queue_seq;      // of what it queues for itself
};

struct port {
    sim_time transfer[2]; // how long a message without and with data occupies a lane
    sim_time egress_free_at, ingress_free_at;
    uint64_t seq;                               // of what its gate answers
    struct traffic sent[BOARDS_PER_SYSTEM_MAX]; // over the crossbar, by destination in the system
};

// A line for the guest, as it is typed: with its newline.
struct console_line {
    bool typed; // at a running machine; else it stands in the scenario
    char text[GUEST_INPUT_BYTES_MAX];
};

// What the CPUs of a partition share of its service element; on the partition's first board.
struct service_element {
    uint32_t receives;          // mask of the events that the guest takes
    component_id listener;      // the CPU that set it
    uint64_t seq;               // of what it sends
    uint32_t arrived, read;     // lines for the guest, so far
    uint32_t typed;             // of the lines: not from the scenario
    struct console_line *lines; // arrived and not read, the oldest first; owned
    bool changed;               // boards have come or gone, which the guest has not been told yet
    struct reconfiguration {    // under way (reconfigure.c)
        uint8_t what;           // enum configure_what
        uint8_t phase;          // enum change_phase
        uint16_t serial;        // of the change
        uint32_t number;        // CPU address, or increment from 0
        component_id asker, target;
        uint64_t awaited; // boards that have not answered
    } change;
};
enum change_phase { CHANGE_TARGET, CHANGE_ALL };

// Storage that a guest gives back (unassign.c).
struct unassigning {
    bool quiet_awaited; // until nothing of it is under way here
    bool leaving;       // an increment of this board, until its lines are home;
    bool cleaning;      // they are on their way
    uint32_t quiet_increment, increment;
    uint32_t pages;   // of the increment: on their way
    uint64_t at, end; // in this board's memory: where it goes on, and ends
    struct asked {
        component_id by;
        uint32_t order;
        uint16_t number;
    } quiet, clean; // whom to answer
};

// What a CPU was before a guest got it; and is again afterwards.
struct lent {
    bool lent, done, blocked;
    const struct program_ops *ops;
    const struct cpu_desc *desc;
    struct pool_cpu *pool;
    uint32_t stores; // capacity of its store buffer
};

// What was counted while the board was in partitions before, and the counts at the last change: what came
// since belongs to the one in which it is.
struct stays {
    uint32_t n;
    struct stay *items; // owned; one per partition, in order of the first time
    sim_time since;     // of the last change
    uint64_t counters[COUNTER_COUNT];
    uint64_t sent_by_type[MSG_TYPE_COUNT];
    struct cpu_results cpus;
    uint64_t hits[CPUS_PER_BOARD_MAX];
};

struct board {
    const struct machine *machine;
    const struct board_desc *desc;
    const struct board_params *params;
    const struct system_desc *system;
    const struct partition_desc *partition; // in which it began, and where its guest stays; NULL: none
    struct domain domain;                   // as it is now
    const struct protocol *protocol;
    struct board_options options;
    struct watch *watch;       // NULL: no line of this board is watched; never state
    struct timeline *timeline; // NULL: none is recorded; never state
    bool observed;             // one of them
    uint16_t number;
    sim_time now;     // of the event in hand; never a result
    sim_time reached; // end of the last grant; never a result

    uint32_t n_cpus;
    struct cpu cpus[CPUS_PER_BOARD_MAX];
    sim_time ready[CPUS_PER_BOARD_MAX]; // when each could issue next: cpu_ready()
    struct address_spaces *spaces;      // of its replays, owned; NULL: none
    struct threads *threads;            // of pools, owned; NULL: its system has none
    struct event_queue events;
    struct pool pool;

    struct board_cache cache;
    uint32_t n_mshrs; // both kinds: 2 x params->mshrs
    uint32_t misses, evictions;
    struct mshr *mshrs;
    uint16_t mshr_bucket[MSHR_BUCKETS];        // first of each hash, or NO_MSHR
    uint64_t mshr_used[MSHR_ENTRIES_MAX / 64]; // bit per entry
    uint64_t agent_seq;
    uint32_t next_txn;
    sim_time bus_free_at;
    bool put_refused;   // ever: some home may count on a line that is gone
    uint32_t n_stalled; // requests that wait for an MSHR or a way, oldest first
    bool retrying;
    struct stalled_request {
        uint64_t line;
        struct waiter waiter;
    } stalled[STALLED_MAX];

    struct home home;
    struct port port;
    struct segment_map map;
    struct firmware firmware;
    struct service_element service;
    struct stays stays;
    struct configuration configuration; // what the partition's guest has
    struct unassigning unassigning;
    struct lent lent[CPUS_PER_BOARD_MAX]; // never state: it follows from the domain

    uint32_t n_frame_slots;
    struct frame_slot *frame_slots;
    sim_time *link_free_at; // per timed link of the machine, this board's end
    uint64_t adapter_seq;

    struct message_list outbox;
    struct frame_list frames_out;
    struct text_list texts;                                     // until the host takes them
    uint64_t text_bytes[CPUS_PER_BOARD_MAX][TEXT_STREAM_COUNT]; // written so far; never state

    uint64_t counters[COUNTER_COUNT];
    uint64_t sent_by_type[MSG_TYPE_COUNT];
    uint64_t delivered_hash; // rolling, over everything delivered to this board
    sim_time last_event;     // for ties
    uint32_t trail_n;
    sim_time trail_step, trail_next;
    struct trail_mark trail[TRAIL_MAX];
};

static inline component_id board_unit(const struct board *board, unsigned unit)
{
    return component(board->number, unit);
}

static inline void board_count(struct board *board, enum counter counter, uint64_t n)
{
    board->counters[counter] += n;
}

// States of a line may have changed.
static inline void board_look(struct board *board, uint64_t line)
{
    if (NP_UNLIKELY(board->watch != NULL))
        watch_look(board, line);
}

// queue.c
void board_schedule(struct board *board, enum event_type type, struct order_key key, uint32_t payload);

// Takes a copy of the message (and of its data, when not NULL) into the pool.
uint32_t board_hold(struct board *board, const struct message *message, const uint8_t *data);

// bus.c
void bus_init(struct board *board);
void bus_request(void *board, struct cpu *cpu, unsigned l1, uint64_t line, bool store, sim_time at);
void bus_event(struct board *board, uint32_t payload);

// Performs what `waiter` waits for on the line in `slot`, whose controller permits it, with results at
// done_at.
void bus_grant(struct board *board, uint32_t slot, struct waiter waiter, sim_time done_at,
               enum served served);
void bus_fail(struct board *board, uint64_t line, struct waiter waiter);

// The snoop callback of the receive side: `self` is a struct snoop_target.
struct snoop_target {
    struct board *board;
    uint32_t slot;
};
bool bus_snoop(void *self, enum onboard_event event);

// agent.c
void agent_init(struct board *board);
void agent_free(struct board *board);

// A bus request at its order point: grants it, or lets it wait for a transaction.
void agent_request(struct board *board, uint64_t line, struct waiter waiter);
void agent_receive(struct board *board, const struct message *message, const uint8_t *data);

// Evicts what the slot holds; `own`: a line of this board's home. False: it has a transaction, or no more
// evictions may be under way.
bool agent_evict(struct board *board, uint32_t slot, bool own);

// Whether a request for the line, or a transaction of it, is under way.
bool agent_has(struct board *board, uint64_t line);

// mshr.c
struct mshr *mshr_find(struct board *board, uint64_t line);
struct mshr *mshr_take(struct board *board, uint64_t line, bool eviction);
void mshr_release(struct board *board, struct mshr *mshr);
void mshr_index(struct board *board);                                // builds the chains anew, after loading
uint32_t cache_find(const struct board_cache *cache, uint64_t line); // slot or NO_SLOT
uint32_t cache_choose(const struct board_cache *cache,
                      uint64_t line); // free or oldest unlocked way, or NO_SLOT
void cache_used(struct board_cache *cache, uint32_t slot);

// home.c
void home_init(struct board *board);
void home_free(struct board *board);
void home_receive(struct board *board, uint32_t payload);
void home_event(struct board *board, uint32_t payload);
void home_state(struct board *board, struct archive *ar);
sim_time home_book(struct board *board);          // for one more look at its directory; when it has looked
sim_time home_memory_access(struct board *board); // a line passes between memory and home; when it has
void home_own_event(struct board *board, struct home_line *line, uint64_t address, enum dir_event event);

// directory_cache.c
void directory_cache_init(struct board *board);
void directory_cache_free(struct board *board);
bool directory_cache_admit(struct board *board, uint32_t payload); // false: the Get waits for an entry
void directory_cache_used(struct board *board, uint64_t line);     // a Get of a line with an entry is served
void directory_cache_settle(struct board *board, uint64_t line, unsigned state); // after every step of a line
void directory_cache_state(struct board *board, struct archive *ar);

// port.c
void port_init(struct board *board);

// Sends from this board's agent or home at time `at`: by the short way to itself, through the port to others.
void port_send(struct board *board, const struct message *message, const uint8_t *data, sim_time at);
void port_egress(struct board *board, uint32_t payload);
void port_arrive(struct board *board, const struct event *event);

// Books a lane of the port for `length` ps, as soon as it is free. Returns when it is free again.
static inline sim_time port_book_egress(struct board *board, sim_time length)
{
    sim_time start = sim_max(board->now, board->port.egress_free_at);
    board->port.egress_free_at = start + length;
    board_count(board, CNT_EGRESS_BUSY_PS, length);
    board_count(board, CNT_EGRESS_WAIT_PS, start - board->now);
    return start + length;
}

static inline sim_time port_book_ingress(struct board *board, sim_time length)
{
    sim_time start = sim_max(board->now, board->port.ingress_free_at);
    board->port.ingress_free_at = start + length;
    board_count(board, CNT_INGRESS_BUSY_PS, length);
    board_count(board, CNT_INGRESS_WAIT_PS, start - board->now);
    board_count(board, CNT_MESSAGES_RECEIVED, 1);
    return start + length;
}

// Counts what leaves for `to`, a board of this system: gates let nothing through to another one.
static inline void port_count_sent(struct board *board, unsigned to, uint64_t bytes)
{
    unsigned member = to - board->system->first_board;
    NP_ASSERT(member < BOARDS_PER_SYSTEM_MAX);
    board->port.sent[member].messages++;
    board->port.sent[member].bytes += bytes;
    board_count(board, CNT_MESSAGES_SENT, 1);
    board_count(board, CNT_BYTES_SENT, bytes);
}

// adapter.c
void adapter_send(void *board, struct cpu *cpu, uint32_t link, const uint8_t *bytes, uint32_t size,
                  sim_time at);
void adapter_egress(struct board *board, uint32_t payload);
void adapter_arrive(struct board *board, uint32_t payload);
uint32_t adapter_hold(struct board *board, const struct frame *frame);
struct frame adapter_take(struct board *board, uint32_t slot); // its bytes are the caller's from now on
void adapter_free(struct board *board);
void adapter_frame_state(struct board *board, struct archive *ar, bool packet, uint32_t *payload);

// run.c: what was delivered enters the rolling hash.
void board_note_delivery(struct board *board, const struct order_key *key, uint64_t type, uint64_t what);

// signal.c: signals between CPUs, and to the service element. Sent by `cpu` at `at`, on their way after the
// bus and the agent.
void signal_send(void *board, struct cpu *cpu, const struct message *signal, sim_time at);
void signal_receive(struct board *board, const struct message *signal);

// service_element.c
void service_element_plan(struct board *board);
void service_element_input(struct board *board, uint32_t index);
void service_element_type(struct board *board, const uint8_t *line, uint64_t length); // guest_line_ok
void service_element_receive(struct board *board, const struct message *signal);
void service_element_plan_state(const struct board *board, struct archive *ar, uint32_t *index);
void service_element_reset(struct board *board);
void service_element_free(struct board *board);
void service_element_state(struct board *board, struct archive *ar);

// Sends as the element, or as what a board has of it; tells the guest that boards have come or gone.
void service_element_send(struct board *board, struct message *message);
void service_element_changed(struct board *board);

// guest.c: the domain has changed from `old`; CPUs are lent to the guest, all, or taken back; how the guest
// stands after a reset; its part of a view.
void guest_follow(struct board *board, const struct domain *old);
void guest_lend(struct board *board);
void guest_lend_loaded(struct board *board, struct archive *ar); // the same, of a state that is loaded
void guest_take_back(struct board *board);
void guest_reset(struct board *board);
void guest_view(const struct board *board, struct board_view *view);
void guest_state(struct board *board, struct archive *ar);

// reconfigure.c: false: the signal is none of its own.
bool reconfigure_receive(struct board *board, const struct message *signal);
void reconfigure_answer(struct board *board, const struct message *signal, bool refused);
void reconfigure_follow(struct board *board, const struct domain *old);
void reconfigure_state(struct board *board, struct archive *ar);

// unassign.c
void unassign_quiet(struct board *board, const struct message *signal, uint32_t increment);
void unassign_ordered(struct board *board, const struct message *signal);
void unassign_page_home(struct board *board, struct moving_page *page);
bool unassign_duty(struct board *board); // whether it waits for something
void unassign_follow(struct board *board);
void unassign_state(struct board *board, struct archive *ar);

// text.c: takes a copy of a piece that a CPU wrote, for the host.
void text_emit(void *board, struct cpu *cpu, const struct text_piece *piece);
void text_state(struct board *board, struct archive *ar);

// build.c: CPU number `index` as it is before time 0, then with its program.
void board_init_cpu(struct board *board, uint32_t index);
enum err_code board_open_cpu(struct board *board, uint32_t index, struct err *err);

// load.c: puts this board's part of its guest's image into its memory, and starts CPU address 0 if it is
// here. Errors of image_open; ERR_IMPOSSIBLE_MACHINE when the partition is too small.
enum err_code guest_load(struct board *board, struct err *err);

// results.c: the board leaves the partition that it is in, at a cut, or leaves being in none.
void stays_change(struct board *board, sim_time at);
void stays_free(struct board *board);
void stays_state(struct board *board, struct archive *ar);

// pages.c: fills in the most used pages of this home; the list in *results is all zero.
void board_pages(const struct board *board, struct board_results *results);

// state.c
void message_state(struct message *message, struct archive *ar);
uint32_t pool_item_state(struct board *board, struct archive *ar, uint32_t payload);

#endif
