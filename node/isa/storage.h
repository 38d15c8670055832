// SPDX-License-Identifier: Apache-2.0
// What instructions on long storage operands share: registers that hold addresses and lengths, operands that
// are fetched only as far as they are looked at, and their time.
#ifndef NP_NODE_ISA_STORAGE_H
#define NP_NODE_ISA_STORAGE_H

#include "node/isa/access.h"

// A unit of operation: what a long instruction does between two changes of its registers. An interruption
// between units finds the registers such that the instruction can be executed again.
#define UNIT      OPERAND_MAX
#define PAGE_SIZE UINT64_C(4096)

// Where an instruction that may end with condition code 3 does so: a length is done in stretches, from its
// end.
#define STRETCH 8192u

static inline uint32_t least(uint64_t a, uint64_t b)
{
    return (uint32_t)(a < b ? a : b);
}

// At most `size` bytes, to the end of the page of `address`.
static inline uint32_t page_rest(uint64_t address, uint64_t size)
{
    return least(size, PAGE_SIZE - (address & (PAGE_SIZE - 1)));
}

// Beyond the first 8 bytes that an instruction moves or compares, each 8 more take a cycle. An approximation:
// see README.
static inline void charge(struct zcpu *z, uint32_t bytes)
{
    if (bytes > 8 && !z->guest->functional)
        z->stall += (bytes - 1) / 8;
}

static inline uint64_t register_address(const struct zcpu *z, unsigned r)
{
    return z->gr[r] & z->address_mask;
}

// A new address in a register. Bits 0-31 change in 64-bit mode only; bit 32 becomes zero in 31-bit mode. In
// 24-bit mode bits 32-39 stay as they are, where the Principles of Operation leave that to the model.
static inline void set_address(struct zcpu *z, unsigned r, uint64_t address)
{
    uint64_t changed = z->address_mask == UINT64_C(0x7fffffff) ? UINT64_C(0xffffffff) : z->address_mask;
    z->gr[r] = (z->gr[r] & ~changed) | (address & z->address_mask);
}

// The same with bits 32-39 set to zeros in 24-bit mode.
static inline void set_address_zero(struct zcpu *z, unsigned r, uint64_t address)
{
    uint64_t changed = z->address_mask == UINT64_MAX ? UINT64_MAX : UINT64_C(0xffffffff);
    z->gr[r] = (z->gr[r] & ~changed) | (address & z->address_mask);
}

// Lengths have 64 bits in 64-bit mode, else 32.
static inline uint64_t register_length(const struct zcpu *z, unsigned r)
{
    return z->address_mask == UINT64_MAX ? z->gr[r] : low(z, r);
}

static inline void set_length(struct zcpu *z, unsigned r, uint64_t length)
{
    if (z->address_mask == UINT64_MAX)
        z->gr[r] = length;
    else
        set_low(z, r, (uint32_t)length);
}

// After a unit with `length` to go, `before` it had been more, in bytes or characters: condition code 3, or
// on with the next unit.
static inline void end_or_repeat(struct zcpu *z, uint64_t before, uint64_t length)
{
    if ((before - 1) / STRETCH != (length - 1) / STRETCH)
        z->cc = 3;
    else
        repeat_instruction(z);
}

// How many bytes behind `from`, less than `size`, the operand at `to` begins, so that what has been moved
// there is read again. 0: no destructive overlap (Principles of Operation, "MOVE (MVC)", "MOVE LONG").
static inline uint32_t destructive(const struct zcpu *z, uint64_t to, uint64_t from, uint64_t size)
{
    uint64_t distance = (to - from) & z->address_mask;
    return distance < size ? (uint32_t)distance : 0;
}

// An operand in storage that is fetched line by line when something looks at it: no access exception and no
// traffic for what is not looked at. Nothing in it outlives the instruction.
struct window {
    uint64_t address;
    uint32_t size;  // bytes in storage; behind them, `bytes` are what the user puts there
    uint64_t lines; // those that are here; bit 0: the line of `address`
    uint8_t bytes[OPERAND_MAX];
};

static inline void window_open(struct window *w, uint64_t address, uint32_t size)
{
    w->address = address;
    w->size = size;
    w->lines = 0;
}

// It lies in one line and has been fetched: these are its bytes.
static inline void window_fill(struct window *w, const uint8_t *bytes)
{
    memcpy(w->bytes, bytes, w->size);
    w->lines = 1;
}

// Makes sure that byte `i` is there; returns the end of those that are, with it.
uint32_t window_reach(struct zcpu *z, struct window *w, uint32_t i);

// Index of the first byte below `size` in which the two differ, else `size`.
uint32_t windows_differ(struct zcpu *z, struct window *a, struct window *b, uint32_t size);

static inline uint8_t window_byte(struct zcpu *z, struct window *w, uint32_t i)
{
    window_reach(z, w, i);
    return w->bytes[i];
}

#endif
