// SPDX-License-Identifier: Apache-2.0
// What must be known of an instruction before it runs, from its bytes. Pure.
#ifndef NP_COORDINATOR_RECORD_PLUGIN_INSNS_H
#define NP_COORDINATOR_RECORD_PLUGIN_INSNS_H

#include <stddef.h>
#include <stdint.h>

enum insn_kind {
    INSN_OTHER,
    INSN_ATOMIC,  // reads and writes memory as one step that other CPUs see whole
    INSN_STORE,   // a plain store of a register or an immediate value, as a lock is given back with
    INSN_UPDATE,  // s390x: adds or masks in storage; qemu may report only the store of it
    INSN_OPERANDS // s390x: works on bytes in storage, in a way that the plugin interface does not report
};

enum insn_kind insn_kind_x86(const uint8_t *bytes, size_t size);
enum insn_kind insn_kind_s390x(const uint8_t *bytes, size_t size);

// The storage operands of an INSN_OPERANDS instruction.
struct insn_operands {
    struct {
        uint8_t base;          // general register; 0: none
        uint16_t displacement; // bytes
        uint16_t size;         // bytes, 1 .. 256
    } first, second;
    uint8_t first_read, first_written, second_read;
};
void insn_operands_s390x(const uint8_t bytes[6], struct insn_operands *operands);

#endif
