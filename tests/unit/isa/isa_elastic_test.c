// SPDX-License-Identifier: Apache-2.0
// A board joins a guest's partition: its CPUs and its storage are standby, the guest asks for them, uses them
// and gives them back; and the board goes. Each program also runs with its boards saved and loaded at many
// moments.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "proto/base/big_endian.h"
#include "proto/base/digest.h"
#include "tests/lib/mini_orders.h"
#include "tests/lib/tiny_machine.h"
#include "tests/unit/isa/isa_elastic_program.h"

#define MEMORY     (UINT64_C(4) << 20)
#define SECOND_CPU 0x20000u // prefix of a CPU that is restarted
#define SCCB       0x18000u // a page each
#define JOIN_AT    (50 * SIM_PS_PER_US)

enum command {
    READ_CPU_INFO = 0x00010001,
    READ_SCP_INFO = 0x00020001,
    READ_STORAGE = 0x00040001,
    ATTACH = 0x00080001,
    UNASSIGN = 0x000c0001,
    ASSIGN = 0x000d0001,
    DECONFIGURE = 0x00100001,
    CONFIGURE = 0x00110001,
    READ_EVENT = 0x00770005,
    WRITE_MASK = 0x00780005,
};

static char image[PATH_MAX_BYTES];
static uint8_t bytes[0x40000]; // of the image
static uint8_t storage[0x40000];
static uint32_t steps, others, sccbs;
static struct tiny_machine tiny;
static struct mini_complex complex;
static struct mini_orders orders = {&complex, 100 * SIM_PS_PER_NS, false};

static void begin_program(void)
{
    static const uint8_t psw[8] = {0x00, 0x08, 0x00, 0x01, 0x80, 0x01, 0x00, 0x00};
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, psw, sizeof psw);
    memcpy(bytes + 0x10000, elastic_text, sizeof elastic_text);
    put64(bytes + SECOND_CPU + 0x1a0, UINT64_C(0x0000000180000000));
    put64(bytes + SECOND_CPU + 0x1a8, ELASTIC_SECOND);
    steps = others = sccbs = 0;
}

// Returns the step's number, to find its result by.
static uint32_t put_step(uint32_t table, uint32_t number, enum elastic_step what, uint64_t a, uint64_t b,
                         uint64_t parameter)
{
    uint8_t *entry = bytes + table + 32 * number;
    put64(entry, what);
    put64(entry + 8, a);
    put64(entry + 16, b);
    put64(entry + 24, parameter);
    return number;
}

static uint32_t step(enum elastic_step what, uint64_t a, uint64_t b)
{
    return put_step(ELASTIC_TABLE, steps++, what, a, b, 0);
}

static uint32_t sigp(uint32_t cpu, uint32_t order, uint32_t parameter)
{
    return put_step(ELASTIC_TABLE, steps++, STEP_SIGP, cpu, order, parameter);
}

static void other(enum elastic_step what, uint64_t a, uint64_t b)
{
    put_step(ELASTIC_OTHER, others++, what, a, b, 0);
}

// A command with a block of its own; returns the block's number.
static uint32_t call(uint32_t command, uint32_t size, uint32_t first_halfword)
{
    uint32_t block = SCCB + 0x1000 * sccbs;
    put16(bytes + block, size);
    put16(bytes + block + 8, first_halfword);
    step(STEP_CALL, command, block);
    return sccbs++;
}

static uint32_t call_cpu(uint32_t command, uint32_t cpu)
{
    return call(command | cpu << 8, 8, 0);
}

static void ask_for_events(uint32_t mask)
{
    uint32_t block = SCCB + 0x1000 * call(WRITE_MASK, 28, 0);
    put16(bytes + block + 10, 4);
    put32(bytes + block + 12, mask);
}

static uint64_t result(uint32_t number)
{
    return get64(storage + ELASTIC_TABLE + 32 * number + 24);
}

static uint64_t result_of_other(uint32_t number)
{
    return get64(storage + ELASTIC_OTHER + 32 * number + 24);
}

static const uint8_t *block(uint32_t number)
{
    return storage + SCCB + 0x1000 * number;
}

static unsigned response(uint32_t number)
{
    return get16(block(number) + 6);
}

// Board 0 has CPUs 0 and 1; board 1 is free.
static void make(void)
{
    struct tiny_shape shape = {.protocol = "mesi",
                               .boards = 2,
                               .cpus = 2,
                               .partitions = 1,
                               .memory_bytes = MEMORY,
                               .frames_offset = MEMORY,
                               .store_buffer = 4};
    tiny_machine_init(&tiny, &shape);
    tiny.system.controller_latency = orders.latency;
    tiny.boards[1].partition = NO_PARTITION;
    tiny.partitions[0].n_boards--;
    tiny.partitions[0].n_segments--;
    for (uint32_t i = 0; i < 2; i++) {
        struct cpu_desc *cpu = tiny_machine_add(&tiny, 0, i, CPU_ZARCH);
        cpu->outstanding = 1;
        cpu->member = i;
        cpu->members = 2;
    }
    struct guest_desc *guest = &tiny.partitions[0].guest;
    guest->architecture = ARCH_Z196;
    guest->n_cpus = 2;
    snprintf(guest->image, sizeof guest->image, "%s", image);
    FILE *file = fopen(image, "w");
    NP_ASSERT(file && fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes && fclose(file) == 0);
}

static void give(uint32_t boards, enum order_kind kind, uint64_t number, const struct domain *domain)
{
    struct order order = mini_order_of(0, kind);
    order.number = number;
    if (domain)
        order.domain = *domain;
    CU_ASSERT_EQUAL(mini_give(&orders, boards, &order).status, REPORT_DONE);
}

static struct domain both(uint16_t version, uint16_t first_cpu)
{
    static const uint16_t homes[] = {0, 1};
    struct domain domain = mini_domain(3, version, homes, 2, MEMORY);
    domain.cpu_addresses[1] = first_cpu;
    return domain;
}

static struct board_view view_of(unsigned board)
{
    struct board_view view;
    board_view(complex.boards[board], true, &view);
    return view;
}

static void look(void)
{
    static uint8_t part[sizeof storage];
    memset(storage, 0, sizeof storage);
    for (unsigned b = 0; b < 2; b++) {
        board_peek(complex.boards[b], 0, part, sizeof part);
        for (size_t i = 0; i < sizeof part; i++)
            storage[i] |= part[i];
    }
}

// Until all has ended; saved and loaded each `every` of the first 40 us behind the join, or never.
static void join_and_run(sim_time every)
{
    struct err err;
    make();
    CU_ASSERT_EQUAL_FATAL(mini_open(&complex, &tiny.machine, NULL, &err), ERR_OK);
    mini_run(&complex, JOIN_AT);
    give(2, ORDER_POWER, 1, NULL);
    struct domain domain = both(1, 2);
    give(3, ORDER_DOMAIN, 0, &domain);
    CU_ASSERT_EQUAL(view_of(1).guest_cpus, 0);
    CU_ASSERT_EQUAL(view_of(1).guest_bytes, 0);
    for (sim_time at = complex.reached; every && at < JOIN_AT + 40 * SIM_PS_PER_US; at += every) {
        mini_run(&complex, at);
        mini_reload(&complex);
    }
    CU_ASSERT_TRUE(mini_run(&complex, SIM_PS_PER_US * 3000));
    look();
}

// Once straight, once in pieces: the same. Ends with the first left open, for more orders.
static void run(void)
{
    join_and_run(273 * SIM_PS_PER_NS);
    struct digest digest = mini_digest(&complex);
    mini_close(&complex);
    join_and_run(0);
    struct digest straight = mini_digest(&complex);
    CU_ASSERT_TRUE(digest_equal(digest, straight));
    CU_ASSERT_EQUAL(mini_counter(&complex, CNT_BUS_ERRORS), 0);
}

// The guest has nothing of board 1: it goes, and leaves nothing behind.
static void leave(void)
{
    CU_ASSERT_EQUAL(view_of(1).guest_cpus, 0);
    CU_ASSERT_EQUAL(view_of(1).guest_bytes, 0);
    struct domain domain = both(2, CPU_ADDRESSES_NONE);
    give(3, ORDER_DOMAIN, 0, &domain);
    give(2, ORDER_FLUSH, 0, NULL);
    CU_ASSERT_EQUAL(view_of(1).cached_elsewhere, 0);
    CU_ASSERT_EQUAL(view_of(1).lines_cached, 0);
    CU_ASSERT_EQUAL(view_of(1).under_way, 0);
    give(3, ORDER_QUIESCE, 0, NULL);
    static const uint16_t homes[] = {0};
    domain = mini_domain(1, 3, homes, 1, MEMORY);
    give(1, ORDER_DOMAIN, 0, &domain);
    domain = (struct domain){.partition = NO_PARTITION, .map_version = 3};
    give(2, ORDER_DOMAIN, 0, &domain);
    give(3, ORDER_RESUME, 0, NULL);
    give(2, ORDER_POWER, 0, NULL);
    CU_ASSERT_EQUAL(view_of(1).bound, 0);
    CU_ASSERT_EQUAL(view_of(0).guest_cpus, 3);
    CU_ASSERT_EQUAL(view_of(0).guest_bytes, MEMORY);
    mini_reload(&complex);
}

static void test_cpus(void)
{
    enum { SENSE = 1, STOP = 5, RESTART = 6, SET_PREFIX = 13 };
    begin_program();
    ask_for_events(0x10000000);
    uint32_t before = call(READ_CPU_INFO, 4096, 0);
    uint32_t none = sigp(2, SENSE, 0);
    uint32_t told = step(STEP_AWAIT, 0, 0), event = call(READ_EVENT, 4096, 0);
    uint32_t no_more = call(READ_EVENT, 4096, 0), info = call(READ_CPU_INFO, 4096, 0);
    uint32_t scp = call(READ_SCP_INFO, 4096, 0), standby = sigp(2, SENSE, 0), there = sigp(3, RESTART, 0);
    uint32_t on = call_cpu(CONFIGURE, 2), again = call_cpu(CONFIGURE, 2), unknown = call_cpu(CONFIGURE, 9);
    uint32_t stopped = sigp(2, SENSE, 0), with = call(READ_CPU_INFO, 4096, 0);
    step(STEP_INFO, 0x30000, 0);
    uint32_t prefix = sigp(2, SET_PREFIX, SECOND_CPU), restart = sigp(2, RESTART, 0);
    uint32_t runs = call_cpu(DECONFIGURE, 2), self = call_cpu(DECONFIGURE, 0);
    step(STEP_SPIN, 20000, 0);
    sigp(2, STOP, 0);
    step(STEP_SPIN, 2000, 0);
    uint32_t off = call_cpu(DECONFIGURE, 2), gone = sigp(2, SENSE, 0), off_again = call_cpu(DECONFIGURE, 2);
    step(STEP_END, 0, 0);
    other(STEP_SPIN, 5000, 0);
    other(STEP_STORE, 0x31000, 0x1234);
    other(STEP_END, 0, 0);
    run();
    CU_ASSERT_EQUAL(response(before), 0x0010);
    CU_ASSERT_EQUAL(get32(block(before) + 8), 0x00020018);  // two configured,
    CU_ASSERT_EQUAL(get32(block(before) + 12), 0x00000038); // none standby
    CU_ASSERT_EQUAL(result(none), UINT64_C(3) << 32);
    CU_ASSERT_EQUAL(result(told), 1);
    CU_ASSERT_EQUAL(response(event), 0x0020);
    CU_ASSERT_EQUAL(block(event)[10], 4); // configuration management data,
    CU_ASSERT_EQUAL(block(event)[15], 1); // CPUs
    CU_ASSERT_EQUAL(response(no_more), 0x60f0);
    CU_ASSERT_EQUAL(get32(block(info) + 8), 0x00020018);
    CU_ASSERT_EQUAL(get32(block(info) + 12), 0x00020038);
    CU_ASSERT_EQUAL(block(info)[0x38], 2);
    CU_ASSERT_EQUAL(block(info)[0x48], 3);
    CU_ASSERT_EQUAL(get16(block(scp) + 8), 8); // MB, with those that are standby
    CU_ASSERT_EQUAL(get16(block(scp) + 16), 4);
    CU_ASSERT_EQUAL(result(standby), UINT64_C(3) << 32);
    CU_ASSERT_EQUAL(result(there), UINT64_C(3) << 32);
    CU_ASSERT_EQUAL(response(on), 0x0020);
    CU_ASSERT_EQUAL(response(again), 0x0120);
    CU_ASSERT_EQUAL(response(unknown), 0x09f0);
    CU_ASSERT_EQUAL(result(stopped), UINT64_C(1) << 32 | 0x40);
    CU_ASSERT_EQUAL(get16(block(with) + 8), 3);
    CU_ASSERT_EQUAL(get64(storage + 0x30000 + 36),
                    UINT64_C(0x0004000300010000)); // total, configured, standby
    CU_ASSERT_EQUAL(result(prefix), 0);
    CU_ASSERT_EQUAL(result(restart), 0);
    CU_ASSERT_EQUAL(response(runs), 0x0340);
    CU_ASSERT_EQUAL(response(self), 0x0340);
    CU_ASSERT_EQUAL(get16(storage + 0x31000), 0x1234); // CPU 2 was here
    CU_ASSERT_EQUAL(response(off), 0x0020);
    CU_ASSERT_EQUAL(result(gone), UINT64_C(3) << 32);
    CU_ASSERT_EQUAL(response(off_again), 0x0120);
    leave();
    mini_close(&complex);
}

// Increments 5 to 8 are board 1's: element 2.
static void test_standby_storage(void)
{
    const uint64_t at = MEMORY;
    begin_program();
    ask_for_events(0x10000000);
    step(STEP_AWAIT, 0, 0);
    uint32_t none = call(READ_STORAGE | 9 << 8, 4096, 0), first = call(READ_STORAGE, 4096, 0);
    uint32_t second = call(READ_STORAGE | 2 << 8, 4096, 0), attach = call(ATTACH | 2 << 8, 4096, 0);
    uint32_t fetch = step(STEP_FETCH, at, 0), store = step(STEP_STORE, at, 1);
    uint32_t protect = step(STEP_PROTECT, at, 0), branch = step(STEP_BRANCH, at, 0);
    uint32_t servc = step(STEP_CALL, READ_CPU_INFO, at);
    uint32_t prefix = sigp(1, 13, (uint32_t)at);
    uint32_t own = call(ASSIGN, 16, 1), unknown = call(ASSIGN, 16, 99), keep = call(UNASSIGN, 16, 1);
    step(STEP_END, 0, 0);
    run();
    CU_ASSERT_EQUAL(response(none), 0x0310);
    CU_ASSERT_EQUAL(response(first), 0x0010);
    CU_ASSERT_EQUAL(get64(block(first) + 8), UINT64_C(0x0002000400000000));
    CU_ASSERT_EQUAL(get32(block(first) + 28), 0x00040001);
    CU_ASSERT_EQUAL(response(second), 0x0410);
    CU_ASSERT_EQUAL(get64(block(second) + 8), UINT64_C(0x0002000400040000));
    CU_ASSERT_EQUAL(get32(block(second) + 16), 0x00050001);
    CU_ASSERT_EQUAL(response(attach), 0x0020);
    CU_ASSERT_EQUAL(get32(block(attach) + 16), 0x00050001);
    CU_ASSERT_EQUAL(result(fetch), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(store), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(protect), ELASTIC_CHECKED | 5); // no translation that could fail
    CU_ASSERT_EQUAL(result(branch), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(servc), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(prefix), UINT64_C(1) << 32 | 0x100);
    CU_ASSERT_EQUAL(response(own), 0x0120);
    CU_ASSERT_EQUAL(response(unknown), 0x09f0);
    CU_ASSERT_EQUAL(response(keep), 0x0340);
    leave();
    mini_close(&complex);
}

static void test_storage(void)
{
    const uint64_t at = MEMORY, code = MEMORY + 0x2000;
    begin_program();
    ask_for_events(0x10000000);
    step(STEP_AWAIT, 0, 0);
    uint32_t on = call(ASSIGN, 16, 5), again = call(ASSIGN, 16, 5);
    uint32_t part = call(READ_STORAGE | 2 << 8, 4096, 0);
    uint32_t zero = step(STEP_FETCH, at, 0), stored = step(STEP_STORE, at, 0xab00);
    step(STEP_STORE, code, 0x07fd); // br %r13
    uint32_t value = step(STEP_FETCH, at, 0), came = step(STEP_BRANCH, code, 0);
    uint32_t next = step(STEP_FETCH, at + (1 << 20), 0), open = step(STEP_PROTECT, at, 0);
    for (uint32_t i = 1; i < 40; i++) // more pages than can be on their way at once
        step(STEP_STORE, at + 0x3000 + 0x1000 * i, 0x5a00);
    uint32_t off = call(UNASSIGN, 16, 5), off_again = call(UNASSIGN, 16, 5);
    uint32_t lost = step(STEP_FETCH, at, 0), no_code = step(STEP_BRANCH, code, 0);
    uint32_t closed = step(STEP_PROTECT, at, 0), no_store = step(STEP_STORE, at, 1);
    uint32_t back = call(ASSIGN, 16, 5), empty = step(STEP_FETCH, at, 0);
    uint32_t last = step(STEP_FETCH, at + 0x3000 + 0x1000 * 39, 0);
    uint32_t over = call(UNASSIGN, 16, 5);
    step(STEP_END, 0, 0);
    run();
    CU_ASSERT_EQUAL(response(on), 0x0020);
    CU_ASSERT_EQUAL(response(again), 0x0120);
    CU_ASSERT_EQUAL(get64(block(part) + 8), UINT64_C(0x0002000400030000));
    CU_ASSERT_EQUAL(result(zero), 0);
    CU_ASSERT_EQUAL(result(stored), 0);
    CU_ASSERT_EQUAL(result(value), 0xab);
    CU_ASSERT_EQUAL(result(came), 1);
    CU_ASSERT_EQUAL(result(next), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(open), 0);
    CU_ASSERT_EQUAL(response(off), 0x0020);
    CU_ASSERT_EQUAL(response(off_again), 0x0120);
    CU_ASSERT_EQUAL(result(lost), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(no_code), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(closed), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(result(no_store), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(response(back), 0x0020);
    CU_ASSERT_EQUAL(result(empty), 0);
    CU_ASSERT_EQUAL(result(last), 0);
    CU_ASSERT_EQUAL(response(over), 0x0020);
    leave();
    mini_close(&complex);
}

// A CPU of the board that joined uses its storage; a view says what the guest has; a reset takes it back.
static void test_joined_cpu(void)
{
    const uint64_t at = MEMORY + (3 << 20);
    begin_program();
    ask_for_events(0x10000000);
    step(STEP_AWAIT, 0, 0);
    uint32_t on = call_cpu(CONFIGURE, 3), more = call(ASSIGN, 16, 8);
    sigp(3, 13, SECOND_CPU);
    sigp(3, 6, 0);
    step(STEP_SPIN, 20000, 0);
    uint32_t value = step(STEP_FETCH, at, 0);
    step(STEP_END, 0, 0);
    other(STEP_STORE, at, 0x5500);
    other(STEP_FETCH, at, 0);
    other(STEP_FETCH, at - 1, 0);
    other(STEP_END, 0, 0);
    run();
    CU_ASSERT_EQUAL(response(on), 0x0020);
    CU_ASSERT_EQUAL(response(more), 0x0020);
    CU_ASSERT_EQUAL(result(value), 0x55);
    CU_ASSERT_EQUAL(result_of_other(1), 0x55);
    CU_ASSERT_EQUAL(result_of_other(2), ELASTIC_CHECKED | 5);
    CU_ASSERT_EQUAL(view_of(1).guest_cpus, 2);
    CU_ASSERT_EQUAL(view_of(1).guest_bytes, 1 << 20);
    give(3, ORDER_QUIESCE, 0, NULL);
    give(3, ORDER_RESET, 0, NULL);
    CU_ASSERT_EQUAL(view_of(1).guest_cpus, 0);
    CU_ASSERT_EQUAL(view_of(1).guest_bytes, 0);
    CU_ASSERT_EQUAL(view_of(0).guest_cpus, 3);
    mini_run(&complex, complex.reached + 30 * SIM_PS_PER_US); // it asks for events, and waits for one
    leave();
    mini_close(&complex);
}

int main(void)
{
    char folder[] = "/tmp/numaplex-elastic-XXXXXX";
    NP_ASSERT(mkdtemp(folder));
    snprintf(image, sizeof image, "%s/image", folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("elastic", NULL, NULL);
    CU_add_test(suite, "CPUs come and go", test_cpus);
    CU_add_test(suite, "standby storage", test_standby_storage);
    CU_add_test(suite, "storage comes and goes", test_storage);
    CU_add_test(suite, "a CPU that joined", test_joined_cpu);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    unlink(image);
    rmdir(folder);
    return failures ? 1 : 0;
}
