/*
 * The geometry of linus-2023.strace as a program: two megabytes, starting one megabyte past a 2 MiB boundary, are written
 * and then moved down by two megabytes.
 *
 * To record what it does on a running kernel:
 *
 *     cc -O2 -o linus-2023 samples/linus-2023.c
 *     strace -f -o linus-2023.log -e trace=%memory,%process ./linus-2023
 *     ./pageshift run linus-2023.log
 *
 * It prints nothing and exits with 0 when every byte arrived.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static const uintptr_t megabyte = (uintptr_t)1 << 20;
static const uintptr_t boundary = (uintptr_t)128 << 20;
static const unsigned char fill = 0xff;

int main(void)
{
    void *from = (void *)(boundary + megabyte);
    void *to = (void *)(boundary - megabyte);
    size_t length = 2 * megabyte;

    if (mmap(from, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != from) {
        perror("mmap");
        return 1;
    }
    memset(from, fill, length);
    if (mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
        perror("mremap");
        return 1;
    }
    const unsigned char *bytes = to;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != fill) {
            fprintf(stderr, "byte %zu was lost\n", i);
            return 1;
        }
    }
    return 0;
}
