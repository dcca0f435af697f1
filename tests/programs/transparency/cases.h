/* Small programs, each a function that ends with 0 where Linux does what it should: by itself, under strace and under
   'pageshift trace' alike. CHECK names the line that was not so; SKIP says why a case is not possible here. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define MIB (1UL << 20)
#define ANON_AT(at, n, more) mmap((at), (n), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | (more), -1, 0)
#define ANON(n) ((char *)ANON_AT(NULL, n, 0))

#define SKIPPED 77
#define CASE(name)                                                                    \
    static int name(void);                                                            \
    __attribute__((constructor)) static void add_##name(void) { add_case(#name, name); } \
    static int name(void)
#define CHECK(x)                                                                                \
    do {                                                                                        \
        if (!(x)) {                                                                             \
            printf("%s:%d: %s, errno %d\n", strrchr("/" __FILE__, '/') + 1, __LINE__, #x, errno); \
            return 1;                                                                           \
        }                                                                                       \
    } while (0)
#define SKIP(why)          \
    do {                   \
        printf("%s\n", why); \
        return SKIPPED;    \
    } while (0)

void add_case(const char *name, int (*run)(void));

/* A child that runs a function and exits with what it returns. */
pid_t start(int (*run)(void));

/* How a child ends that runs a function. */
int status_of(int (*run)(void));
