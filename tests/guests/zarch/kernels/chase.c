// SPDX-License-Identifier: Apache-2.0
// Pointer chase: size= nodes (1024), each in a line of its own, dealt to the CPUs. Each CPU's nodes form one
// ring in a random order, which it follows rounds= times (50): the time of a step is the latency of a load.
// Right if every ring was closed by as many steps as it has nodes, and the numbers on its nodes add up.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

struct node {
    struct node *next;
    uint64_t number;
} __attribute__((aligned(LINE_BYTES)));

static uint64_t n, rounds;
static struct dealt nodes;
static struct {
    uint64_t sum;
    struct node *last;
} __attribute__((aligned(LINE_BYTES))) results[CPUS_MAX];

// One ring of all nodes of an array (Sattolo's shuffle: a permutation that is a single cycle).
static void link_ring(struct node *node, uint64_t n_nodes, uint64_t seed)
{
    for (uint64_t i = 0; i < n_nodes; i++)
        node[i].next = &node[i];
    for (uint64_t i = n_nodes; i-- > 1;) {
        uint64_t j = random_at(seed, i) % i;
        struct node *swap = node[i].next;
        node[i].next = node[j].next;
        node[j].next = swap;
    }
}

static void prepare(unsigned n_cpus)
{
    deal(&nodes, n, sizeof(struct node), n_cpus);
    for (uint64_t i = 0; i < n; i++)
        DEALT(nodes, struct node, i).number = i;
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        struct range part = part_of(n, cpu, n_cpus);
        link_ring(nodes.block[cpu], part.end - part.begin, options.seed + cpu);
    }
}

static void chase(void *nothing)
{
    (void)nothing;
    struct range mine = my_part(n);
    uint64_t steps = rounds * (mine.end - mine.begin), sum = 0;
    struct node *at = nodes.block[team_member()];
    for (uint64_t i = 0; i < steps; i++) {
        sum += at->number;
        at = at->next;
    }
    results[team_member()].sum = sum;
    results[team_member()].last = at;
}

static void verify(unsigned n_cpus)
{
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < n_cpus; cpu++) {
        CHECK(results[cpu].last == nodes.block[cpu]);
        sum += results[cpu].sum;
    }
    CHECK(sum == rounds * (n * (n - 1) / 2));
}

int main(void)
{
    n = options.size ? options.size : 1024;
    rounds = argument_number("rounds", 50);
    static const struct kernel kernel = {"chase", prepare, chase, verify};
    measure(&kernel);
    print("%lu nodes, %lu rounds, sum %lu\n", n, rounds, rounds * (n * (n - 1) / 2));
    return 0;
}
