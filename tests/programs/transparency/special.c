/* Mappings that are not a program's ordinary memory: the kernel's own, secret memory, /dev/zero, large pages, userfaultfd. */
#include "cases.h"
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>

static char *first, *last;

/* Finds a mapping by its name. */
static int find(const char *name)
{
    char line[512];
    FILE *maps = fopen("/proc/self/maps", "r");
    first = last = NULL;
    while (maps && fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        if (strstr(line, name) && sscanf(line, "%lx-%lx", &from, &to) == 2) {
            first = (char *)from;
            last = (char *)to;
            break;
        }
    }
    fclose(maps);
    return first != NULL && last - first > (long)PAGE;
}

static int tell(const char *what, long result)
{
    printf("%s %d %d\n", what, result == -1 ? -1 : 0, result == -1 ? errno : 0);
    return 0;
}

/* What each call says to a part, and then to all of it; the three runs have to print the same. */
static int sweep(const char *name)
{
    static const int advice[] = { 0, 1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 102, 103 };
    if (!find(name))
        SKIP("no such mapping of more than a page");
    unsigned long n = last - first;
    tell("mprotect of a part", mprotect(first, PAGE, PROT_NONE));
    tell("mprotect of its end", mprotect(last - PAGE, PAGE, PROT_READ));
    tell("munmap of a part", munmap(first, PAGE));
    tell("munmap of its end", munmap(last - PAGE, PAGE));
    tell("mmap over a part", (long)ANON_AT(first, PAGE, MAP_FIXED));
    tell("mremap of a part", (long)mremap(first, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, ANON(PAGE)));
    tell("mremap that grows", (long)mremap(first, n, n + PAGE, MREMAP_MAYMOVE));
    tell("mremap that shrinks", (long)mremap(first, n, PAGE, 0));
    tell("mremap that leaves it", (long)mremap(first, n, n, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0));
    tell("mseal of a part", syscall(462, first, PAGE, 0));
    tell("mlock of a part", mlock(first, PAGE));
    tell("munlock of a part", munlock(first, PAGE));
    tell("msync of a part", msync(first, PAGE, MS_ASYNC));
    for (unsigned i = 0; i < sizeof advice / sizeof *advice; i++) {
        char text[40];
        sprintf(text, "madvise %d of a part", advice[i]);
        tell(text, madvise(first, PAGE, advice[i]));
    }
    tell("madvise DONTFORK of all", madvise(first, n, MADV_DONTFORK));
    tell("mprotect of all", mprotect(first, n, PROT_READ));
    char *to = ANON(n);
    tell("mremap of all", (long)mremap(first, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to));
    if (strcmp(name, "[vdso]") != 0)
        tell("munmap of all", munmap(first, n));
    return 0;
}

CASE(parts_of_the_vvar) { return sweep("[vvar]"); }
CASE(parts_of_the_vvar_vclock) { return sweep("[vvar_vclock]"); }
CASE(parts_of_the_vdso) { return sweep("[vdso]"); }

CASE(the_vdso_moves_whole)
{
    if (!find("[vdso]"))
        SKIP("no vdso");
    unsigned long n = last - first;
    char *to = ANON(n);
    CHECK(mremap(first, n, n, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
    CHECK(munmap(to, PAGE) == -1 && errno == EINVAL && munmap(to, n) == 0);
    return 0;
}

CASE(secret_memory)
{
    int fd = syscall(447 /* memfd_secret */, 0);
    if (fd < 0)
        SKIP("no secret memory");
    CHECK(ftruncate(fd, 16 * PAGE) == 0);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL);
    char *p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(p != MAP_FAILED);
    *p = 1;
    CHECK(madvise(p, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
    CHECK(mprotect(p + PAGE, PAGE, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
    CHECK(mprotect(p + PAGE, PAGE, PROT_READ) == 0 && mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    char *q = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(q != MAP_FAILED && *q == 1 && munmap(q + 2 * PAGE, PAGE) == 0);
    CHECK(munlock(p, 2 * PAGE) == 0);
    CHECK(munmap(p, 8 * PAGE) == 0);
    return 0;
}

CASE(shared_zero_device)
{
    int fd = open("/dev/zero", O_RDWR);
    char *a = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *b = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *c = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(a != MAP_FAILED && b != MAP_FAILED && c != MAP_FAILED);
    *a = 1;
    CHECK(*b == 0 && *c == 0);
    CHECK(mprotect(a + PAGE, PAGE, PROT_READ) == 0 && munmap(b, 2 * PAGE) == 0);
    a = mremap(a, PAGE, 4 * PAGE, MREMAP_MAYMOVE);
    CHECK(a != MAP_FAILED && *a == 1);
    CHECK(munmap(c, 8 * PAGE) == 0);
    return 0;
}

static char *large(unsigned long n) { return ANON_AT(NULL, n, MAP_HUGETLB | MAP_NORESERVE); }

CASE(large_pages_of_hugetlbfs)
{
    unsigned long n = 8 * MIB;
    char *p = large(n);
    if (p == MAP_FAILED)
        SKIP("no pages of hugetlbfs");
    CHECK(mprotect(p, 2 * MIB, PROT_READ) == 0 && mprotect(p, 2 * MIB, PROT_READ | PROT_WRITE) == 0);
    CHECK(mprotect(p, PAGE, PROT_READ) == -1 && errno == EINVAL);
    CHECK(munmap(p + PAGE, 2 * MIB) == -1 && errno == EINVAL);
    CHECK(madvise(p, 2 * MIB, MADV_DONTFORK) == 0 && munmap(p + 4 * MIB, 2 * MIB) == 0);
    CHECK(mremap(p, 2 * MIB, 2 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4 * MIB) == p + 4 * MIB);
    char *ordinary = ANON(PAGE);
    CHECK(ordinary != MAP_FAILED && munmap(p, n) == 0 && munmap(ordinary, PAGE) == 0);
    return 0;
}

static int fault_fd(void)
{
    int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
    struct uffdio_api api = { .api = UFFD_API };
    return fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0 ? fd : -1;
}

static int register_range(int fd, char *p, unsigned long n)
{
    struct uffdio_register wanted = { .range = { (unsigned long)p, n }, .mode = UFFDIO_REGISTER_MODE_MISSING };
    return ioctl(fd, UFFDIO_REGISTER, &wanted);
}

static int mappings_in(char *from, unsigned long n)
{
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps)) {
        unsigned long a, b;
        if (sscanf(line, "%lx-%lx", &a, &b) == 2 && a < (unsigned long)from + n && b > (unsigned long)from)
            count++;
    }
    fclose(maps);
    return count;
}

CASE(ranges_of_a_userfaultfd)
{
    int fd = fault_fd();
    if (fd < 0)
        SKIP("no userfaultfd");
    unsigned long n = 16 * PAGE;
    char *p = ANON(n);
    CHECK(mprotect(p + 15 * PAGE, PAGE, PROT_NONE) == 0);
    CHECK(register_range(fd, p + 4 * PAGE, 2 * PAGE) == 0 && mappings_in(p, n) == 4);
    CHECK(mprotect(p + 5 * PAGE, PAGE, PROT_READ) == 0 && mappings_in(p, n) == 5);
    CHECK(mprotect(p + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    char *to = ANON(n);
    CHECK(mremap(p, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED || errno == EFAULT);
    struct uffdio_range range = { (unsigned long)p, n };
    ioctl(fd, UFFDIO_UNREGISTER, &range);
    char *q = ANON(n);
    CHECK(register_range(fd, q, 8 * PAGE) == 0);
    close(fd); /* ends what it had registered */
    CHECK(munmap(q + 12 * PAGE, PAGE) == 0 && madvise(q, PAGE, MADV_DONTNEED) == 0);
    CHECK(mprotect(q + 2 * PAGE, PAGE, PROT_READ) == 0 && munmap(q, n) == 0);
    return 0;
}

CASE(a_child_has_no_range_of_a_userfaultfd)
{
    int fd = fault_fd(), status;
    if (fd < 0)
        SKIP("no userfaultfd");
    char *p = ANON(16 * PAGE);
    p[9 * PAGE] = 1;
    CHECK(register_range(fd, p, 4 * PAGE) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(mprotect(p + PAGE, PAGE, PROT_READ) || munmap(p + 2 * PAGE, 4 * PAGE));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

/* What may be done with the memory of a driver, the driver decides. */
CASE(memory_of_a_perf_event)
{
    struct perf_event_attr clock = { .type = PERF_TYPE_SOFTWARE, .size = sizeof clock, .config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1, .exclude_kernel = 1 };
    int fd = syscall(SYS_perf_event_open, &clock, 0, -1, -1, 0);
    if (fd < 0 || mmap(NULL, 9 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
        SKIP("no perf event can be opened and mapped");
    return sweep("anon_inode:[perf_event]");
}

CASE(memory_of_io_uring)
{
    struct io_uring_params asked = { 0 };
    int fd = syscall(SYS_io_uring_setup, 256, &asked);
    if (fd < 0)
        SKIP("there is no io_uring");
    CHECK(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQES) != MAP_FAILED);
    return sweep("anon_inode:[io_uring]");
}
