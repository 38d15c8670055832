// SPDX-License-Identifier: Apache-2.0
// Short programs for one CPU: litmus tests and teaching. README.md of this folder describes the language.
#ifndef NP_NODE_CPU_SCRIPT_H
#define NP_NODE_CPU_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "node/cpu/cpu.h"
#include "proto/base/err.h"

#define SCRIPT_REGISTERS        16u
#define SCRIPT_INSTRUCTIONS_MAX 4096u // a script of SCRIPT_BYTES_MAX has room for a few thousand short lines
#define SCRIPT_NAMES_MAX        256u  // names of addresses
#define SCRIPT_NAME_BYTES       32u   // of one name, including the final NUL
#define SCRIPT_DEPTH_MAX        8u    // loops within loops
#define SCRIPT_LOOP_MAX         UINT64_C(1000000000)
#define SCRIPT_ADDRESS_MAX      (UINT64_C(1) << 52) // see MEMORY_PER_BOARD_MAX
#define SCRIPT_DELAY_MAX        SIM_PS_PER_S        // of one compute or random-delay

// X(enumerator, word in the text, operands: d register that is set, r register, a address, v register or
// number, c == or !=, t time, T two times, n count)
#define SCRIPT_OPS(X)                                                                                        \
    X(SCRIPT_LOAD, "load", "da")                                                                             \
    X(SCRIPT_STORE, "store", "av")                                                                           \
    X(SCRIPT_ADD, "add", "dav")                                                                              \
    X(SCRIPT_SWAP, "swap", "dav")                                                                            \
    X(SCRIPT_CAS, "cas", "davv")                                                                             \
    X(SCRIPT_FENCE, "fence", "")                                                                             \
    X(SCRIPT_WAIT, "wait", "acv")                                                                            \
    X(SCRIPT_COMPUTE, "compute", "t")                                                                        \
    X(SCRIPT_RANDOM_DELAY, "random-delay", "T")                                                              \
    X(SCRIPT_CHECK, "check", "rcv")                                                                          \
    X(SCRIPT_SET, "set", "dv")                                                                               \
    X(SCRIPT_PLUS, "plus", "dv")                                                                             \
    X(SCRIPT_LOOP, "loop", "n")                                                                              \
    X(SCRIPT_END, "end", "")

enum script_op {
#define X(name, word, operands) name,
    SCRIPT_OPS(X)
#undef X
        SCRIPT_OP_COUNT
};

// A number, or the register that holds it.
struct script_value {
    bool is_register;
    uint64_t number; // the number, or the register's
};

struct script_instruction {
    uint16_t line; // of the text, from 1
    uint8_t op;    // enum script_op
    uint8_t reg;
    bool unequal; // wait, check: != instead of ==
    uint64_t address;
    struct script_value value, second; // operand; cas: expected, and new
    sim_time least, most;              // compute: both are its time
    uint64_t count;                    // loop: rounds
    uint32_t partner;                  // loop: index of its end; end: of its loop
};

struct script_name {
    char name[SCRIPT_NAME_BYTES];
    uint64_t address;
};

// A script as the parser leaves it.
struct script_text {
    uint32_t n, n_names;
    struct script_instruction *instructions; // owned
    struct script_name names[SCRIPT_NAMES_MAX];
};

// Reads a script. ERR_SCRIPT names the line (`first_line` is the number of the text's first), what is wrong
// with it and what to do. On an error there is nothing to free. `text` may hold names already (litmus tests
// share them); its instructions are replaced.
enum err_code script_parse(const char *source, unsigned first_line, struct script_text *text,
                           struct err *err);
void script_text_free(struct script_text *text);

// The SCRIPT_REGISTERS registers of a CPU that runs a script; NULL when it runs something else. Valid as long
// as the CPU.
const uint64_t *script_registers(const struct cpu *cpu);

#endif
