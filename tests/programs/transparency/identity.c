/* What merges after a call that a follower can't repeat: page offsets and anon_vma stay what they were. */
#include "cases.h"

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

/* Calls whose effect is not modelled, after which a follower takes the kernel's mappings over. */
static void policy(void) { char *p = ANON(PAGE); syscall(SYS_mbind, p, PAGE, 0, NULL, 0, 0); munmap(p, PAGE); }
static void asynchronous(void) { unsigned long context = 0; syscall(SYS_io_setup, 1, &context); }
static void attach(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    shmat(id, NULL, 0);
    shmctl(id, IPC_RMID, NULL);
}

static int merge_beside(void (*between)(void))
{
    char *space = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *p = ANON_AT(space + 8 * PAGE, PAGE, MAP_FIXED), *q = space + 32 * PAGE;
    *p = 1;
    CHECK(mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
    between();
    CHECK(ANON_AT(q + PAGE, PAGE, MAP_FIXED) == q + PAGE);
    CHECK(mappings_in(q, 2 * PAGE) == 2);
    CHECK(mprotect(q, 2 * PAGE, PROT_READ) == 0 && mappings_in(q, 2 * PAGE) == 2);
    return 0;
}

static int come_back(void (*between)(void))
{
    char *space = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    char *p = ANON_AT(space + 8 * PAGE, 4 * PAGE, MAP_FIXED), *q = space + 32 * PAGE;
    memset(p, 1, 4 * PAGE);
    CHECK(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
    between();
    CHECK(mremap(q, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
    CHECK(mappings_in(p, 4 * PAGE) == 1);
    return 0;
}

static int keep_locks(void (*between)(void))
{
    char *p = ANON(8 * PAGE);
    CHECK(mlock(p + 2 * PAGE, 2 * PAGE) == 0);
    CHECK(madvise(p + 6 * PAGE, PAGE, MADV_DONTFORK) == 0);
    between();
    CHECK(madvise(p, 4 * PAGE, MADV_DONTNEED) == -1 && errno == EINVAL);
    CHECK(mappings_in(p, 8 * PAGE) == 5);
    CHECK(munlock(p + 2 * PAGE, 2 * PAGE) == 0 && madvise(p, 4 * PAGE, MADV_DONTNEED) == 0);
    return 0;
}

#define EACH(kind)                                                     \
    CASE(kind##_after_a_policy) { return kind(policy); }               \
    CASE(kind##_after_io_setup) { return kind(asynchronous); }         \
    CASE(kind##_after_shmat) { return kind(attach); }

EACH(merge_beside)
EACH(come_back)
EACH(keep_locks)

/* What the kernel refuses for a limit leaves memory what it was. */
static void limit(int resource, unsigned long bytes)
{
    struct rlimit now;
    getrlimit(resource, &now);
    now.rlim_cur = bytes;
    setrlimit(resource, &now);
}

/* Memory that merges with nothing around it. */
static char *alone(unsigned long n)
{
    char *space = mmap(NULL, n + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return ANON_AT(space + PAGE, n, MAP_FIXED);
}

CASE(a_move_that_a_limit_forbids_leaves_what_merges)
{
    char *p = alone(48 * PAGE);
    memset(p, 1, 48 * PAGE);
    CHECK(madvise(p + 16 * PAGE, 16 * PAGE, MADV_DONTDUMP) == 0 && mappings_in(p, 48 * PAGE) == 3);
    limit(RLIMIT_AS, MIB);
    CHECK(mremap(p + 16 * PAGE, 16 * PAGE, 32 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    CHECK(madvise(p + 16 * PAGE, 16 * PAGE, MADV_DODUMP) == 0 && mappings_in(p, 48 * PAGE) == 1);
    CHECK(mremap(p, 48 * PAGE, 40 * PAGE, 0) == p);
    return 0;
}

CASE(a_lock_that_a_limit_forbids_leaves_what_merges)
{
    char *p = alone(32 * PAGE);
    CHECK(madvise(p, 16 * PAGE, MADV_DONTDUMP) == 0);
    memset(p + 16 * PAGE, 1, 16 * PAGE);
    limit(RLIMIT_MEMLOCK, PAGE);
    CHECK(geteuid() != 0 || setresuid(65534, 65534, 65534) == 0);
    CHECK(mlock(p + 4 * PAGE, 4 * PAGE) == -1 && errno == ENOMEM);
    CHECK(madvise(p, 16 * PAGE, MADV_DODUMP) == 0 && mappings_in(p, 32 * PAGE) == 1);
    CHECK(mremap(p, 32 * PAGE, 24 * PAGE, 0) == p);
    return 0;
}

/* A call that is refused so, after which a follower looks at all mappings. */
static int look_at_all(void)
{
    struct rlimit before;
    getrlimit(RLIMIT_AS, &before);
    char *p = ANON(PAGE);
    limit(RLIMIT_AS, MIB);
    int refused = mremap(p, PAGE, 2 * MIB, MREMAP_MAYMOVE) == MAP_FAILED;
    setrlimit(RLIMIT_AS, &before);
    return !refused;
}

/* The heap's last page, which is the caller's to change. */
static char *heap_page(void)
{
    sbrk(64 * PAGE);
    return (char *)(((uintptr_t)sbrk(0) & -PAGE) - PAGE);
}

CASE(the_heap_goes_on_where_it_ended_when_its_last_page_is_gone)
{
    char *last = heap_page();
    CHECK(munmap(last, PAGE) == 0 && look_at_all() == 0);
    CHECK(sbrk(4 * PAGE) != (void *)-1 && sbrk(-8 * (long)PAGE) != (void *)-1 && sbrk(PAGE) != (void *)-1);
    return 0;
}

CASE(the_heap_ends_where_it_did_when_its_neighbour_merges_with_it)
{
    heap_page();
    sbrk(PAGE - ((uintptr_t)sbrk(0) & (PAGE - 1)));
    char *next = sbrk(0);
    CHECK(ANON_AT(next, PAGE, MAP_FIXED_NOREPLACE) == next && look_at_all() == 0);
    CHECK(sbrk(PAGE) == (void *)-1 && errno == ENOMEM && sbrk(0) == next);
    CHECK(sbrk(-4 * (long)PAGE) == next && sbrk(2 * PAGE) != (void *)-1);
    return 0;
}

CASE(what_a_policy_keeps_apart_does_not_move_as_one)
{
    char *p = alone(8 * PAGE);
    CHECK(munmap(p + 4 * PAGE, 4 * PAGE) == 0);
    if (syscall(SYS_mbind, p, 4 * PAGE, 4 /* MPOL_LOCAL */, NULL, 0, 0) != 0)
        SKIP("no memory policies here");
    CHECK(ANON_AT(p + 4 * PAGE, 4 * PAGE, MAP_FIXED) == p + 4 * PAGE && mappings_in(p, 8 * PAGE) == 2);
    CHECK(mremap(p, 8 * PAGE, 12 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    return 0;
}
