// SPDX-License-Identifier: Apache-2.0
// What takes a CPU longer than an instruction: firmware on behalf of SERVICE CALL, SIGNAL PROCESSOR and the
// like, as an activity of its own that can wait between any two accesses. The instruction that starts one is
// complete; the next begins when the service has ended.
#ifndef NP_NODE_ISA_SERVICE_H
#define NP_NODE_ISA_SERVICE_H

#include "node/isa/zcpu.h"

#define SERVICE_BYTES_MAX 4096u // a page: the largest control block

enum service_kind {
    SERVICE_NONE,
    SERVICE_SIGP,      // waits for an answer: condition code, status into r1
    SERVICE_STORE,     // stores `bytes` at `address`
    SERVICE_SCLP,      // SERVICE CALL (sclp.c)
    SERVICE_RESET_ALL, // all other CPUs, then this one, then the PSW at absolute 0 (DIAGNOSE 0x308)
    SERVICE_KIND_COUNT
};

enum service_phase { PHASE_READ, PHASE_ASK, PHASE_WRITE, PHASE_END, PHASE_COUNT };

struct service {
    uint8_t kind;      // enum service_kind
    uint8_t phase;     // enum service_phase: SERVICE_SCLP
    uint8_t then;      // enum activity that follows
    uint8_t r1;        // SERVICE_SIGP: takes the status
    bool waiting;      // for an answer
    uint8_t cc;        // of the answer
    uint64_t answer;   // its parameter
    uint32_t command;  // SERVICE_SCLP
    uint32_t size, at; // of bytes: all, and moved so far
    uint64_t address;  // real
    uint8_t bytes[SERVICE_BYTES_MAX];
    // SERVICE_SCLP: the text of an event, in parts behind the answer.
    uint32_t parts, came; // of it: all, known from the answer, and so far
    char text[GUEST_INPUT_BYTES_MAX];
};

// Goes on with it; ends by setting another activity, or escapes.
void service_go_on(struct zcpu *z);

// Begins one, from an instruction or between two. The caller has filled in what its kind needs.
void service_begin(struct zcpu *z, enum service_kind kind, enum activity then);

// SERVICE_STORE of `size` zero bytes at real `address`; returns where to put others.
uint8_t *service_store(struct zcpu *z, uint64_t address, uint32_t size, enum activity then);

// The 512 bytes of a store-status function, to absolute `address` (Principles of Operation, "Store Status").
void service_store_status(struct zcpu *z, uint64_t address, enum activity then);

// Ends one that cannot go on, what it was to store being left out. It waits for no answer.
void service_give_up(struct zcpu *z);

// What was asked has been answered, at `at`.
void service_answered(struct zcpu *z, const struct message *answer, sim_time at);

// SERVICE CALL: the control block is in z->service->bytes. sclp_begin: what the service element must know of
// the command; then it is performed with the element's answer.
void sclp_ask(struct zcpu *z);
void sclp_perform(struct zcpu *z);

// Of the commands about what the guest has: asks, if the command is one that changes it; performs any.
// Returns the response.
bool sclp_ask_configuration(struct zcpu *z);
unsigned sclp_perform_configuration(struct zcpu *z);
enum { SCCB_HEADER = 8 };
enum {
    RC_NORMAL_READ = 0x0010,
    RC_NORMAL = 0x0020,
    RC_NO_ACTION = 0x0120, // it is so already
    RC_INVALID_COMMAND = 0x01f0,
    RC_TOO_SHORT = 0x0300,
    RC_NO_ELEMENT = 0x0310,
    RC_EQUIPMENT_CHECK = 0x0340, // it cannot be done
    RC_STANDBY_READ = 0x0410,
    RC_UNKNOWN = 0x09f0, // no such CPU or increment
};

void service_init(struct zcpu *z);
void service_state(struct zcpu *z, struct archive *ar);

#endif
