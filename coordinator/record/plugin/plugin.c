// SPDX-License-Identifier: Apache-2.0
// The plugin that qemu-user loads to record a program: one callback per instruction, one per access, one per
// system call. `numaplex record` starts qemu with "-plugin recorder.so,exchange=FD".
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/record/plugin/insns.h"
#include "coordinator/record/plugin/operands.h"
#include "coordinator/record/plugin/qemu_plugin.h"
#include "coordinator/record/plugin/words.h"

#define EXPORT __attribute__((visibility("default")))

// What an instruction's callback is told, in one pointer: address, size, and what is special about it.
// Programs of qemu-user lie below 2^47.
#define ADDRESS_BITS 48
#define SIZE_SHIFT   60
enum {
    BEGINS = 1 << 0, // of a translated piece: what a fault left behind is settled here
    ATOMIC = 1 << 1,
    STORE = 1 << 2,
    AFTER_OPERANDS = 1 << 3
};

// Numbers of system calls that are not the same for both.
struct calls {
    int64_t clone, exit, futex, set_tid_address, execve, execveat;
};
static const struct calls x86_calls = {56, 60, 202, 218, 59, 322}, s390x_calls = {120, 1, 238, 252, 11, 354};

EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct vcpu *vcpus[VCPUS_MAX];
static bool is_s390x;
static const struct calls *calls;
static __thread uint64_t cloning; // first word of the thread that this one is about to make
static __thread struct vcpu *in_call;

// Addresses of plain stores that have written a synchronisation word, hashed.
#define LEARNED 4096u
static uint64_t learned[LEARNED / 64];

static inline struct vcpu *vcpu_of(unsigned number)
{
    return vcpus[number];
}

static inline void fetch(struct vcpu *vcpu, uint64_t what)
{
    stream_put(vcpu, what & ((UINT64_C(1) << ADDRESS_BITS) - 1), (unsigned)(what >> SIZE_SHIFT), TRACE_FETCH);
    stream_publish(vcpu);
}

static void on_fetch(unsigned number, void *user)
{
    fetch(vcpu_of(number), (uintptr_t)user);
}

static bool has_learned(uint64_t address)
{
    uint64_t bit = address / 2 % LEARNED;
    return __atomic_load_n(&learned[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1;
}

static void learn(uint64_t address)
{
    uint64_t bit = address / 2 % LEARNED;
    __atomic_fetch_or(&learned[bit / 64], UINT64_C(1) << bit % 64, __ATOMIC_RELAXED);
}

static void on_special(unsigned number, void *user)
{
    struct vcpu *vcpu = vcpu_of(number);
    uint64_t what = (uintptr_t)user, address = what & ((UINT64_C(1) << ADDRESS_BITS) - 1);
    unsigned flags = (unsigned)(what >> ADDRESS_BITS) & 15;
    words_give(vcpu);
    if (vcpu->operands)
        operands_record(vcpu, address);
    if (!vcpu->began && vcpu->first_word) {
        stream_make_room(vcpu, 1);
        words_sync(vcpu, vcpu->first_word, TRACE_WORD);
    }
    stream_reserve(vcpu, EXCHANGE_BELL / 2); // whoever holds the lock must not wait for room
    fetch(vcpu, what);
    if ((flags & ATOMIC) || ((flags & STORE) && has_learned(address)))
        words_take(vcpu);
}

static void on_operands(unsigned number, void *user)
{
    struct vcpu *vcpu = vcpu_of(number);
    vcpu->operands = user;
    vcpu->operands_at = vcpu->ring[(vcpu->written - 1) % EXCHANGE_RING].address; // its fetch
}

static inline void load(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    if (NP_UNLIKELY(words_touched(address, size)))
        words_load(vcpu, address, size);
    else
        stream_put(vcpu, address, size, TRACE_LOAD); // published by what follows: it may become a MODIFY
}

static inline void store(struct vcpu *vcpu, uint64_t address, unsigned size)
{
    if (NP_UNLIKELY(words_touched(address, size))) {
        words_store(vcpu, address, size);
        return;
    }
    struct trace_ref *last = &vcpu->ring[(vcpu->written - 1) % EXCHANGE_RING];
    if (last->kind == TRACE_LOAD && last->address == address && last->size == size &&
        atomic_load_explicit(vcpu->published, memory_order_relaxed) < vcpu->written)
        last->kind = TRACE_MODIFY;
    else
        stream_put(vcpu, address, size, TRACE_STORE);
    stream_publish(vcpu);
}

static inline void access_memory(struct vcpu *vcpu, qemu_plugin_meminfo_t info, uint64_t address)
{
    unsigned size = 1u << qemu_plugin_mem_size_shift(info);
    if (qemu_plugin_mem_is_store(info))
        store(vcpu, address, size);
    else
        load(vcpu, address, size);
}

static void on_memory(unsigned number, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
    (void)user;
    access_memory(vcpu_of(number), info, address);
}

static void on_atomic(unsigned number, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
    (void)user;
    if (!qemu_plugin_mem_is_store(info))
        return; // its first half
    struct vcpu *vcpu = vcpu_of(number);
    words_sync(vcpu, address, 1u << qemu_plugin_mem_size_shift(info));
    words_give(vcpu);
}

static void on_store(unsigned number, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
    struct vcpu *vcpu = vcpu_of(number);
    unsigned size = 1u << qemu_plugin_mem_size_shift(info);
    if (words_touched(address, size))
        learn((uintptr_t)user);
    access_memory(vcpu, info, address);
    words_give(vcpu);
}

static void on_update(unsigned number, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
    (void)user;
    struct vcpu *vcpu = vcpu_of(number);
    access_memory(vcpu, info, address);
    struct trace_ref *last = &vcpu->ring[(vcpu->written - 1) % EXCHANGE_RING];
    if (last->kind == TRACE_STORE)
        last->kind = TRACE_MODIFY;
}

// qemu has reported an access of such an instruction after all.
static void on_operands_memory(unsigned number, qemu_plugin_meminfo_t info, uint64_t address, void *user)
{
    (void)user;
    vcpu_of(number)->operands = NULL;
    access_memory(vcpu_of(number), info, address);
}

static void instrument(struct qemu_plugin_insn *insn, unsigned flags, enum insn_kind kind)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    size_t size = qemu_plugin_insn_size(insn);
    flags |= kind == INSN_ATOMIC ? ATOMIC : kind == INSN_STORE ? STORE : 0;
    uint64_t what = (address & ((UINT64_C(1) << ADDRESS_BITS) - 1)) | (uint64_t)flags << ADDRESS_BITS |
                    (uint64_t)size << SIZE_SHIFT;
    qemu_plugin_register_vcpu_insn_exec_cb(insn, flags ? on_special : on_fetch, QEMU_PLUGIN_CB_NO_REGS,
                                           (void *)(uintptr_t)what);
    qemu_plugin_mem_cb on_access = on_memory;
    if (kind == INSN_ATOMIC)
        on_access = on_atomic;
    if (kind == INSN_STORE)
        on_access = on_store;
    if (kind == INSN_UPDATE)
        on_access = on_update;
    const uint8_t *bytes = kind == INSN_OPERANDS ? operands_keep(qemu_plugin_insn_data(insn)) : NULL;
    if (bytes) {
        on_access = on_operands_memory;
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_operands, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)bytes);
    }
    qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
                                     (void *)(uintptr_t)address);
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    unsigned flags = BEGINS;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        enum insn_kind kind = is_s390x ? insn_kind_s390x(bytes, size) : insn_kind_x86(bytes, size);
        instrument(insn, flags, kind);
        flags = kind == INSN_OPERANDS ? AFTER_OPERANDS : 0;
    }
}

// Runs in the parent, inside of its clone: the new thread does not run yet.
static void on_vcpu(qemu_plugin_id_t id, unsigned number)
{
    (void)id;
    // The recorder ends a program that has half as many streams. No memory: qemu itself would end likewise.
    if (number >= VCPUS_MAX || (!vcpus[number] && !(vcpus[number] = malloc(sizeof *vcpus[number]))))
        abort();
    stream_announce(vcpus[number], cloning);
}

static bool wakes(unsigned op)
{
    return op == FUTEX_WAKE || op == FUTEX_WAKE_BITSET || op == FUTEX_WAKE_OP || op == FUTEX_REQUEUE ||
           op == FUTEX_CMP_REQUEUE || op == FUTEX_CMP_REQUEUE_PI || op == FUTEX_UNLOCK_PI;
}

static bool waits(unsigned op)
{
    return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_LOCK_PI || op == FUTEX_LOCK_PI2 ||
           op == FUTEX_WAIT_REQUEUE_PI;
}

static void on_futex(struct vcpu *vcpu, uint64_t word, unsigned op, uint64_t second_word)
{
    op &= (unsigned)FUTEX_CMD_MASK;
    if (wakes(op))
        words_sync(vcpu, word, TRACE_WORD);
    if (op == FUTEX_WAKE_OP || op == FUTEX_REQUEUE || op == FUTEX_CMP_REQUEUE)
        words_sync(vcpu, second_word, TRACE_WORD);
    if (waits(op))
        vcpu->waits_on = word;
}

static void on_clone(struct vcpu *vcpu, uint64_t flags, uint64_t parent_word, uint64_t child_word)
{
    enum { VM = 0x100, VFORK = 0x4000 };
    if (!(flags & VM) || (flags & VFORK))
        return; // a process; qemu gives it memory of its own, whatever was asked for
    cloning = child_word ? child_word : parent_word;
    if (cloning)
        words_sync(vcpu, cloning, TRACE_WORD);
}

// Only this thread ends.
static void on_thread_exit(struct vcpu *vcpu)
{
    if (vcpu->exit_word)
        words_sync(vcpu, vcpu->exit_word, TRACE_WORD);
    stream_end(vcpu);
}

static void on_call(qemu_plugin_id_t id, unsigned number, int64_t call, uint64_t a1, uint64_t a2, uint64_t a3,
                    uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)a6, (void)a7, (void)a8;
    struct vcpu *vcpu = vcpu_of(number);
    words_give(vcpu);
    stream_publish(vcpu);
    in_call = vcpu;
    if (call == calls->futex)
        on_futex(vcpu, a1, (unsigned)a2, a5);
    else if (call == calls->clone)
        on_clone(vcpu, is_s390x ? a2 : a1, a3, a4);
    else if (call == calls->set_tid_address)
        vcpu->exit_word = a1;
    else if (call == calls->exit)
        on_thread_exit(vcpu);
    else if (call == calls->execve || call == calls->execveat)
        atomic_fetch_add(&exchange->execs, 1);
}

static void on_return(qemu_plugin_id_t id, unsigned number, int64_t call, int64_t result)
{
    (void)id, (void)result;
    struct vcpu *vcpu = vcpu_of(number);
    if (call == calls->clone)
        cloning = 0;
    if (call == calls->futex && vcpu->waits_on) {
        words_sync(vcpu, vcpu->waits_on, TRACE_WORD);
        vcpu->waits_on = 0;
    }
    if (call == calls->execve || call == calls->execveat)
        atomic_fetch_sub(&exchange->execs, 1); // it has failed
}

// In the child of a fork, which has one thread.
static void on_fork(void)
{
    cloning = 0;
    words_forget_versions();
    stream_forked(in_call);
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    is_s390x = strcmp(info->target_name, "s390x") == 0;
    calls = is_s390x ? &s390x_calls : &x86_calls;
    if (info->system_emulation || argc != 1 || strncmp(argv[0], "exchange=", 9) != 0 ||
        !stream_open((int)strtol(argv[0] + 9, NULL, 10)) || pthread_atfork(NULL, NULL, on_fork))
        return -1;
    qemu_plugin_register_vcpu_init_cb(id, on_vcpu);
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_call);
    qemu_plugin_register_vcpu_syscall_ret_cb(id, on_return);
    return 0;
}
