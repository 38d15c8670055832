// SPDX-License-Identifier: Apache-2.0
// The control API as plain structs: what consoles ask of a running machine and what they are told, and its
// bytes. Schema: proto/schema/api.proto. Times are simulated, in picoseconds, sizes in bytes, unless a name
// says otherwise. Texts are UTF-8 without control characters, NUL-terminated, and cut by no one: what does
// not fit is refused. Boards, partitions and systems go by their names; columns and bitmaps go by their place
// in the snapshot, which is that of the machine description and never changes during a run.
#ifndef NP_PROTO_CODEC_API_H
#define NP_PROTO_CODEC_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"
#include "proto/codec/bytes.h"

#define API_VERSION           1u
#define API_REQUEST_BYTES_MAX 65536u             // the largest names 256 partitions of a domain administrator
#define API_REPLY_BYTES_MAX   (4u << 20)         // a sample of 256 boards: 65,536 sums of bytes sent
#define API_EVENTS_MAX        256u               // in one reply; the rest follows
#define API_OPERATIONS_MAX    (32u + BOARDS_MAX) // in one snapshot: one to a board, and the last that ended
#define API_CONSOLE_BYTES_MAX 65536u             // in one reply
#define API_TEXT_BYTES        256u               // of an event, with its NUL
#define API_WORD_BYTES        24u                // a state or a step, with its NUL
#define API_LINE_POINTS_MAX   512u               // of a partition's throughput
#define API_SAMPLE_MS_MIN     100u               // host time between two samples
#define API_SAMPLE_MS_MAX     60000u

// Who asks. A request without a user comes from the owner of the control socket, who may do everything.
#define API_ROLES(X)                                                                                         \
    X(API_VIEWER, "viewer")                                 /* changes nothing */                            \
    X(API_DOMAIN_ADMINISTRATOR, "domain administrator")     /* what is their partitions' */                  \
    X(API_OPERATOR, "operator")                             /* power, test, keyswitch, console, pace */      \
    X(API_PLATFORM_ADMINISTRATOR, "platform administrator") /* everything */

// What a command does; which fields of struct api_command it reads stands behind each.
#define API_VERBS(X)                                                                                         \
    X(API_ADD, "add")             /* board, partition, level assign, connect, configure */                   \
    X(API_DELETE, "delete")       /* board, level unconfigure, disconnect, unassign; force */                \
    X(API_MOVE, "move")           /* board, partition, level assign, connect, configure; force */            \
    X(API_KEYSWITCH, "keyswitch") /* partition, position */                                                  \
    X(API_POWER, "power")         /* board, on */                                                            \
    X(API_TEST, "test")           /* board */                                                                \
    X(API_BLACKLIST, "blacklist") /* board, on */                                                            \
    X(API_AVAILABLE, "available") /* partition, board, on: on its available component list */                \
    X(API_TAG, "tag")             /* partition, name */                                                      \
    X(API_CELL, "cell")           /* board, on: used when its nPartition boots next */                       \
    X(API_REBOOT, "reboot")       /* partition, on: for reconfiguration */

#define API_LEVELS(X)                                                                                        \
    X(API_ASSIGN, "assign")                                                                                  \
    X(API_CONNECT, "connect")                                                                                \
    X(API_CONFIGURE, "configure")                                                                            \
    X(API_UNCONFIGURE, "unconfigure")                                                                        \
    X(API_DISCONNECT, "disconnect")                                                                          \
    X(API_UNASSIGN, "unassign")

#define API_POSITIONS(X)                                                                                     \
    X(API_KEY_OFF, "off")                                                                                    \
    X(API_KEY_STANDBY, "standby")                                                                            \
    X(API_KEY_ON, "on")                                                                                      \
    X(API_KEY_DIAG, "diag")                                                                                  \
    X(API_KEY_SECURE, "secure")

#define API_PACES(X)                                                                                         \
    X(API_PAUSE, "pause")                                                                                    \
    X(API_CONTINUE, "continue")                                                                              \
    X(API_STEP, "step") /* step_ps: so far, then pause */                                                    \
    X(API_SLOW, "slow") /* ps_per_s: simulated time per second of host time; 0: as fast as it goes */        \
    X(API_STOP, "stop") /* ends the run as Ctrl-C does */

#define NP_API_NAME(name, word) name,
enum api_role { API_ROLES(NP_API_NAME) API_ROLE_COUNT };
enum api_verb { API_VERBS(NP_API_NAME) API_VERB_COUNT };
enum api_level { API_LEVELS(NP_API_NAME) API_LEVEL_COUNT };
enum api_position { API_POSITIONS(NP_API_NAME) API_POSITION_COUNT };
enum api_pace_kind { API_PACES(NP_API_NAME) API_PACE_COUNT };
#undef NP_API_NAME

// The words above, and back: false when a word is none of them.
const char *api_role_word(enum api_role role);
const char *api_verb_word(enum api_verb verb);
const char *api_level_word(enum api_level level);
const char *api_position_word(enum api_position position);
const char *api_pace_word(enum api_pace_kind kind);
bool api_role_of(const char *word, enum api_role *role);
bool api_verb_of(const char *word, enum api_verb *verb);
bool api_level_of(const char *word, enum api_level *level);
bool api_position_of(const char *word, enum api_position *position);
bool api_pace_of(const char *word, enum api_pace_kind *kind);

struct api_command {
    enum api_verb verb;
    char board[NAME_MAX_BYTES], partition[NAME_MAX_BYTES];
    enum api_level level; // what the verb does by default stands in api_command_init()
    enum api_position position;
    bool on, force;
    char name[NAME_MAX_BYTES];
};

// A command with the verb's usual level: configure, and for delete unassign.
void api_command_init(struct api_command *command, enum api_verb verb);

enum api_kind {
    API_NONE,
    API_SHOW,
    API_WATCH,
    API_COMMAND,
    API_PLAN,
    API_PACE,
    API_TYPE,
    API_CONSOLE,
    API_SERIES
};

struct api_watch {
    uint64_t from_seq;   // events with this number and later; 0: from now on
    uint32_t samples_ms; // host time between samples, API_SAMPLE_MS_MIN .. API_SAMPLE_MS_MAX; 0: none
    bool stop;           // watch no more
};

struct api_pace {
    enum api_pace_kind kind;
    uint64_t step_ps;  // > 0 for step
    uint64_t ps_per_s; // for slow
};

struct api_type {
    char partition[NAME_MAX_BYTES];
    char text[GUEST_INPUT_BYTES_MAX - 1]; // printable ASCII, a line without its newline
};

struct api_console {
    char partition[NAME_MAX_BYTES];
    uint64_t from_byte; // of what it has written
};

struct api_request {
    uint64_t id;                     // not 0; the reply repeats it
    char user[NAME_MAX_BYTES];       // "": the owner of the control socket
    enum api_role role;              // of the user
    uint32_t n_domains;              // of a domain administrator: the partitions that are theirs
    char (*domains)[NAME_MAX_BYTES]; // owned
    enum api_kind kind;
    union {
        struct api_watch watch;
        struct api_command command; // API_COMMAND, API_PLAN
        struct api_pace pace;
        struct api_type type;
        struct api_console console;
    };
};

struct api_system {
    char name[NAME_MAX_BYTES];
    char family[API_WORD_BYTES]; // sun, superdome, zseries, generic
    char protocol[NAME_MAX_BYTES];
    uint32_t boards_per_crossbar; // 0: one crossbar for all
};

struct api_partition {
    char name[NAME_MAX_BYTES], system[NAME_MAX_BYTES];
    char tag[NAME_MAX_BYTES];            // what people call it; ""
    char state[API_WORD_BYTES];          // Powered Off, Keyswitch Standby, Running Domain POST, Running,
                                         // Quiesce In-Progress, Quiesced, Halted
    char position[API_WORD_BYTES];       // of its virtual keyswitch
    uint64_t available[BOARDS_MAX / 64]; // bit per board of the snapshot: its available component list
    bool has_guest;                      // runs a program image, has a console
    uint32_t threads, running; // of pools; CPUs and threads with something to do that have not ended
    uint64_t time_ps;
};

struct api_board {
    char name[NAME_MAX_BYTES], system[NAME_MAX_BYTES];
    char partition[NAME_MAX_BYTES];  // "": in none
    char assignment[API_WORD_BYTES]; // available, assigned, active
    char receptacle[API_WORD_BYTES]; // empty, disconnected, connected
    char occupant[API_WORD_BYTES];   // unconfigured, configured
    char test[API_WORD_BYTES];       // unknown, under test, passed, failed
    bool powered, blacklisted;
    bool floating; // a cell all of whose memory is its own
    bool core;     // holds its partition's console
    bool use_on_next_boot;
    bool standby;                        // offered to a guest since it runs, which takes of it what it likes
    uint32_t cpus, cpus_online, threads; // online of a guest's: those that it has configured
    uint64_t memory_bytes, permanent_bytes, used_bytes; // used by a guest: what it has assigned
    uint64_t draining_bytes, drained_bytes; // still to move, and moved, by the operation under way
    uint64_t clock_hz, cache_bytes;
    uint64_t real_base;                  // lowest real address that is its memory, while it is configured
    char next_partition[NAME_MAX_BYTES]; // of a base cell: after the next reboot for reconfiguration; ""
    char target[NAME_MAX_BYTES];         // of its permanent memory while that moves; ""
};

struct api_operation {
    uint64_t id; // from 1
    char verb[API_WORD_BYTES];
    char board[NAME_MAX_BYTES], from[NAME_MAX_BYTES], to[NAME_MAX_BYTES]; // partitions; ""
    char step[API_WORD_BYTES];   // as coordinator/partition/README.md lists them
    uint64_t began_ps, ended_ps; // ended 0: under way
    uint64_t pages_done, pages_total;
    struct err outcome; // once it has ended
    char user[NAME_MAX_BYTES];
};

struct api_snapshot {
    char scenario[NAME_MAX_BYTES];
    char folder[PATH_MAX_BYTES]; // absolute
    uint64_t time_ps, until_ps;  // until 0: until all is done
    char state[API_WORD_BYTES];  // running, paused, ended
    uint64_t ps_per_s;           // pace; 0: as fast as it goes
    uint64_t last_seq;           // of events that this holds
    uint32_t n_systems, n_partitions, n_boards, n_operations;
    struct api_system *systems; // these four owned
    struct api_partition *partitions;
    struct api_board *boards;
    struct api_operation *operations; // under way, and the last 32 that ended; ascending by id
};

struct api_event {
    uint64_t seq; // from 1, without gaps
    uint64_t time_ps;
    char what[API_WORD_BYTES]; // state, step, drained, refused, ended, failed, pace, run
    char board[NAME_MAX_BYTES], partition[NAME_MAX_BYTES]; // ""
    uint64_t operation;                                    // 0: none
    char text[API_TEXT_BYTES];                             // for people, English
    char user[NAME_MAX_BYTES];
    uint64_t pages_done, pages_total; // of what is "drained"
};

struct api_plan {
    char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES]; // partitions; ""
    uint32_t cpus_from_before, cpus_from_after, cpus_to_before, cpus_to_after;
    uint64_t memory_from_before, memory_from_after, memory_to_before, memory_to_after;
    uint32_t standby_cpus; // offered to the guest of `to`
    uint64_t standby_bytes;
    uint64_t drain_bytes, permanent_bytes;
    uint32_t threads;                 // that leave the board
    char copy_target[NAME_MAX_BYTES]; // of permanent memory; "": none has to move
};

// Sums since the run began; who watches subtracts. Columns by place in the snapshot.
struct api_sample {
    uint64_t time_ps;           // of the partition that is furthest behind
    char state[API_WORD_BYTES]; // of the run
    uint32_t n_partitions, n_boards;
    uint64_t *partition_time_ps,
        *partition_accesses; // owned: one piece of memory, as api_sample_init makes it
    uint64_t *board_accesses, *board_work, *board_egress_busy_ps, *board_ingress_busy_ps, *board_time_ps;
    uint64_t *sent_bytes; // [sender x n_boards + receiver], over crossbars
};

// What a partition had done by then, from time 0 on; times and accesses ascend.
struct api_line {
    uint32_t n_points;
    uint64_t time_ps[API_LINE_POINTS_MAX], accesses[API_LINE_POINTS_MAX];
};

struct api_series {
    uint32_t n_partitions;
    struct api_line *lines; // as in the snapshot's order; owned
};

struct api_reply {
    uint64_t id;        // of the request; 0: to a watcher
    struct err outcome; // ERR_OK, or why not
    uint64_t operation; // that a command began; 0: none
    bool has_snapshot, has_plan, has_sample, has_series;
    struct api_snapshot snapshot;
    struct api_plan plan;
    struct api_sample sample;
    struct api_series series;
    uint32_t n_events;
    struct api_event *events; // owned
    uint64_t oldest_seq;      // to a watcher: events before this are not kept any more; 0: nothing said
    uint32_t n_console;
    uint8_t *console; // owned; whatever the guest wrote
    uint64_t console_end;
};

// Arrays of a zeroed snapshot or sample, zeroed; they abort when there is no memory.
void api_snapshot_init(struct api_snapshot *snapshot, uint32_t systems, uint32_t partitions, uint32_t boards,
                       uint32_t operations);
void api_sample_init(struct api_sample *sample, uint32_t partitions, uint32_t boards);
void api_series_init(struct api_series *series, uint32_t partitions);

void api_snapshot_copy(struct api_snapshot *to, const struct api_snapshot *from); // what `to` held is lost
void api_sample_copy(struct api_sample *to, const struct api_sample *from);

// Each frees what is owned and zeroes the struct.
void api_request_free(struct api_request *request);
void api_snapshot_free(struct api_snapshot *snapshot);
void api_sample_free(struct api_sample *sample);
void api_series_free(struct api_series *series);
void api_reply_free(struct api_reply *reply);

// Encode, replacing what is in `bytes`. A request that is not as this header says is refused as its receiver
// would (ERR_REQUEST), so that a console hears of it without asking; a reply is too large or right
// (ERR_LIMIT).
enum err_code api_request_encode(const struct api_request *request, struct bytes *bytes, struct err *err);
enum err_code api_reply_encode(const struct api_reply *reply, struct bytes *bytes, struct err *err);

// Decodes and checks. On an error nothing is left to free, except that request->id is set when it could be
// read, so that the refusal finds its way back. Requests: ERR_REQUEST; replies: ERR_DAMAGED_MESSAGE.
enum err_code api_request_decode(const uint8_t *data, size_t size, struct api_request *request,
                                 struct err *err);
enum err_code api_reply_decode(const uint8_t *data, size_t size, struct api_reply *reply, struct err *err);

#endif
