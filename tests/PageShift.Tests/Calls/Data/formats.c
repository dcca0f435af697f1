/* A handful of calls, the same on every run; recorded once in each of strace's formats. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    char *a = mmap((void *)0x10000000, 0x200000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    mprotect(a, 0x1000, PROT_NONE);
    mremap(a + 0x100000, 0x100000, 0x100000, MREMAP_MAYMOVE | MREMAP_FIXED, 0x20000000);
    mremap((void *)0x20000000, 0x100000, 0x80000, 0);
    madvise((void *)0x20000000, 0x80000, MADV_DONTNEED);
    munmap((void *)0x20000001, 1);
    int fd = open("/etc/passwd", O_RDONLY);
    mmap((void *)0x30000000, 0x1000, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
    mlockall(MCL_CURRENT);
    munlockall();
    munmap(a, 0x30000000);
    _exit(3);
}
