/* Calls whose addresses lie at the end of all memory, beyond it, or in the kernel's half. */
#include "cases.h"

#define LAST_PAGE 0x7fffffffe000UL
#define PAST_ALL 0x800000000000UL

static const unsigned long addresses[] = {
    LAST_PAGE - PAGE, LAST_PAGE, LAST_PAGE + PAGE - 1, LAST_PAGE + PAGE, PAST_ALL - 1, PAST_ALL, PAST_ALL + PAGE, 0xffff800000000000UL, 0xffffffffff600000UL, -2 * PAGE, -PAGE, -1UL,
};
static const unsigned long lengths[] = {0, 1, PAGE, 2 * PAGE, PAST_ALL, -PAGE, -1UL};

/* What the calls on one address gave: how many, how many errors, and a sum in which all of it counts, a place by whether it is the one that was named. */
static unsigned calls, errors, sum;

static void tell(unsigned long address, long result)
{
    unsigned outcome = result == -1 ? 3 + errno : result == 0 ? 0 : (unsigned long)result == address ? 1 : 2;
    calls++;
    errors += result == -1;
    sum = sum * 31 + outcome;
}

static void clean_up(void)
{
    munmap((void *)(LAST_PAGE - PAGE), 2 * PAGE);
}

static void on_range(unsigned long address, unsigned long length)
{
    static const int advice[] = {MADV_NORMAL, MADV_WILLNEED, MADV_DONTNEED, MADV_FREE, MADV_DONTFORK, MADV_HUGEPAGE, 22 /* populate, readable */, 23 /* writable */};
    void *at = (void *)address;
    tell(address, (long)ANON_AT(at, length, MAP_FIXED));
    for (unsigned i = 0; i < sizeof advice / sizeof *advice; i++)
        tell(address, madvise(at, length, advice[i]));
    tell(address, mprotect(at, length, PROT_READ));
    tell(address, mlock(at, length));
    tell(address, munlock(at, length));
    tell(address, msync(at, length, MS_SYNC));
    tell(address, munmap(at, length));
    tell(address, (long)ANON_AT(at, length, MAP_FIXED_NOREPLACE));
    clean_up();
    void *hinted = ANON_AT(at, length, 0);
    tell(address, (long)hinted);
    if (hinted != MAP_FAILED)
        munmap(hinted, length);
}

static void on_move(unsigned long address, unsigned long length)
{
    static const int flags[] = {MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* leaves the source */};
    for (int i = 0; i < 3; i++) {
        char *page = ANON(4 * PAGE), *to = ANON(2 * PAGE);
        *page = 1;
        tell(address, (long)mremap((void *)address, length, PAGE, flags[i], to) == (long)to ? 0 : -1);
        tell(address, (long)mremap(page, PAGE, length, flags[i], (void *)address));
        tell(address, (long)mremap(page, length, PAGE, flags[i], (void *)address));
        munmap(page, 4 * PAGE);
        munmap(to, 2 * PAGE);
        clean_up();
    }
}

CASE(addresses_beyond_all_memory)
{
    if (ANON_AT((void *)PAST_ALL, PAGE, MAP_FIXED_NOREPLACE) != MAP_FAILED)
        SKIP("five levels of tables: there is memory beyond");
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        for (unsigned j = 0; j < sizeof lengths / sizeof *lengths; j++) {
            on_range(addresses[i], lengths[j]);
            on_move(addresses[i], lengths[j]);
        }
        printf("%lx: %u calls, %u refused, sum %08x\n", addresses[i], calls, errors, sum);
    }
    return 0;
}

CASE(a_heap_beyond_all_memory)
{
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        void *before = sbrk(0);
        CHECK((void *)syscall(SYS_brk, addresses[i]) == before);
    }
    return 0;
}
