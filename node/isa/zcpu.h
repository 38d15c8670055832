// SPDX-License-Identifier: Apache-2.0
// The state of a z/Architecture CPU, and how an instruction talks to it.
//
// An instruction is a function of (CPU, decoded operands). It may end in three ways: it returns; it causes a
// program interruption (program_check, which does not return); or an access misses (any access function may
// not return). After a miss the instruction is executed again from its beginning, once what it waited for is
// there. Therefore every instruction obeys one discipline:
//
//   1. check operands, 2. fetch from storage, 3. store, 4. change registers, condition code, instruction
//   address.
//
// What has been fetched by a missing access is kept (struct gather), so that each repetition gets further
// whatever other CPUs do meanwhile. Stores that cannot be performed at once are kept too (struct plan): the
// instruction is complete, and the next begins when they have been performed or are in the store buffer. So
// no CPU keeps a native stack, and every instruction can be saved wherever it waits.
//
// References: "Principles of Operation" is z/Architecture Principles of Operation, SA22-7832.
#ifndef NP_NODE_ISA_ZCPU_H
#define NP_NODE_ISA_ZCPU_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "node/cpu/cpu.h"
#include "node/isa/configuration.h"
#include "node/isa/table.h"

// The PSW (Principles of Operation, chapter 4). Bits 18-19, the condition code, are kept apart in zcpu.cc.
#define PSW_PER      UINT64_C(0x4000000000000000)
#define PSW_DAT      UINT64_C(0x0400000000000000)
#define PSW_IO       UINT64_C(0x0200000000000000)
#define PSW_EXTERNAL UINT64_C(0x0100000000000000)
#define PSW_KEY      UINT64_C(0x00f0000000000000)
#define PSW_MACHINE  UINT64_C(0x0004000000000000)
#define PSW_WAIT     UINT64_C(0x0002000000000000)
#define PSW_PROBLEM  UINT64_C(0x0001000000000000)
#define PSW_SPACE    UINT64_C(0x0000c00000000000)
#define PSW_CC       UINT64_C(0x0000300000000000)
#define PSW_CC_SHIFT 44
#define PSW_PROGRAM  UINT64_C(0x00000f0000000000) // program mask
#define PSW_FIXED    UINT64_C(0x0000080000000000) // fixed-point overflow
#define PSW_DECIMAL  UINT64_C(0x0000040000000000) // decimal overflow
#define PSW_EXPONENT UINT64_C(0x0000020000000000) // HFP exponent underflow
#define PSW_SIGNIFIC UINT64_C(0x0000010000000000) // HFP significance
#define PSW_EA       UINT64_C(0x0000000100000000) // addressing mode: EA and BA 64 bits, BA 31, none 24
#define PSW_BA       UINT64_C(0x0000000080000000)
#define PSW_SHORT_12 UINT64_C(0x0008000000000000) // one in a short PSW, zero in a long one
#define PSW_RESERVED UINT64_C(0xb80800fe7fffffff) // bits that must be zero in a long PSW

#define CR0_LOW_PROTECT UINT64_C(0x10000000) // bit 35: low-address protection
#define CR0_AFP         UINT64_C(0x00040000) // bit 45: additional floating-point registers

// Program interruption codes (Principles of Operation, chapter 6).
enum program_code {
    PGM_OPERATION = 0x01,
    PGM_PRIVILEGED = 0x02,
    PGM_EXECUTE = 0x03,
    PGM_PROTECTION = 0x04,
    PGM_ADDRESSING = 0x05,
    PGM_SPECIFICATION = 0x06,
    PGM_DATA = 0x07,
    PGM_FIXED_OVERFLOW = 0x08,
    PGM_FIXED_DIVIDE = 0x09,
    PGM_DECIMAL_OVERFLOW = 0x0a,
    PGM_DECIMAL_DIVIDE = 0x0b,
    PGM_SPECIAL_OPERATION = 0x13,
    PGM_OPERAND = 0x15,
    PGM_TRACE_TABLE = 0x16,
    PGM_MONITOR = 0x40,
};

enum { GR_NONE = 16 }; // number of the register that is always 0: no base, no index

// Bytes that accesses of the instruction under way have fetched after missing.
// Most: TRANSLATE TWO TO TWO, 64 characters of 2 bytes in pieces of 8, as many entries of a table, and two
// instructions' text. As many again for what a damaged saved state may bring along.
#define GATHER_NEEDED 96u
#define GATHER_MAX    (2 * GATHER_NEEDED)
struct gathered {
    uint64_t address; // absolute
    uint8_t kind;     // enum access_kind
    uint8_t size;
    uint8_t bytes[16];
};

struct gather {
    uint32_t n;
    struct gathered pieces[GATHER_MAX];
};

// Stores of a completed instruction or interruption that have not all been performed.
#define PLAN_PIECES_MAX 8u
#define PLAN_BYTES_MAX  1024u
struct plan {
    uint32_t n, at; // pieces, and the one under way
    uint32_t done;  // bytes of it that have been stored
    uint32_t used;  // of bytes
    struct {
        uint64_t address; // real
        uint32_t offset, size;
    } pieces[PLAN_PIECES_MAX];
    uint8_t bytes[PLAN_BYTES_MAX];
};

// An interlocked update of 1 to 16 bytes that lie in one line.
enum update_op {
    UPDATE_COMPARE_SWAP, // operand if equal to expected
    UPDATE_ADD,
    UPDATE_AND,
    UPDATE_OR,
    UPDATE_XOR,
    UPDATE_SET, // operand, whatever was there (TEST AND SET)
    UPDATE_OP_COUNT
};

struct update {
    uint8_t op;           // enum update_op
    uint8_t size;         // 1, 4, 8, 16
    uint8_t operand[16];  // as in storage, big-endian
    uint8_t expected[16]; // UPDATE_COMPARE_SWAP
    uint8_t old[16];      // what was there, once performed
};

// What the CPU does next.
enum activity {
    DOING_INSTRUCTIONS,
    DOING_INTERRUPTION, // of class `interruption`
    DOING_PLAN,         // waits for its own stores
    DOING_WAIT,         // enabled wait
    DOING_STOPPED,
    DOING_ENDED,   // disabled wait, check stop: see `how`
    DOING_SERVICE, // firmware of an instruction that takes long (service.c)
    DOING_STANDBY, // not configured: nothing, until the guest asks the service element for this CPU
    ACTIVITY_COUNT
};

// Classes of interruption, in the order of the old and new PSWs in the lowcore (Principles of Operation,
// "Assigned Storage Locations").
enum interruption {
    INT_RESTART,
    INT_EXTERNAL,
    INT_SVC,
    INT_PROGRAM,
    INT_MACHINE,
    INT_IO,
    INTERRUPTION_COUNT
};

struct code_cache; // decoded instructions (fetch.c); the host's business, never state
struct tracer;     // writes an instruction trace; never state
struct signals;    // external and other signals that wait (signal.h)
struct service;    // what an instruction that takes long is about (service.h)

struct zcpu {
    // Registers.
    uint64_t gr[17]; // [GR_NONE] is 0
    uint64_t fpr[16];
    uint32_t ar[16];
    uint64_t cr[16];
    uint32_t fpc;
    uint32_t todpr; // TOD programmable register
    uint64_t prefix;

    // PSW. While instructions execute, their addresses follow from `current` and `next`: own_address(),
    // next_address(). psw_address is brought up to date when the loop is left, even for a moment.
    uint64_t psw_mask; // without the condition code
    uint64_t psw_address;
    uint64_t address_mask; // of the addressing mode
    uint8_t cc;
    uint8_t ilc; // for a program interruption: length of the instruction in bytes; 0: none

    // The loop. Time passes in cycles: one for each instruction, and `stall`.
    const struct instruction *current, *next; // `next` is set before `current` is executed
    uint64_t instructions;                    // completed
    uint64_t stall;                           // cycles that instructions took beyond their first
    uint64_t end;       // the loop leaves when instructions + stall reach this; never state
    uint64_t clocked;   // cycles that cpu->clock has; never state
    uint64_t span_max;  // ps that can be converted to cycles at once
    uint32_t hit_extra; // what each access that hits adds to stall; 0 with functional timing
    uint64_t hits[2];   // loads and stores that hit at once since the loop began; never state
    uint64_t long_way;  // no access hits at once: careful, or accesses are under way; never state
    bool careful;       // gather, plan or tracer are in use
    uint8_t activity;   // enum activity
    uint8_t after_plan; // the activity that follows DOING_PLAN
    uint8_t how;        // enum guest_end, once ended
    sim_time limit;     // of the run under way; never state

    // Storage. `data` and `text` are the CPU's L1s.
    struct cpu *cpu;
    struct l1 *data, *text;
    uint64_t protect_mask;      // low-address protection: no store where
    uint64_t protect_value;     // (address & protect_mask) == protect_value
    uint64_t unified_code_line; // absolute line of the instructions under way when L1 is unified; else never
                                // a line

    // The fetch buffer (fetch.c): the line of instructions under way.
    uint64_t code_base;        // logical address of the line that `slots` belong to
    uint32_t code_size;        // bytes of it; 0: the buffer is empty
    uint32_t code_index;       // its place in the L1
    uint64_t code_line;        // its absolute line
    struct instruction *slots; // decoded, one for each halfword of the line, and a few that lead out of it
    struct instruction leave;  // `next` when that lies in another line:
    uint64_t target;           // at this address
    uint64_t loose;            // address of `current` when it is none of the slots
    struct code_cache *code;

    struct gather gather;
    struct plan plan;
    struct update update;

    // Interruptions.
    uint8_t interruption;  // enum interruption, while DOING_INTERRUPTION
    bool damaged;          // a machine check is due
    uint16_t program_code; // of the program interruption
    uint8_t data_code;     // DXC of a data exception
    uint16_t svc_code;
    uint16_t monitor_class; // of a monitor event
    uint64_t monitor_code;
    uint32_t loops;             // interruptions in a row without an instruction between them, of those that
                                // a program or a machine check causes,
    uint64_t loop_instructions; // counted by this: instructions at the last one
    struct signals *signals;
    struct service *service;

    sim_time idle_since; // stopped or in a wait since then; SIM_NEVER: neither
    sim_time idle_ps;    // how long it was so before
    const struct guest_desc *guest;
    const struct machine *machine;
    const struct configuration *configuration; // of its partition, as its board knows it
    uint16_t address;                          // CPU address
    uint8_t facilities[32];                    // as STFLE stores them
    enum architecture level;
    uint64_t text_seq[TEXT_STREAM_COUNT];
    struct tracer *tracer; // NULL: none
    jmp_buf escape;
};

// Where an escape from an instruction or another activity leads.
enum escape { ESCAPE_BLOCKED = 1, ESCAPE_INTERRUPTION };

static inline struct zcpu *zcpu_of(const struct cpu *cpu)
{
    return cpu->program;
}

// A program interruption with this code: ends the instruction, nothing of which has been done. Its address in
// the old PSW is that of the next instruction (suppression, termination).
_Noreturn void program_check(struct zcpu *z, enum program_code code);

// The same with the data-exception code `dxc`, which also goes into the FPC (when AFP registers are enabled).
_Noreturn void data_exception(struct zcpu *z, uint8_t dxc);

// A program interruption after the instruction's completion: everything it changes has been changed.
_Noreturn void program_check_completed(struct zcpu *z, enum program_code code);

// Leaves the instruction; it will be executed again when the CPU goes on.
_Noreturn void escape_blocked(struct zcpu *z);

// Storage has lost what an access wanted, or answered with an error: a machine check is due, or a check stop.
// storage_failed: an access of the unit of work under way, which is given up. storage_damaged: a store of an
// earlier one, known at `at`; what the CPU does now comes to its end first. One that has stopped or ended
// stays so: the machine check is due when something makes it go on.
void storage_failed(struct zcpu *z);
void storage_damaged(struct zcpu *z, sim_time at);

// The whole PSW mask, and a new one. zcpu_set_psw takes an extended PSW as LPSWE does: invalid ones are
// loaded and cause an early specification exception; a wait state is entered.
uint64_t zcpu_psw_mask(const struct zcpu *z);
uint64_t zcpu_mode_mask(uint64_t mask);       // addresses that its addressing mode has
uint64_t zcpu_short_mask(uint64_t short_psw); // the mask of a short PSW: bit 12 is inverted
void zcpu_set_psw(struct zcpu *z, uint64_t mask, uint64_t address);

// What the PSW of a CPU that operates again wants: instructions, a wait, or that it is invalid.
void zcpu_enter_psw(struct zcpu *z);

// Bits of the mask have been changed by an instruction, which is complete otherwise.
void zcpu_change_psw(struct zcpu *z, uint64_t mask);

// A control register, with what follows from its change; and its value after an initial CPU reset.
void zcpu_set_control(struct zcpu *z, unsigned number, uint64_t value);
uint64_t zcpu_initial_control(unsigned number);

// To be called after a change of what the loop looks at between instructions: pending interruptions, their
// masks, timers, activity.
static inline void zcpu_attend(struct zcpu *z)
{
    z->end = 0;
}

// Brings the CPU's clock up to the instruction under way. Returns the time: what STORE CLOCK reads.
sim_time zcpu_now(struct zcpu *z);

// The slot behind an instruction's; its size is known once it has been decoded.
NP_INLINE const struct instruction *instruction_after(const struct instruction *in)
{
    return (const struct instruction *)((const char *)in + sizeof *in / 2 * in->length);
}

// Address of the instruction under way, and of the one after it (not of the branch that it may take).
NP_INLINE uint64_t slot_offset(const struct zcpu *z, const struct instruction *in)
{
    return ((uintptr_t)in - (uintptr_t)z->slots) / (sizeof *in / 2);
}

static inline uint64_t own_address(const struct zcpu *z)
{
    uint64_t offset = slot_offset(z, z->current);
    return offset < z->code_size ? z->code_base + offset : z->loose;
}

static inline uint64_t next_address(const struct zcpu *z)
{
    return z->next == &z->leave ? z->target : (z->code_base + slot_offset(z, z->next)) & z->address_mask;
}

static inline uint32_t low(const struct zcpu *z, unsigned r)
{
    return (uint32_t)z->gr[r];
}

static inline void set_low(struct zcpu *z, unsigned r, uint32_t value)
{
    z->gr[r] = (z->gr[r] & UINT64_C(0xffffffff00000000)) | value;
}

// Effective addresses of the first and second operand, in the current addressing mode.
static inline uint64_t address1(const struct zcpu *z, const struct instruction *in)
{
    return (z->gr[in->b1] + (uint64_t)(int64_t)in->d1) & z->address_mask;
}

static inline uint64_t address2(const struct zcpu *z, const struct instruction *in)
{
    return (z->gr[in->b2] + (uint64_t)(int64_t)in->d2) & z->address_mask;
}

// The same with an index register (RX, RXY, RXE, RXF).
static inline uint64_t address2x(const struct zcpu *z, const struct instruction *in)
{
    return (z->gr[in->b2] + z->gr[in->x2] + (uint64_t)(int64_t)in->d2) & z->address_mask;
}

// The target of a relative operand. What is executed outside of the fetch buffer has its address in `loose`.
static inline uint64_t address_relative(const struct zcpu *z, const struct instruction *in)
{
    uint64_t offset = slot_offset(z, in);
    uint64_t own = offset < z->code_size ? z->code_base + offset : z->loose;
    return (own + (uint64_t)in->i) & z->address_mask;
}

static inline void branch_to(struct zcpu *z, uint64_t address)
{
    uint64_t target = address & z->address_mask, offset = target - z->code_base;
    if (NP_LIKELY(offset < z->code_size && !(offset & 1))) {
        z->next = z->slots + offset / 2;
        return;
    }
    z->target = target;
    z->next = &z->leave;
}

// The instruction has done a unit of its work, and is executed again (interruptible instructions). It counts
// once, a unit takes a cycle.
static inline void repeat_instruction(struct zcpu *z)
{
    branch_to(z, own_address(z));
    z->instructions--;
    z->stall++;
}

#endif
