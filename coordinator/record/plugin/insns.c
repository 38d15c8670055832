// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/plugin/insns.h"

#include <stdbool.h>

// Opcodes after the prefixes. Sources: Intel SDM volume 2 (LOCK, XCHG, MOV); z/Architecture Principles of
// Operation, chapter 7.

static bool is_legacy_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26: // segments
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66: // operand size
    case 0x67: // address size
    case 0xf0: // LOCK
    case 0xf2: // REPNE
    case 0xf3: // REP
        return true;
    default:
        return false;
    }
}

enum insn_kind insn_kind_x86(const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    for (; at < size && is_legacy_prefix(bytes[at]); at++)
        if (bytes[at] == 0xf0)
            return INSN_ATOMIC; // LOCK is only allowed where memory is written
    if (at < size && (bytes[at] & 0xf0) == 0x40)
        at++; // REX
    if (at + 1 >= size)
        return INSN_OTHER;
    bool memory = bytes[at + 1] < 0xc0; // the mod field of ModRM
    switch (bytes[at]) {
    case 0x86: // XCHG needs no LOCK
    case 0x87:
        return memory ? INSN_ATOMIC : INSN_OTHER;
    case 0x88: // MOV to memory
    case 0x89:
    case 0xc6:
    case 0xc7:
        return memory ? INSN_STORE : INSN_OTHER;
    default:
        return INSN_OTHER;
    }
}

// E3xx and EBxx instructions: the opcode's second half is the last byte.
static enum insn_kind kind_rxy(uint8_t second)
{
    switch (second) {
    case 0x24: // STG
    case 0x50: // STY
    case 0x70: // STHY
    case 0x72: // STCY
        return INSN_STORE;
    default:
        return INSN_OTHER;
    }
}

static enum insn_kind kind_rsy(uint8_t second)
{
    switch (second) {
    case 0x14: // CSY
    case 0x30: // CSG
    case 0x31: // CDSY
    case 0x3e: // CDSG
    case 0xe4: // LANG
    case 0xe6: // LAOG
    case 0xe7: // LAXG
    case 0xe8: // LAAG
    case 0xea: // LAALG
    case 0xf4: // LAN
    case 0xf6: // LAO
    case 0xf7: // LAX
    case 0xf8: // LAA
    case 0xfa: // LAAL
        return INSN_ATOMIC;
    case 0x52: // MVIY
        return INSN_STORE;
    case 0x54: // NIY
    case 0x56: // OIY
    case 0x57: // XIY
    case 0x6a: // ASI
    case 0x6e: // ALSI
    case 0x7a: // AGSI
    case 0x7e: // ALGSI
        return INSN_UPDATE;
    default:
        return INSN_OTHER;
    }
}

enum insn_kind insn_kind_s390x(const uint8_t *bytes, size_t size)
{
    if (size < 4)
        return INSN_OTHER;
    switch (bytes[0]) {
    case 0xba: // CS
    case 0xbb: // CDS
    case 0x93: // TS
        return INSN_ATOMIC;
    case 0x40: // STH
    case 0x42: // STC
    case 0x50: // ST
    case 0x92: // MVI
        return INSN_STORE;
    case 0x94: // NI
    case 0x96: // OI
    case 0x97: // XI
        return INSN_UPDATE;
    case 0xc8: // CSST
        return (bytes[1] & 15) == 2 ? INSN_ATOMIC : INSN_OTHER;
    case 0xc4: // STGRL, STRL
        return (bytes[1] & 15) == 0xb || (bytes[1] & 15) == 0xf ? INSN_STORE : INSN_OTHER;
    case 0xe3:
        return size == 6 ? kind_rxy(bytes[5]) : INSN_OTHER;
    case 0xeb:
        return size == 6 ? kind_rsy(bytes[5]) : INSN_OTHER;
    case 0xe5: // MVHHI, MVGHI, MVHI
        return bytes[1] == 0x44 || bytes[1] == 0x48 || bytes[1] == 0x4c ? INSN_STORE : INSN_OTHER;
    case 0xd1: // MVN, MVC, MVZ, NC, CLC, OC, XC
    case 0xd2:
    case 0xd3:
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xdc: // TR
    case 0xe8: // MVCIN
        return size == 6 ? INSN_OPERANDS : INSN_OTHER;
    default:
        return INSN_OTHER;
    }
}

void insn_operands_s390x(const uint8_t bytes[6], struct insn_operands *operands)
{
    uint16_t size = (uint16_t)(bytes[1] + 1);
    *operands = (struct insn_operands){
        .first = {.base = bytes[2] >> 4,
                  .displacement = (uint16_t)((bytes[2] & 15) << 8 | bytes[3]),
                  .size = size},
        .second = {.base = bytes[4] >> 4,
                   .displacement = (uint16_t)((bytes[4] & 15) << 8 | bytes[5]),
                   .size = size},
        .first_read = bytes[0] != 0xd2 && bytes[0] != 0xe8,
        .first_written = bytes[0] != 0xd5,
        .second_read = 1,
    };
    if (bytes[0] == 0xdc)
        operands->second.size = 256; // a table; which of its bytes are read depends on the first operand
    if (bytes[0] == 0xe8)            // addressed at its right end
        operands->second.displacement = (uint16_t)(operands->second.displacement - bytes[1]);
}
