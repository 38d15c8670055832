// SPDX-License-Identifier: Apache-2.0
// Producer and consumer: size= items (4096) go through bounded queues of 16 places, one queue for each pair
// of CPUs: the even one produces, the odd one consumes; a CPU without a partner does both in turn. Right if
// every consumer got the items of its producer, in their order, each with its text whole.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"
#include "tests/guests/zarch/runtime/random.h"

enum { PLACES = 16, WORDS = 6 };

struct item {
    uint64_t number, words[WORDS];
};

// Each end writes one count and reads the other; the lines are apart. Data are stored before the count that
// tells of them.
struct queue {
    uint64_t produced __attribute__((aligned(LINE_BYTES)));
    uint64_t consumed __attribute__((aligned(LINE_BYTES)));
    struct item items[PLACES] __attribute__((aligned(LINE_BYTES)));
};

static uint64_t n;
static struct queue *queues[(CPUS_MAX + 1) / 2];
static uint64_t sum; // of all words consumed by the team

static void prepare(unsigned n_cpus)
{
    for (unsigned pair = 0; pair < (n_cpus + 1) / 2; pair++) {
        unsigned consumer = 2 * pair + 1 < n_cpus ? 2 * pair + 1 : 2 * pair;
        queues[pair] = place_for(consumer, sizeof *queues[pair]);
        memset(queues[pair], 0, sizeof *queues[pair]);
    }
}

static bool try_produce(struct queue *queue, uint64_t number)
{
    uint64_t produced = queue->produced;
    if (produced - __atomic_load_n(&queue->consumed, __ATOMIC_ACQUIRE) == PLACES)
        return false;
    struct item *item = &queue->items[produced % PLACES];
    item->number = number;
    for (unsigned i = 0; i < WORDS; i++)
        item->words[i] = random_at(options.seed + i, number);
    __atomic_store_n(&queue->produced, produced + 1, __ATOMIC_RELEASE);
    return true;
}

static bool try_consume(struct queue *queue, uint64_t number, uint64_t *total)
{
    uint64_t consumed = queue->consumed;
    if (consumed == __atomic_load_n(&queue->produced, __ATOMIC_ACQUIRE))
        return false;
    const struct item *item = &queue->items[consumed % PLACES];
    CHECK(item->number == number);
    for (unsigned i = 0; i < WORDS; i++) {
        CHECK(item->words[i] == random_at(options.seed + i, number));
        *total += item->words[i];
    }
    __atomic_store_n(&queue->consumed, consumed + 1, __ATOMIC_RELEASE);
    return true;
}

static void pass_items(void *nothing)
{
    (void)nothing;
    unsigned me = team_member(), pair = me / 2, pairs = (team_size() + 1) / 2;
    bool alone = me % 2 == 0 && me + 1 == team_size();
    struct range items = part_of(n, pair, pairs);
    uint64_t total = 0;
    for (uint64_t out = items.begin, in = me % 2 ? items.end : items.begin;
         in < items.end || out < items.end;) {
        if (in < items.end && try_produce(queues[pair], in))
            in++;
        if (me % 2 || alone)
            out += try_consume(queues[pair], out, &total);
        else if (in == items.end)
            break;
    }
    total = reduce_sum(total);
    if (me == 0)
        sum = total;
}

static uint64_t expected_sum(void)
{
    uint64_t total = 0;
    for (uint64_t number = 0; number < n; number++)
        for (unsigned i = 0; i < WORDS; i++)
            total += random_at(options.seed + i, number);
    return total;
}

static void verify(unsigned n_cpus)
{
    (void)n_cpus;
    CHECK(sum == expected_sum());
}

int main(void)
{
    n = options.size ? options.size : 4096;
    static const struct kernel kernel = {"queues", prepare, pass_items, verify};
    measure(&kernel);
    print("%lu items, sum %016lx\n", n, sum);
    return 0;
}
