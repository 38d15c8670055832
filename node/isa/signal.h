// SPDX-License-Identifier: Apache-2.0
// What reaches a CPU from outside: orders of SIGNAL PROCESSOR and their answers, external interruptions that
// wait, events of the service element.
//
// A signal is a message (proto/base/message.h): `txn` the order, `line` its parameter, `requestor` the
// sender's CPU address. Its answer: `acks` the condition code, `line` the status or what was asked for.
#ifndef NP_NODE_ISA_SIGNAL_H
#define NP_NODE_ISA_SIGNAL_H

#include "node/isa/zcpu.h"

// Orders of SIGNAL PROCESSOR (Principles of Operation, chapter 4, "Signal-Processor Orders"), and what this
// machine says to itself beyond them.
enum signal_order {
    SIGP_SENSE = 0x01,
    SIGP_EXTERNAL_CALL = 0x02,
    SIGP_EMERGENCY_SIGNAL = 0x03,
    SIGP_START = 0x04,
    SIGP_STOP = 0x05,
    SIGP_RESTART = 0x06,
    SIGP_STOP_AND_STORE_STATUS = 0x09,
    SIGP_INITIAL_CPU_RESET = 0x0b,
    SIGP_CPU_RESET = 0x0c,
    SIGP_SET_PREFIX = 0x0d,
    SIGP_STORE_STATUS_AT_ADDRESS = 0x0e,
    SIGP_SET_ARCHITECTURE = 0x12,
    SIGP_CONDITIONAL_EMERGENCY_SIGNAL = 0x13,
    SIGP_SENSE_RUNNING_STATUS = 0x15,
    SIGNAL_SERVICE_MASK = 0x100, // to the service element: what the guest receives << 32 | sends; node/board
    SIGNAL_SERVICE_READ,         // to it: which of these events is there? Answer: 0 none, else event << 32 |
                                 // bytes of its text | SERVICE_MORE; then the text in parts, as answers whose
                                 // `requestor` counts from 1
    SIGNAL_SERVICE_CALL,         // to it: any other command
    SIGNAL_SERVICE_EVENT,        // from it: an event waits to be read
    // What a guest has of its partition changes (node/board/reconfigure.c). `requestor` numbers the change.
    SIGNAL_CONFIGURE,     // to it: enum configure_what << 32 | CPU address or number of an increment. Answer:
                          // the response code; condition code 2: not now
    SIGNAL_CPU_STATE,     // from it to a CPU: 1: be configured, 0: be standby
    SIGNAL_STORAGE_STATE, // from it to the board that has the increment: 1 << 32 | increment: it becomes the
                          // guest's, 0 << 32 | increment: bring all of it home, and forget it
    SIGNAL_CPU_SET,       // from it to all boards: 1 << 32 | address: configured from now on; 0: standby
    SIGNAL_STORAGE_SET,   // likewise of an increment; the answer to 0: nothing of it is under way here
    SIGNAL_CPU_WORD,      // to a board that joins, which does not answer: word << 32 | 32 bits of what is
    SIGNAL_STORAGE_WORD,  // configured, or assigned
};
enum configure_what { CONFIGURE_NOTHING, CPU_ON, CPU_OFF, STORAGE_ON, STORAGE_OFF, CONFIGURE_COUNT };
#define SERVICE_MORE       UINT64_C(0x80000000) // another event waits
#define SERVICE_PART_BYTES 8u

// Status bits.
enum {
    SIGP_STATUS_INVALID_ORDER = 0x02,
    SIGP_STATUS_CHECK_STOP = 0x10,
    SIGP_STATUS_STOPPED = 0x40,
    SIGP_STATUS_CALL_PENDING = 0x80,
    SIGP_STATUS_INVALID_PARAMETER = 0x100,
    SIGP_STATUS_INCORRECT_STATE = 0x200,
    SIGP_STATUS_NOT_RUNNING = 0x400,
};

// Subclass masks of external interruptions in CR0; the bits of struct signals' `waiting` too.
enum {
    EXTERNAL_EMERGENCY = 0x4000,
    EXTERNAL_CALL = 0x2000,
    EXTERNAL_COMPARATOR = 0x0800,
    EXTERNAL_TIMER = 0x0400,
    EXTERNAL_SERVICE = 0x0200,
};

// Interruption code of the subclass that has a parameter (Principles of Operation, "External Interruption").
#define EXTERNAL_CODE_SERVICE 0x2401u

struct signals {
    uint32_t order;   // accepted and not completed yet, or 0
    uint32_t waiting; // subclasses of external interruptions that wait, without those of clocks
    uint16_t call_from;
    uint64_t emergency_from[GUEST_CPUS_MAX / 64]; // bit per CPU address
    uint32_t service_parameter;

    // Clocks (clock.h).
    uint64_t comparator;
    uint64_t timer;  // CPU timer: its value while stopped, else its value + TOD units since time 0
    bool timer_runs; // it does not in the stopped state
    sim_time comparator_at, timer_at; // from when on each asks for an interruption; follow from the above

    // The external interruption under way.
    uint16_t external_code, external_cpu;
    uint32_t external_parameter;

    uint64_t console_hash; // rolling, over everything written to consoles
};

// Makes z->signals.
void signal_init(struct zcpu *z);
void signal_state(struct zcpu *z, struct archive *ar);

// struct program_ops, `signal`.
void signal_arrived(struct cpu *cpu, const struct message *signal, sim_time at);

// Sends an order to a component of the partition; its answer is awaited by a service (service.h).
void signal_post(struct zcpu *z, component_id to, uint32_t order, uint64_t parameter);

// At a boundary between instructions, no interruption being due: performs an order that waits. False when
// there is none.
bool signal_perform_order(struct zcpu *z);

// The external interruption of highest priority that waits and is enabled becomes the one under way. False
// when there is none.
bool signal_take_external(struct zcpu *z);

// A service signal waits from now on, with this parameter.
void signal_service(struct zcpu *z, uint32_t parameter);

// Resets of this CPU (Principles of Operation, "Resets"). The CPU is stopped afterwards.
void signal_cpu_reset(struct zcpu *z, bool initial);

// Whether this CPU has accesses under way, or still to come of what is complete, in [base, base + size).
bool signal_uses(const struct zcpu *z, uint64_t base, uint64_t size);

// The CPU enters the stopped state, or leaves it.
void signal_stop(struct zcpu *z);
void signal_start(struct zcpu *z, sim_time at);

#endif
