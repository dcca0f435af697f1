/* Two threads to attach to: one waits in a read that a signal interrupts, one maps and unmaps ten times a second. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static void handle(int signal) { (void)signal; }

static void *loop(void *arg)
{
    for (;;) {
        usleep(100000);
        munmap(mmap(0, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
    }
    return arg;
}

int main(void)
{
    struct sigaction action = { .sa_handler = handle, .sa_flags = SA_RESTART };
    sigaction(SIGUSR1, &action, 0);
    pthread_t t;
    pthread_create(&t, 0, loop, 0);
    int ends[2];
    pipe(ends);
    char c;
    for (;;)
        read(ends[0], &c, 1);
}
