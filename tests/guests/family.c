// SPDX-License-Identifier: Apache-2.0
// To be recorded: a parent, a child that only forks, a grandchild that execs (argv[1], or nothing), and a
// thread. The exit status is 7 when all of them did their part.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile uint8_t bytes[1 << 16];

static void touch(unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++)
        for (unsigned i = 0; i < sizeof bytes; i += 64)
            bytes[i]++;
}

static void *work(void *nothing)
{
    touch(4);
    return nothing;
}

static int child(const char *program)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (program)
            execl(program, program, (char *)NULL);
        _exit(program ? 1 : 0);
    }
    touch(2);
    int status = 1;
    waitpid(pid, &status, 0);
    return status;
}

int main(int argc, char **argv)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(argc > 1 ? argv[1] : NULL) ? 1 : 0);
    pthread_t thread;
    if (pthread_create(&thread, NULL, work, NULL))
        return 1;
    touch(1);
    pthread_join(thread, NULL);
    int status = 1;
    waitpid(pid, &status, 0);
    return status ? 1 : 7;
}
