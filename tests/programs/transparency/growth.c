/* Memory that faults have extended, of which no call tells: the main stack, and mappings that grow down. Then something is
   done to a page that was added so. */
#include "cases.h"
#include <sys/uio.h>

#define GROWN (2 * MIB)

/* A page in the middle of what was grown. */
static char *in_the_stack(void)
{
    char *top = (char *)(((uintptr_t)__builtin_frame_address(0) & -PAGE) - PAGE);
    for (volatile char *at = top; at > top - GROWN; at -= PAGE)
        *at = 1;
    return top - GROWN / 2;
}

static char *below_a_mapping(void)
{
    char *space = ANON(16 * MIB);
    munmap(space, 16 * MIB);
    char *top = ANON_AT(space + 12 * MIB, 4 * PAGE, MAP_FIXED | MAP_GROWSDOWN);
    for (char *at = top; at > top - GROWN; at -= PAGE)
        *at = 1;
    return top - GROWN / 2;
}

static int protect(char *p) { return mprotect(p, PAGE, PROT_READ) || *p < 0 || mprotect(p, PAGE, PROT_READ | PROT_WRITE); }
static int discard(char *p) { return madvise(p, PAGE, MADV_DONTNEED) || *p != 0; }
static int undump(char *p) { return madvise(p, PAGE, MADV_DONTDUMP) || madvise(p, PAGE, MADV_DODUMP); }
static int lock(char *p) { return mlock(p, PAGE) || munlock(p, PAGE); }
static int unmap(char *p) { return munmap(p, PAGE) || mprotect(p, PAGE, PROT_READ) != -1 || errno != ENOMEM; }
static int replace(char *p) { return ANON_AT(p, PAGE, MAP_FIXED) != p || *p != 0; }
static int move(char *p)
{
    char *to = ANON(PAGE);
    return mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to || *to != 1;
}
static int move_and_keep(char *p) { return mremap(p, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0) == MAP_FAILED || *p != 0; }
static int look(char *p) { unsigned char in; return mincore(p, PAGE, &in) || in != 1; }
static int fork_it(char *p)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(munmap(p, PAGE) || mprotect(p - PAGE, PAGE, PROT_READ));
    return waitpid(child, &status, 0) != child || status != 0 || *p != 1;
}
static int unmap_all(char *p) { return munmap(p - 16 * PAGE, 32 * PAGE); }
static int protect_twice(char *p) { return mprotect(p, PAGE, PROT_NONE) || mprotect(p - PAGE, 3 * PAGE, PROT_READ | PROT_WRITE) || *p != 1; }
static int populate(char *p) { return madvise(p - 4 * PAGE, 8 * PAGE, 23 /* MADV_POPULATE_WRITE */) != 0; }
static int seal_free(char *p) { return madvise(p, PAGE, MADV_FREE) != 0; }
static int protect_down(char *p) { return mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_GROWSDOWN) != 0; }

#define BOTH(op)                                                                                \
    CASE(a_grown_stack_and_##op) { CHECK(op(in_the_stack()) == 0); return 0; }                  \
    CASE(a_grown_mapping_and_##op) { CHECK(op(below_a_mapping()) == 0); return 0; }

BOTH(protect)
BOTH(discard)
BOTH(undump)
BOTH(lock)
BOTH(unmap)
BOTH(replace)
BOTH(move)
BOTH(move_and_keep)
BOTH(look)
BOTH(fork_it)
BOTH(unmap_all)
BOTH(protect_twice)
BOTH(populate)
BOTH(seal_free)
BOTH(protect_down)

CASE(a_mapping_grows_again_after_a_page_was_taken)
{
    char *p = below_a_mapping();
    CHECK(munmap(p, GROWN) == 0); /* the lower half stays, and what is above begins higher */
    char *below = p - PAGE;
    CHECK(*below == 1 && mprotect(below, PAGE, PROT_READ) == 0);
    return 0;
}

CASE(a_stack_that_grows_between_calls)
{
    for (int i = 1; i <= 8; i++) {
        volatile char *low = (char *)__builtin_frame_address(0) - i * 64 * PAGE;
        *low = 1;
        CHECK(mprotect((void *)((uintptr_t)low & -PAGE), PAGE, PROT_READ | PROT_WRITE) == 0);
        CHECK(madvise((void *)((uintptr_t)low & -PAGE), PAGE, i % 2 ? MADV_DONTDUMP : MADV_DODUMP) == 0);
    }
    return 0;
}
