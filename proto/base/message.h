// SPDX-License-Identifier: Apache-2.0
// What crosses the crossbar: coherence messages, and the containers that carry many of them between
// processes. Names are those of Nagarajan, Sorin, Hill, Wood, "A Primer on Memory Consistency and Cache
// Coherence" (2nd ed.).
#ifndef NP_PROTO_BASE_MESSAGE_H
#define NP_PROTO_BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/key.h"

// Virtual networks and what each promises. Forwards are first-in first-out per pair of boards; requests and
// responses may be reordered. A message may wait only for one of a later network. Signals (SIGP, service
// element) have a network of their own, first-in first-out per pair of components; they name no line: `line`
// is a parameter, `txn` the order, `requestor` the sender's CPU address, `acks` a condition code
// (node/isa/signal.h).
enum vnet { VN_REQUEST, VN_FORWARD, VN_RESPONSE, VN_SIGNAL, VN_COUNT };

// X(enumerator, printed name, network, carries a line of data)
#define MESSAGE_TYPES(X)                                                                                     \
    X(MSG_GETS, "GetS", VN_REQUEST, 0)                                                                       \
    X(MSG_GETM, "GetM", VN_REQUEST, 0)                                                                       \
    X(MSG_PUTS, "PutS", VN_REQUEST, 0)                                                                       \
    X(MSG_PUTE, "PutE", VN_REQUEST, 0)                                                                       \
    X(MSG_PUTM, "PutM", VN_REQUEST, 1)                                                                       \
    X(MSG_FWD_GETS, "Fwd-GetS", VN_FORWARD, 0)                                                               \
    X(MSG_FWD_GETM, "Fwd-GetM", VN_FORWARD, 0)                                                               \
    X(MSG_INV, "Inv", VN_FORWARD, 0)                                                                         \
    X(MSG_PUT_ACK, "Put-Ack", VN_FORWARD, 0)                                                                 \
    X(MSG_DATA, "Data", VN_RESPONSE, 1)                                                                      \
    X(MSG_DATA_E, "Data-E", VN_RESPONSE, 1)                                                                  \
    X(MSG_INV_ACK, "Inv-Ack", VN_RESPONSE, 0)                                                                \
    X(MSG_ERROR, "Error", VN_RESPONSE, 0)                                                                    \
    X(MSG_ACK_ERROR, "Ack-Error", VN_RESPONSE, 0)                                                            \
    X(MSG_PUT_ERROR, "Put-Error", VN_FORWARD, 0)                                                             \
    X(MSG_OWNER, "Owner", VN_RESPONSE, 0)                                                                    \
    X(MSG_RECALL, "Recall", VN_FORWARD, 0)                                                                   \
    X(MSG_UNBLOCK, "Unblock", VN_RESPONSE, 0)                                                                \
    X(MSG_UNBLOCK_DATA, "Unblock-Data", VN_RESPONSE, 1)                                                      \
    X(MSG_UNBLOCK_ERROR, "Unblock-Error", VN_RESPONSE, 0)                                                    \
    X(MSG_ACK_COUNT, "AckCount", VN_FORWARD, 0)                                                              \
    X(MSG_PUTO, "PutO", VN_REQUEST, 1)                                                                       \
    X(MSG_SIGNAL, "Signal", VN_SIGNAL, 0)                                                                    \
    X(MSG_SIGNAL_ANSWER, "Signal-Answer", VN_SIGNAL, 0)

enum message_type {
#define X(name, text, vnet, data) name,
    MESSAGE_TYPES(X)
#undef X
        MSG_TYPE_COUNT
};

enum message_flag {
    MSGF_OWNER = 1,  // Data: sent by an owner, not by the home. Fwd-GetS: the owner stays one, the home takes
                     // no data
    MSGF_DIRTY = 2,  // the data may differ from memory
    MSGF_POISON = 4, // the data is lost: whoever uses it sees a machine check
    MSGF_BLOCKS = 8, // the line's home waits for the receiver's Unblock
    MSGF_ALL = 15
};

// One message. `time` is its arrival: the start of ingress at the destination. 48 bytes.
struct message {
    sim_time time;
    component_id dst, src;
    uint64_t seq;
    uint64_t line;        // partition real address of the line
    uint32_t txn;         // number of the requestor's transaction, for traces
    uint16_t requestor;   // board on whose behalf the transaction runs
    int16_t acks;         // Data, AckCount, Fwd-GetM: acknowledgements that the requestor must expect; Owner:
                          // the owner's number in its system
    uint8_t type;         // enum message_type
    uint8_t flags;        // enum message_flag
    uint16_t map_version; // of the sender's segment map
    uint32_t data;        // index into the container's lines, or NO_DATA
};
#define NO_DATA UINT32_MAX
_Static_assert(sizeof(struct message) == 48, "columns and copies rely on a packed message");

const char *message_name(unsigned type); // "GetS"; "?" beyond the last type
enum vnet message_vnet(unsigned type);
bool message_carries_data(unsigned type);
bool message_counts_acks(unsigned type); // false: its acks are always 0

// A growable list of messages and the lines they carry. All messages of a list have the same line size.
struct message_list {
    uint32_t n, capacity;
    uint32_t n_lines, lines_capacity;
    uint32_t line_bytes;
    struct message *items;
    uint8_t *lines; // n_lines x line_bytes
};

void message_list_init(struct message_list *list, uint32_t line_bytes);
void message_list_free(struct message_list *list);
void message_list_clear(struct message_list *list); // keeps the memory

// Appends a copy; `data` (line_bytes bytes) may be NULL. Returns the item in the list, valid until the next
// append.
struct message *message_list_add(struct message_list *list, const struct message *message,
                                 const uint8_t *data);
const uint8_t *message_list_data(const struct message_list *list,
                                 const struct message *message); // NULL: none

// A frame of bytes: on a timed link between two adapters, component(board, UNIT_ADAPTER), `time` its arrival
// at the far end; or a packet on the crossbar between two boards of a sync group, of any unit, `time` the
// start of ingress as of a message.
struct frame {
    sim_time time;
    component_id dst, src;
    uint64_t seq;
    uint32_t link; // index in the machine description, or CROSSBAR_PACKET
    uint32_t size;
    uint8_t *bytes; // owned by the list
};
#define CROSSBAR_PACKET UINT32_MAX

struct frame_list {
    uint32_t n, capacity;
    struct frame *items;
};

void frame_list_free(struct frame_list *list);
void frame_list_clear(struct frame_list *list);
struct frame *frame_list_add(struct frame_list *list, const struct frame *frame); // copies the bytes

// Ascending simulated times.
struct time_list {
    uint32_t n, capacity;
    sim_time *items;
};

void time_list_free(struct time_list *list);
void time_list_add(struct time_list *list, sim_time time); // puts it in its place

// Permission for one member (a node's share of a sync group) to simulate up to, not including, `until`.
struct grant {
    uint32_t group;
    uint32_t epoch;
    uint64_t seq; // from 1, per group; equal for all its members
    sim_time until;
    struct message_list arrivals; // everything that other members sent to this one and has not been delivered
    struct frame_list frames;
};

// The answer to a grant.
struct batch {
    uint32_t group;
    uint32_t epoch;
    uint32_t member;              // sender, index in the group
    uint64_t seq;                 // of the grant that it answers
    sim_time reached;             // == the grant's until
    sim_time bound;               // earliest start of an egress if nothing further arrives; SIM_NEVER: none
    uint64_t accesses;            // completed so far, for progress
    uint64_t events;              // processed so far, for the watchdog
    uint32_t running;             // CPUs that are not done
    struct time_list reports;     // when those that wait in its boards were made; REPORTS_WAITING_MAX at most
    struct message_list messages; // to boards of other members
    struct frame_list frames;
};

void grant_free(struct grant *grant);
void batch_free(struct batch *batch);

#endif
