// Makes memory calls, 200,000 or four times as many as its first argument says, from as many threads as its second (default 1): in each round mmap,
// mremap that grows, mremap that moves, munmap; two pages are present at each move. The threads take no lock. With a third argument it makes a 32-bit
// call first, after which the tool no longer follows its memory, and only stops it.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { ROUNDS = 50000, THREADS = 1, MOST_THREADS = 64, SMALL = 64 << 10, LARGE = 128 << 10, DISTANCE = 1 << 30 };

static int rounds;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void *run(void *place)
{
    char *far = place;
    for (int round = 0; round < rounds; round++) {
        char *bytes = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED)
            fail("mmap");
        bytes[0] = bytes[SMALL - 1] = 1;
        bytes = mremap(bytes, SMALL, LARGE, MREMAP_MAYMOVE);
        if (bytes == MAP_FAILED || mremap(bytes, LARGE, LARGE, MREMAP_MAYMOVE | MREMAP_FIXED, far) != far)
            fail("mremap");
        if (far[SMALL - 1] != 1) {
            fprintf(stderr, "calls: found the byte %d in round %d, expected 1\n", far[SMALL - 1], round);
            exit(1);
        }
        if (munmap(far, LARGE) != 0)
            fail("munmap");
    }
    return NULL;
}

int main(int count, char **arguments)
{
    int all = count > 1 ? atoi(arguments[1]) : ROUNDS, threads = count > 2 ? atoi(arguments[2]) : THREADS;
    long answer = 45; // brk
    pthread_t ids[MOST_THREADS];
    if (threads < 1 || threads > MOST_THREADS) {
        fprintf(stderr, "calls: found '%s', expected 1 to %d threads\n", arguments[2], MOST_THREADS);
        return 2;
    }
    if (count > 3)
        __asm__ volatile("int $0x80" : "+a"(answer) : "b"(0), "c"(0), "d"(0) : "memory", "cc");
    rounds = all / threads;
    // Free places that no mmap chooses: the kernel places mappings from the top down, and these are a gigabyte below.
    char *far = mmap(NULL, DISTANCE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (far == MAP_FAILED || munmap(far, DISTANCE) != 0)
        fail("mmap");
    if (threads == 1) {
        run(far);
        return 0;
    }
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&ids[i], NULL, run, far + (size_t)i * LARGE) != 0)
            fail("pthread_create");
    }
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return 0;
}
