/* Threads that map and unmap at the same time, a fork that dies of a signal, a vfork, and a thread that executes a program. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *arg)
{
    for (int i = 0; i < 3; i++) {
        void *p = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(p, 8192);
    }
    usleep(1000);
    return arg;
}

static void *execute(void *arg)
{
    prctl(PR_SET_NAME, "a b>c<d)]");
    execl("/bin/true", "true", "c = \"d\"", (char *)0);
    return arg;
}

static void *loop(void *arg)
{
    for (;;)
        munmap(mmap(0, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 8192);
    return arg;
}

int main(void)
{
    pthread_t t, u;
    pthread_create(&t, 0, work, 0);
    pthread_create(&u, 0, work, 0);
    work(0);
    pthread_join(t, 0);
    pthread_join(u, 0);
    if (fork() == 0) {
        work(0);
        *(volatile int *)8 = 1;
    }
    work(0);
    wait(0);
    if (vfork() == 0)
        _exit(0);
    if (fork() == 0) {
        pthread_create(&t, 0, loop, 0);
        pthread_create(&u, 0, execute, 0);
        loop(0);
    }
    wait(0);
    wait(0);
    return 7;
}
