// SPDX-License-Identifier: Apache-2.0
// To be recorded: a program that makes trouble in the way its argument names. `crash`: two threads, one
// stores through NULL while the other works. `threads`: starts threads that never end, as many as it can.
// `forks`: forks without end. `fault`: survives a fault inside of an atomic instruction, 100 times, and exits
// with 5.
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile unsigned long done;
static volatile uintptr_t no_address = 64; // on the page that nobody has
static sigjmp_buf back;
static atomic_int counter;

static void *work(void *nothing)
{
    for (;;)
        done++;
    return nothing;
}

static void *wait_for_ever(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static void crash(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    while (done == 0) // until the other one works, too
        continue;
    for (int i = 0; i < 1000; i++)
        done++;
    *(volatile int *)no_address = 1;
}

static void start_threads(void)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 16);
    pthread_t thread;
    while (pthread_create(&thread, &small, wait_for_ever, NULL) == 0)
        continue;
    exit(4);
}

static void fork_without_end(void)
{
    for (;;)
        if (fork() > 0)
            _exit(0);
}

static void on_fault(int number)
{
    (void)number;
    siglongjmp(back, 1);
}

static void *add(void *nothing)
{
    for (int i = 0; i < 1000; i++)
        atomic_fetch_add(&counter, 1);
    return nothing;
}

static void survive_faults(void)
{
    signal(SIGSEGV, on_fault);
    pthread_t thread;
    pthread_create(&thread, NULL, add, NULL);
    for (volatile int i = 0; i < 100; i++)
        if (sigsetjmp(back, 1) == 0)
            atomic_fetch_add((atomic_int *)no_address, 1);
    add(NULL);
    pthread_join(thread, NULL);
    exit(counter == 2000 ? 5 : 1);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "crash") == 0)
        crash();
    if (strcmp(what, "threads") == 0)
        start_threads();
    if (strcmp(what, "forks") == 0)
        fork_without_end();
    if (strcmp(what, "fault") == 0)
        survive_faults();
    return 2;
}
