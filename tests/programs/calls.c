// Makes memory calls, 200,000 or four times as many as its argument says: in each round mmap, mremap that grows, mremap that moves, munmap;
// two pages are present at each move. With a second argument it makes a 32-bit call first, after which the tool no longer follows its memory,
// and only stops it.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { ROUNDS = 50000, SMALL = 64 << 10, LARGE = 128 << 10, DISTANCE = 1 << 30 };

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : ROUNDS;
    long answer = 45; // brk
    if (count > 2)
        __asm__ volatile("int $0x80" : "+a"(answer) : "b"(0), "c"(0), "d"(0) : "memory", "cc");
    // A free place that no mmap below chooses: the kernel places mappings from the top down, and this is a gigabyte below.
    char *far = mmap(NULL, DISTANCE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (far == MAP_FAILED || munmap(far, DISTANCE) != 0) {
        perror("mmap");
        return 1;
    }
    for (int round = 0; round < rounds; round++) {
        char *bytes = mmap(NULL, SMALL, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED) {
            perror("mmap");
            return 1;
        }
        bytes[0] = bytes[SMALL - 1] = 1;
        bytes = mremap(bytes, SMALL, LARGE, MREMAP_MAYMOVE);
        if (bytes == MAP_FAILED || mremap(bytes, LARGE, LARGE, MREMAP_MAYMOVE | MREMAP_FIXED, far) != far) {
            perror("mremap");
            return 1;
        }
        if (far[SMALL - 1] != 1 || munmap(far, LARGE) != 0) {
            fprintf(stderr, "calls: round %d went wrong\n", round);
            return 1;
        }
    }
    return 0;
}
