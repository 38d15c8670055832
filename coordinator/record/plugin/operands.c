// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/plugin/operands.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/record/plugin/insns.h"
#include "coordinator/record/plugin/words.h"

#define KEPT_MAX (1u << 16) // different instructions of this kind; glibc and a program have some thousand

// The register numbers by which debuggers know s390x: mask and address of the PSW, then r0.
#define GDB_R0 2

// Functions and variables of qemu-s390x and of glib, which it is linked with. Absent elsewhere.
struct byte_array {
    uint8_t *data;
    unsigned bytes;
};
extern __thread void *thread_cpu __attribute__((weak));
extern int s390_cpu_gdb_read_register(void *cpu, struct byte_array *to, int number) __attribute__((weak));
extern struct byte_array *g_byte_array_new(void) __attribute__((weak));
extern struct byte_array *g_byte_array_set_size(struct byte_array *array, unsigned size)
    __attribute__((weak));

static struct {
    _Atomic uint64_t used; // 1: the bytes are there
    uint8_t bytes[8];
} kept[KEPT_MAX];
static atomic_flag keeping = ATOMIC_FLAG_INIT;
static uint32_t n_kept;

const uint8_t *operands_keep(const uint8_t *bytes)
{
    uint64_t key = 0;
    memcpy(&key, bytes, 6);
    uint32_t at = (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40) % KEPT_MAX;
    while (atomic_flag_test_and_set(&keeping))
        continue;
    while (atomic_load(&kept[at].used) && memcmp(kept[at].bytes, bytes, 6) != 0)
        at = (at + 1) % KEPT_MAX;
    bool there = atomic_load(&kept[at].used), room = n_kept < KEPT_MAX / 2;
    if (!there && room) {
        memcpy(kept[at].bytes, bytes, 6);
        atomic_store(&kept[at].used, 1);
        n_kept++;
    }
    atomic_flag_clear(&keeping);
    return there || room ? kept[at].bytes : NULL;
}

static bool read_register(unsigned number, uint64_t *value)
{
    static __thread struct byte_array *array;
    if (!s390_cpu_gdb_read_register || !g_byte_array_new || !g_byte_array_set_size)
        return false;
    if (!array)
        array = g_byte_array_new();
    g_byte_array_set_size(array, 0);
    if (s390_cpu_gdb_read_register(thread_cpu, array, (int)(GDB_R0 + number)) != 8)
        return false;
    memcpy(value, array->data, sizeof *value);
    *value = __builtin_bswap64(*value); // as the debugger sees it: in the program's byte order
    return true;
}

static bool operand_address(unsigned base, uint64_t displacement, uint64_t *address)
{
    uint64_t value = 0;
    if (base != 0 && !read_register(base, &value))
        return false;
    *address = value + displacement;
    return true;
}

void operands_record(struct vcpu *vcpu, uint64_t next)
{
    struct insn_operands operands;
    insn_operands_s390x(vcpu->operands, &operands);
    vcpu->operands = NULL;
    // Not the instruction behind it, or EXECUTE's: a signal came in between and changed the registers.
    if (next - vcpu->operands_at != 6 && next - vcpu->operands_at != 4)
        return;
    uint64_t first, second;
    if (!operand_address(operands.first.base, operands.first.displacement, &first) ||
        !operand_address(operands.second.base, operands.second.displacement, &second)) {
        atomic_store(&exchange->unseen_operands, 1);
        return;
    }
    words_load(vcpu, second, operands.second.size);
    if (operands.first_read && first != second)
        words_load(vcpu, first, operands.first.size);
    if (operands.first_written)
        words_store(vcpu, first, operands.first.size);
}
