// Makes memory calls with addresses and lengths that no program means, and prints what Linux returns, one call a line:
// name(arguments) = result. Before each call a window of 16 pages is mapped afresh.
//
//   gcc -O1 -o record record.c && ./record > linux-6.18.txt
//
// A call is left out when it would succeed on memory outside the window, or when its result depends on that memory.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

typedef unsigned long word;

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LIMIT 0x7ffffffff000UL
#define WINDOW 0x10000000UL
#define WINDOW_BYTES 0x10000UL
#define NEAR_END (WINDOW + WINDOW_BYTES - 0x1000)

static const word addresses[] = {
    WINDOW, WINDOW + 1, NEAR_END, NEAR_END + 0x1000, 0xfff, LIMIT - 1, LIMIT, LIMIT + 0x1000, 0x800000000000UL, 0xffff7fffffffffffUL, 0xffff800000000000UL,
    0x8000000000000000UL, 0xfffffffffffff000UL, 0xffffffffffffffffUL,
};

static const word lengths[] = {
    0, 1, 0xfff, 0x1000, 0x1001, WINDOW_BYTES, LIMIT - WINDOW, LIMIT - WINDOW + 1, LIMIT, LIMIT + 1, 0x800000000000UL, 0x7fffffffffffffffUL, 0x8000000000000000UL,
    0xffffffffefffffffUL, 0xfffffffff0000000UL, 0xffffffffffffe001UL, 0xfffffffffffff000UL, 0xfffffffffffff001UL, 0xffffffffffffffffUL,
};

static const char *error_name(int error) {
    static char number[16];
    switch (error) {
    case EINVAL: return "EINVAL";
    case ENOMEM: return "ENOMEM";
    case EFAULT: return "EFAULT";
    case EEXIST: return "EEXIST";
    case EPERM: return "EPERM";
    case EAGAIN: return "EAGAIN";
    case EACCES: return "EACCES";
    case EBADF: return "EBADF";
    case EOVERFLOW: return "EOVERFLOW";
    case EOPNOTSUPP: return "EOPNOTSUPP";
    case EBUSY: return "EBUSY";
    case ENOSYS: return "ENOSYS";
    }
    sprintf(number, "%d", error);
    return number;
}

static word round_up(word length) { return (length + 0xfff) & ~0xfffUL; }

// True when [start, start + length) has an address below the limit that is outside the window and above what root never maps.
static int reaches_out(word start, word length) {
    word end = start + round_up(length);
    if (length == 0 || start >= LIMIT) return 0;
    if (end < start || end > LIMIT) end = LIMIT;
    return start < WINDOW || end > WINDOW + WINDOW_BYTES;
}

static int is_user(word start, word length) { return start <= LIMIT && length <= LIMIT - start; }

static void prepare(void) {
    munmap((void *)(WINDOW - 0x100000), 0x200000);
    if (mmap((void *)WINDOW, WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
        _exit(1);
}

static void call(const char *name, long number, int count, word a, word b, word c, word d, word e, word f) {
    word values[] = {a, b, c, d, e, f};
    prepare();
    long result = syscall(number, a, b, c, d, e, f);
    int error = errno;
    static unsigned refused;
    if (number == SYS_mremap && result == -1 && refused++ % 29 != 0) return; // there are too many
    if (number == SYS_mremap && result != -1 && (word)result != a && (word)result != e) return; // the kernel's choice
    printf("%s(", name);
    for (int i = 0; i < count; i++) printf("%s0x%lx", i ? ", " : "", values[i]);
    if (result == -1) printf(") = -1 %s\n", error_name(error));
    else printf(") = 0x%lx\n", (word)result);
}

static void range_calls(word start, word length) {
    int out = reaches_out(start, length);
    if (!out || !is_user(start, length)) call("munmap", SYS_munmap, 2, start, length, 0, 0, 0, 0);
    static const word protections[] = {PROT_READ, PROT_READ | PROT_GROWSDOWN, PROT_READ | PROT_GROWSDOWN | PROT_GROWSUP, 0x10, 0xffffffffffffffffUL};
    for (unsigned i = 0; i < COUNT(protections); i++) {
        if (protections[i] == (PROT_READ | PROT_GROWSDOWN) && out && start != WINDOW && start != NEAR_END) continue; // looks at what lies above
        call("mprotect", SYS_mprotect, 3, start, length, protections[i], 0, 0, 0);
    }
    static const word advices[] = {MADV_NORMAL, MADV_DONTNEED, MADV_POPULATE_READ, 0x70, 0xffffffffffffffffUL};
    for (unsigned i = 0; i < COUNT(advices); i++) {
        word end = start + round_up(length);
        int wraps = end < start || (length != 0 && round_up(length) == 0) || (start & 0xfff) != 0;
        if (out && !wraps && i < 3) continue;
        call("madvise", SYS_madvise, 3, start, length, advices[i], 0, 0, 0);
    }
    call("mlock", SYS_mlock, 2, start, length, 0, 0, 0, 0);
    call("munlock", SYS_munlock, 2, start, length, 0, 0, 0, 0);
    call("mlock2", SYS_mlock2, 3, start, length, 2, 0, 0, 0);
    if (!out || start == WINDOW) call("msync", SYS_msync, 3, start, length, MS_ASYNC, 0, 0, 0);
    call("msync", SYS_msync, 3, start, length, MS_ASYNC | MS_SYNC, 0, 0, 0);
    // Only what fails before the vector is written to.
    if (!is_user(start, length) || (start & 0xfff) || length == 0) call("mincore", SYS_mincore, 3, start, length, 0x1, 0, 0, 0);
}

static void mmap_calls(word start, word length) {
    static const word flags[] = {
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, MAP_ANONYMOUS, MAP_SHARED_VALIDATE | MAP_ANONYMOUS, MAP_PRIVATE,
    };
    for (unsigned i = 0; i < COUNT(flags); i++) {
        int fixed = (flags[i] & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
        int anonymous_private = i < 3;
        if (fixed && is_user(start, round_up(length)) && reaches_out(start, length)) continue;
        if (!fixed && anonymous_private && length != 0 && round_up(length) != 0 && length <= LIMIT) continue; // the address is the kernel's choice
        call("mmap", SYS_mmap, 6, start, length, PROT_READ, flags[i], (word)-1, 0);
    }
    call("mmap", SYS_mmap, 6, start, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, (word)-1, 1);
}

static void mremap_calls(word old, word old_length) {
    static const word flags[] = {0, MREMAP_MAYMOVE, MREMAP_MAYMOVE | MREMAP_FIXED, MREMAP_FIXED, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 8, 0xffffffff00000001UL};
    static const word targets[] = {WINDOW - 0x80000, WINDOW + 0x8000, 0xfff, LIMIT - 0x1000, LIMIT, 0xfffffffffffff000UL, 0x8000000000000001UL};
    static const word new_lengths[] = {0, 1, 0x1000, WINDOW_BYTES, LIMIT, LIMIT + 1, 0x8000000000000000UL, 0xfffffffffffff000UL, 0xfffffffffffff001UL};
    for (unsigned i = 0; i < COUNT(new_lengths); i++) {
        for (unsigned j = 0; j < COUNT(flags); j++) {
            for (unsigned k = 0; k < COUNT(targets); k++) {
                word new_length = round_up(new_lengths[i]);
                int named = (flags[j] & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0;
                if (!named && k != 0) continue;
                // What would shrink over foreign memory, or move to where the kernel chooses or the program lives.
                if (is_user(old, old_length) && round_up(old_length) > new_length && reaches_out(old, old_length)) continue;
                if ((flags[j] & MREMAP_MAYMOVE) && !(flags[j] & MREMAP_FIXED) && old == WINDOW && new_length > WINDOW_BYTES && new_length <= LIMIT) continue;
                if (named && is_user(targets[k], new_length) && reaches_out(targets[k], new_length) && targets[k] != WINDOW - 0x80000) continue;
                if (named && targets[k] == WINDOW - 0x80000 && new_length > 0x80000 && is_user(targets[k], new_length)) continue;
                if (named && targets[k] == LIMIT - 0x1000 && new_length <= 0x1000) continue; // the stack's neighbourhood
                call("mremap", SYS_mremap, 5, old, old_length, new_lengths[i], flags[j], targets[k], 0);
            }
        }
    }
}

int main(void) {
    struct utsname name;
    uname(&name);
    static char output[1 << 20];
    setvbuf(stdout, output, _IOFBF, sizeof output);
    printf("# %s %s, record.c; before each call 16 pages at 0x%lx are mapped afresh, and nothing else within 1 MiB\n", name.sysname, name.release, WINDOW);
    for (unsigned i = 0; i < COUNT(addresses); i++) {
        for (unsigned j = 0; j < COUNT(lengths); j++) {
            range_calls(addresses[i], lengths[j]);
            mmap_calls(addresses[i], lengths[j]);
            if (i < 4 || i == 6 || i >= 12) mremap_calls(addresses[i], lengths[j]);
        }
    }
    call("mlockall", SYS_mlockall, 1, 0, 0, 0, 0, 0, 0);
    call("mlockall", SYS_mlockall, 1, 8, 0, 0, 0, 0, 0);
    call("mlockall", SYS_mlockall, 1, 0xffffffffUL, 0, 0, 0, 0, 0);
    return 0;
}
