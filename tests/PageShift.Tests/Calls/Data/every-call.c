/* Every memory call, with every flag that strace names and with values that it does not know. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#define P 4096UL
#define CALL(name, ...) syscall(SYS_##name, __VA_ARGS__)
#define MAP(a, l, p, f, fd, o) CALL(mmap, (long)(a), (long)(l), (long)(p), (long)(f), (long)(fd), (long)(o))

int main(void)
{
    static const long flags[] = {
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, MAP_PRIVATE | MAP_ANONYMOUS | 0x280, 8 | MAP_ANONYMOUS, 4, 0, MAP_ANONYMOUS,
        MAP_SHARED_VALIDATE | MAP_SYNC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21 << 26, MAP_PRIVATE | MAP_ANONYMOUS | 21 << 26,
        0xffffffff, MAP_SHARED | 0x1000000,
    };
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        MAP(0, P, PROT_READ, flags[i], -1, 0);
    MAP(0, P, PROT_READ | 8 | 0x100, MAP_PRIVATE | MAP_ANONYMOUS, 77, 0x3000);
    MAP(0, P, 0x200, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0);
    MAP(0, P, 0x0f00000f, MAP_PRIVATE | MAP_ANONYMOUS, -5, 0);
    MAP(0, P, 0xffffffff00000003, MAP_PRIVATE | MAP_ANONYMOUS, 0x7ffffffe, 0xfffffffffffff000);
    MAP(0, -1L, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MAP(0x12345, 0, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1);
    char *a = (char *)MAP(0, 4 * P, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CALL(mprotect, a, P, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP);
    CALL(mprotect, a, P, 0x2000);
    CALL(mprotect, a, P, -1L);
    CALL(mprotect, 0, 0, 0);
    CALL(pkey_mprotect, a, P, 3, -1);
    CALL(pkey_mprotect, a, P, 3, 1);
    CALL(mremap, a, P, P, 0, 0);
    CALL(mremap, a, P, P, 0x18, 0x1000);
    CALL(mremap, a, P, P, 0x100000001, 0x1000);
    CALL(mremap, a, P, 2 * P, MREMAP_MAYMOVE, 0x1000);
    CALL(mremap, a + P, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, 0x30000000);
    CALL(mremap, 0x30000000, P, P, MREMAP_MAYMOVE | 4, 0x40000000);
    CALL(mremap, 0x30000000, P, P, MREMAP_MAYMOVE | MREMAP_FIXED | 4, 0x40000000);
    CALL(mremap, 0, 0, 0, 7, 0);
    for (long advice = -1; advice <= 26; advice++)
        CALL(madvise, a, P, advice);
    for (long advice = 99; advice <= 104; advice++)
        CALL(madvise, 0x7000, P, advice);
    CALL(brk, 0);
    CALL(brk, -1L);
    unsigned char v[40];
    CALL(mincore, a, P, v);
    CALL(mincore, a, 0, 0);
    CALL(mincore, a + 1, P, 8);
    CALL(mincore, 0x40000000, P, v);
    CALL(mlock, a, P);
    CALL(munlock, a, P);
    CALL(mlock2, a, P, 0);
    CALL(mlock2, a, P, 1);
    CALL(mlock2, a, P, 6);
    CALL(mlock2, a, P, 7);
    CALL(mlockall, 0);
    CALL(mlockall, 7);
    CALL(mlockall, 0x18);
    CALL(mlockall, 0x19);
    CALL(munlockall, 0);
    CALL(msync, a, P, 7);
    CALL(msync, a, P, 0);
    CALL(msync, a, P, 0x30);
    CALL(msync, a, P, 0x31);
    syscall(462, a, P, 0x100000001);
    syscall(462, a, P, 0);
    syscall(453, 0, P, 0);
    syscall(600, 1, 2);
    CALL(munmap, a, P);
    CALL(munmap, -1L, -1L);
    CALL(get_mempolicy, 0, 0, 0, 0, 0);
    CALL(remap_file_pages, 0x1000, P, 0, 0, 0);
    long id = CALL(shmget, IPC_PRIVATE, 2 * P, 0600);
    long segment = CALL(shmat, id, 0, 0);
    CALL(shmdt, segment);
    CALL(shmctl, id, IPC_RMID, 0);
    int fd = memfd_create("a b)\"<x>", MFD_CLOEXEC);
    ftruncate(fd, 16 * P);
    MAP(0, P, 3, MAP_SHARED, fd, P);
    CALL(close, fd);
    const char *odd = "/tmp/odd \"n>a,m)e\n\303\251\\ = 1";
    fd = open(odd, O_RDWR | O_CREAT | O_TRUNC, 0600);
    ftruncate(fd, 16 * P);
    MAP(0, P, 1, MAP_PRIVATE, fd, 0);
    unlink(odd);
    MAP(0, P, 1, MAP_PRIVATE, fd, 2 * P);
    dup2(fd, 50);
    CALL(fcntl, 50, F_DUPFD_CLOEXEC, 60);
    CALL(fcntl, 60, F_GETFL);
    CALL(close_range, 50, 60, 0);
    CALL(close_range, 50, 60, 4);
    CALL(umask, 022);
    CALL(exit_group, 7);
}
