// SPDX-License-Identifier: Apache-2.0
// To be recorded: key_value [THREADS [OPERATIONS [LOCKS]]] (4, 2000 per thread, 16; up to 64, 16 million,
// 1024). A hash table of counters; a mutex guards each of LOCKS parts of it. Workers put keys into a bounded
// queue (mutex and two condition variables), which the last thread empties, adding them up. Exit status 0:
// every key was counted as often as it was put; 1: not; 2: wrong arguments.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS_MAX 64u
#define LOCKS_MAX   1024u
#define BUCKETS     4096u
#define KEYS        1000u
#define QUEUE       8u
#define REPORT_EACH 16u // operations of a worker between two entries in the queue

static struct entry {
    struct entry *next;
    uint32_t key, count;
} * buckets[BUCKETS];
static pthread_mutex_t locks[LOCKS_MAX];
static unsigned n_threads, n_operations, n_locks;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    uint32_t values[QUEUE];
    unsigned first, n;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .not_empty = PTHREAD_COND_INITIALIZER,
           .not_full = PTHREAD_COND_INITIALIZER};
static uint64_t queued_sum;

static void put_in_queue(uint32_t value)
{
    pthread_mutex_lock(&queue.lock);
    while (queue.n == QUEUE)
        pthread_cond_wait(&queue.not_full, &queue.lock);
    queue.values[(queue.first + queue.n++) % QUEUE] = value;
    pthread_cond_signal(&queue.not_empty);
    pthread_mutex_unlock(&queue.lock);
}

static void *empty_queue(void *nothing)
{
    unsigned wanted = (n_threads - 1) * ((n_operations + REPORT_EACH - 1) / REPORT_EACH);
    for (unsigned i = 0; i < wanted; i++) {
        pthread_mutex_lock(&queue.lock);
        while (queue.n == 0)
            pthread_cond_wait(&queue.not_empty, &queue.lock);
        queued_sum += queue.values[queue.first];
        queue.first = (queue.first + 1) % QUEUE;
        queue.n--;
        pthread_cond_signal(&queue.not_full);
        pthread_mutex_unlock(&queue.lock);
    }
    return nothing;
}

static void count(uint32_t key)
{
    unsigned bucket = key * 2654435761u % BUCKETS;
    pthread_mutex_t *lock = &locks[bucket % n_locks];
    pthread_mutex_lock(lock);
    struct entry *entry = buckets[bucket];
    while (entry && entry->key != key)
        entry = entry->next;
    if (!entry) {
        entry = malloc(sizeof *entry);
        if (!entry)
            abort();
        *entry = (struct entry){buckets[bucket], key, 0};
        buckets[bucket] = entry;
    }
    entry->count++;
    pthread_mutex_unlock(lock);
}

static void *work(void *argument)
{
    uint32_t state = (uint32_t)(uintptr_t)argument;
    for (unsigned i = 0; i < n_operations; i++) {
        state = state * 1664525u + 1013904223u;
        uint32_t key = (state >> 8) % KEYS;
        count(key);
        if (i % REPORT_EACH == 0)
            put_in_queue(key);
    }
    return NULL;
}

// The same, without threads.
static int is_right(void)
{
    uint64_t expected[KEYS] = {0}, sum = 0;
    for (uint32_t worker = 1; worker < n_threads; worker++) {
        uint32_t state = worker;
        for (unsigned i = 0; i < n_operations; i++) {
            state = state * 1664525u + 1013904223u;
            expected[(state >> 8) % KEYS]++;
            sum += i % REPORT_EACH == 0 ? (state >> 8) % KEYS : 0;
        }
    }
    for (unsigned i = 0; i < BUCKETS; i++)
        for (const struct entry *entry = buckets[i]; entry; entry = entry->next)
            expected[entry->key] -= entry->count;
    for (unsigned key = 0; key < KEYS; key++)
        if (expected[key] != 0)
            return 0;
    return sum == queued_sum;
}

int main(int argc, char **argv)
{
    n_threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4;
    n_operations = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2000;
    n_locks = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 16;
    if (n_threads < 2 || n_threads > THREADS_MAX || n_operations > 1u << 24 || n_locks == 0 ||
        n_locks > LOCKS_MAX)
        return 2;
    for (unsigned i = 0; i < n_locks; i++)
        pthread_mutex_init(&locks[i], NULL);
    pthread_t threads[THREADS_MAX];
    for (uintptr_t i = 1; i <= n_threads; i++)
        if (pthread_create(&threads[i - 1], NULL, i < n_threads ? work : empty_queue, (void *)i))
            return 2;
    for (unsigned i = 0; i < n_threads; i++)
        pthread_join(threads[i], NULL);
    int good = is_right();
    printf("%u threads, %u operations each, %u locks: %s\n", n_threads, n_operations, n_locks,
           good ? "right" : "WRONG");
    return good ? 0 : 1;
}
