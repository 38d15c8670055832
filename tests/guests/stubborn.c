// SPDX-License-Identifier: Apache-2.0
// To be recorded and stopped: a child in a session of its own that closes every descriptor, ignores SIGTERM
// and never ends, and a parent that never ends either. Says "armed" when the child is ready.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile unsigned long work;

int main(void)
{
    int ready[2];
    if (pipe(ready))
        return 1;
    if (fork() == 0) {
        signal(SIGTERM, SIG_IGN);
        setsid();
        if (write(ready[1], "x", 1) != 1)
            return 1;
        for (int fd = 0; fd < 4096; fd++)
            close(fd);
        for (;;)
            work++;
    }
    char got;
    if (read(ready[0], &got, 1) == 1)
        puts("armed");
    fflush(stdout);
    for (;;)
        work++;
}
