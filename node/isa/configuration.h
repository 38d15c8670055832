// SPDX-License-Identifier: Apache-2.0
// What a guest has of its partition, as each of its boards knows it: which CPU address is whose, which CPUs
// are configured, which storage is assigned. It follows from the board's domain, and from what the guest has
// asked the service element for since (node/board/reconfigure.c).
//
// Storage comes and goes in *increments*: pieces of one size, numbered by real address. Those of a board that
// joined are its *storage element*, of number 1 + the board's in its system; element 0 is what the guest
// began with. Formats of commands: node/isa/sclp_configuration.c.
#ifndef NP_NODE_ISA_CONFIGURATION_H
#define NP_NODE_ISA_CONFIGURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/archive.h"
#include "proto/base/key.h"
#include "proto/base/order.h"

#define NO_CPU         UINT32_MAX
#define NO_ELEMENT     UINT32_MAX
#define INCREMENTS_MAX 65536u // their numbers are of 16 bits

struct configuration {
    const struct machine *machine;
    const struct domain *domain;       // of the board that knows all this
    uint32_t partition;                // whose guest it is; NO_PARTITION: nobody's
    component_id service;              // element
    uint32_t n_cpus;                   // the highest CPU address, and one
    component_id cpus[GUEST_CPUS_MAX]; // by CPU address, or NO_CPU
    uint32_t configured[GUEST_CPUS_MAX / 32];
    uint64_t end;   // of storage
    unsigned shift; // an increment is of 1 << shift bytes
    bool plain;     // storage is one piece from 0 on, and all of it is assigned
    bool changed;   // by the guest, or by boards that came: from then on it is part of digests
    uint32_t assigned[INCREMENTS_MAX / 32]; // bit per increment
};

// It is nobody's. Both outlive it.
void configuration_init(struct configuration *c, const struct machine *machine, const struct domain *domain);

// The domain has changed. What is still there stays as it was; what the machine describes is the guest's, and
// what has joined is standby.
void configuration_follow(struct configuration *c);

// The guest begins anew: only what the machine describes is its own.
void configuration_reset(struct configuration *c);
void configuration_state(struct configuration *c, struct archive *ar);

void configuration_set_cpu(struct configuration *c, uint32_t address, bool on);
void configuration_set_storage(struct configuration *c, uint32_t increment, bool on);

// Bits of 32 CPUs or increments at once, from word * 32 on.
void configuration_set_cpus(struct configuration *c, uint32_t word, uint32_t bits);
void configuration_set_increments(struct configuration *c, uint32_t word, uint32_t bits);

static inline bool configuration_has_cpu(const struct configuration *c, uint32_t address)
{
    return c->configured[address / 32] >> address % 32 & 1;
}

static inline bool configuration_has_increment(const struct configuration *c, uint32_t increment)
{
    return c->assigned[increment / 32] >> increment % 32 & 1;
}

// Whether there is a byte of storage at an absolute address.
static inline bool configuration_has(const struct configuration *c, uint64_t address)
{
    return address < c->end && (c->plain || configuration_has_increment(c, (uint32_t)(address >> c->shift)));
}

// CPUs that the guest can name: configured ones, or standby ones.
uint32_t configuration_cpus(const struct configuration *c, bool configured);

// Increments up to the end of storage; the element that one belongs to, or NO_ELEMENT; the board that has all
// of it, when the guest may give it back, or NO_BOARD; where in the board's memory it is.
uint32_t configuration_increments(const struct configuration *c);
uint32_t configuration_element(const struct configuration *c, uint32_t increment);
uint16_t configuration_owner(const struct configuration *c, uint32_t increment);
uint64_t configuration_offset(const struct configuration *c, uint32_t increment);

// Bytes of a board's memory that are assigned.
uint64_t configuration_bytes(const struct configuration *c, uint16_t board);

// No real address of a guest may lie at or beyond it.
uint64_t configuration_storage_max(const struct machine *machine, const struct system_desc *system);

// What the domain says of a board's CPU addresses.
uint16_t configuration_first_cpu(const struct configuration *c, uint16_t board);

#endif
