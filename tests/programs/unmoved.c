// Makes 200,000 memory calls that move nothing: 50,000 times mmap, mprotect, madvise, munmap; one page is present.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>

enum { ROUNDS = 50000, LENGTH = 64 << 10, PAGE = 4 << 10 };

int main(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        char *bytes = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (bytes == MAP_FAILED) {
            perror("mmap");
            return 1;
        }
        bytes[0] = 1;
        if (mprotect(bytes, PAGE, PROT_READ) != 0 || madvise(bytes + PAGE, PAGE, MADV_DONTNEED) != 0 || munmap(bytes, LENGTH) != 0) {
            perror("unmoved");
            return 1;
        }
    }
    return 0;
}
