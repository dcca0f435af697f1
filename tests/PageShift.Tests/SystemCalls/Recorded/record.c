/* Records random memory calls on the running kernel, with what they return and what they leave in a small window of
 * addresses, for RecordedCallTests. Many short histories, each in a process of its own.
 *
 *   gcc -O1 -static -o record record.c && ./record KIND SEED HISTORIES STEPS > KIND-SEED.txt      (as root)
 *
 * KIND: plain; seal (also mseal); limits (no CAP_IPC_LOCK or CAP_SYS_RAWIO, small RLIMIT_AS, _DATA and _MEMLOCK);
 * large (ranges of some MiB, with transparent huge pages, which must be enabled for madvise).
 *
 * A line is a call in strace's raw format; besides there are
 *   poke(address, byte), peek(address)  one byte written or read: 0 or the byte, or the name of the signal's code
 *   # state                            the mappings of the window, in pages from its start, each with its offset in
 *                                      pages, its count of huge pages, and its flags; then the window's pages in runs:
 *                                      1 present, g guard, 0 neither. Only when it has changed.
 * Descriptors: 3 a memfd, 4 and 5 the same opened for reading only and writing only, 6 a directory, 7 a path only. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define WINDOW 0x100000000000UL
#define MOST_PAGES 2304
#define VECTOR 0xe0000000000UL
#define SYS_mseal_number 462
#define COUNT(a) (sizeof(a) / sizeof *(a))

typedef unsigned long word;

static uint64_t random_state;
static char last_state[8192], text[1 << 20];
static sigjmp_buf faulted;
static volatile int fault_signal, fault_code;
static word break_start;
static int sealing, large;
static word pages = 20;

static word below(word n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (random_state >> 11) % n;
}

static void say(const char *format, ...)
{
    char line[9000];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(1, line, length) != length)
        _exit(2);
}

static const char *read_all(const char *path)
{
    int fd = open(path, O_RDONLY), length = 0, got;
    while ((got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += got;
    close(fd);
    text[length] = 0;
    return text;
}

static word status_kilobytes(const char *name)
{
    const char *at = strstr(read_all("/proc/self/status"), name);
    return at ? strtoul(at + strlen(name) + 1, 0, 10) : 0;
}

static void look(void)
{
    char now[sizeof last_state];
    int length = 0, inside = 0;
    for (const char *line = read_all("/proc/self/smaps"); *line; line = strchr(line, '\n') + 1) {
        word start, end, offset, huge;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, access, &offset) == 4) {
            inside = start < WINDOW + pages * PAGE && end > WINDOW;
            if (inside)
                length += sprintf(now + length, " | %ld-%ld %lx", (long)(start - WINDOW) / (long)PAGE, (long)(end - WINDOW) / (long)PAGE, offset / PAGE);
        } else if (inside && sscanf(line, "AnonHugePages: %lu", &huge) == 1) {
            length += sprintf(now + length, " %lu", huge / 2048);
        } else if (inside && !strncmp(line, "VmFlags:", 8)) {
            const char *stop = strchr(line, '\n');
            length += sprintf(now + length, "%.*s", (int)(stop - line - 8), line + 8);
        }
    }
    static uint64_t entries[MOST_PAGES + 1];
    int fd = open("/proc/self/pagemap", O_RDONLY);
    if (pread(fd, entries, pages * 8, WINDOW / PAGE * 8) != (long)pages * 8)
        _exit(3);
    close(fd);
    length += sprintf(now + length, " |");
    for (word i = 0, run = 1; i < pages; i++, run++) {
        char kind = entries[i] >> 63 ? '1' : entries[i] >> 58 & 1 ? 'g' : '0';
        char next = i + 1 == pages ? 0 : entries[i + 1] >> 63 ? '1' : entries[i + 1] >> 58 & 1 ? 'g' : '0';
        if (kind != next)
            length += sprintf(now + length, " %c*%lu", kind, run), run = 0;
    }
    if (strcmp(now, last_state))
        say("# state%s\n", now);
    strcpy(last_state, now);
}

static long call(long number, word a, word b, word c, word d, word e, word f)
{
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -errno : result;
}

static void say_result(long result)
{
    const char *name = result < 0 && result > -4096 ? strerrorname_np(-result) : 0;
    if (name)
        say(" = -1 %s\n", name);
    else if (result < 0 && result > -4096)
        say(" = -1 %ld\n", -result);
    else if ((word)result >= WINDOW && (word)result < WINDOW + (1UL << 40))
        say(" = %#lx\n", result);
    else if (result == 0)
        say(" = 0\n");
    else
        say(" = high\n");
}

/* In large histories mostly multiples of 512 pages, or near them. */
static word some_pages(word limit)
{
    if (!large || below(12) == 0)
        return below(limit);
    word near = below(limit / 256 + 1) * 256 + (below(3) ? 0 : below(3) - 1);
    return near < limit ? near : 0;
}

static word some_address(void)
{
    static const word odd[] = { 0, 1, -1UL, -PAGE, -4095UL, 1UL << 63, 0x7ffffffff000, 0x800000000000, 0x7ffffffff001 };
    switch (below(24)) {
    case 0: return odd[below(COUNT(odd))];
    case 1: return WINDOW + below(pages * PAGE);
    default: return WINDOW + some_pages(pages) * PAGE;
    }
}

/* The program itself lies below the window, and must not be hit by a long range. */
static word some_length(word address)
{
    static const word odd[] = { 0, 1, -1UL, -PAGE, -WINDOW, 1UL << 46, PAGE - 1, PAGE + 1 };
    if (below(14) == 0 && address >= WINDOW)
        return odd[below(COUNT(odd))];
    return large && address >= WINDOW ? some_pages(1300) * PAGE : (1 + below(6)) * PAGE;
}

static int usual(void) { return below(12) != 0; }

static void do_mmap(void)
{
    static const word types[] = { 2, 2, 2, 2, 1, 1, 3, 8, 0, 4 };
    static const word extras[] = { 0, 0, 0, 0, 0x4000, 0x20000, 0x8000, 0x18000, 0x2000, 0x100, 0x80000, 0x800, 0x10000000, 0x40000, 0x200000, 0x80000000 };
    static const word failing[] = { -1UL, -PAGE, 1UL << 47, 1UL << 63, 0 };
    word address = some_address(), length = usual() ? large ? (1 + some_pages(1300)) * PAGE & -(below(2) + 1) * PAGE : (1 + below(6)) * PAGE : failing[below(COUNT(failing))];
    word access = below(3) ? 3 : below(8), flags = types[below(COUNT(types))] | extras[below(COUNT(extras))];
    word offset = below(10) * PAGE;
    if (large) /* an object's large pages depend on what is in memory of it */
        flags = (below(4) ? 2 : 8) | (flags & ~15UL) | 0x20;
    else if (below(3))
        flags |= 0x20;
    switch (below(8)) {
    case 0: break;
    case 1: flags |= 0x100000; break;
    default: flags |= 0x10;
    }
    if (!(flags & 0x100010) && below(2))
        flags |= 0x40;
    if (!usual())
        offset = below(2) ? 1 : (word)0x7ffffffffffff000;
    word fd = flags & 0x20 ? -1UL : 3 + (usual() ? below(2) : below(7));
    if ((flags & 0x100010) && address < PAGE)
        address = WINDOW;
    long result = call(SYS_mmap, address, length, access, flags, fd, offset);
    say("mmap(%#lx, %#lx, %#lx, %#lx, %ld, %#lx)", address, length, access, flags, (long)fd, offset);
    say_result(result);
    if (result > 0 && ((word)result < WINDOW || (word)result >= WINDOW + (pages + 8) * PAGE))
        call(SYS_munmap, result, length, 0, 0, 0, 0);
}

static void do_plain(long number, const char *name, word c, int has_c)
{
    word address = some_address(), length = some_length(address);
    long result = call(number, address, length, c, 0, 0, 0);
    if (has_c)
        say("%s(%#lx, %#lx, %#lx)", name, address, length, c);
    else
        say("%s(%#lx, %#lx)", name, address, length);
    say_result(result);
}

static void do_madvise(void)
{
    static const int usuals[] = { 0, 1, 2, 4, 4, 4, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 102, 103 };
    static const int large_usuals[] = { 4, 4, 8, 14, 14, 14, 15, 20, 22, 23, 23, 25, 25, 102, 103 };
    if (large && usual()) {
        do_plain(SYS_madvise, "madvise", large_usuals[below(COUNT(large_usuals))], 1);
        return;
    }
    word advice = usual() ? (word)usuals[below(COUNT(usuals))] : below(2) ? 9 : below(30);
    if (advice == 21)
        advice = 22; /* what PAGEOUT reclaims depends on what else the machine does */
    do_plain(SYS_madvise, "madvise", advice, 1);
}

static void do_mremap(void)
{
    word address = some_address(), old = some_length(address), new = some_length(address), flags = below(2) ? 3 : below(9), to = some_address();
    if (old > pages * PAGE * 4 || new > pages * PAGE * 4)
        old = new = PAGE;
    long result = call(SYS_mremap, address, old, new, flags, to, 0);
    say("mremap(%#lx, %#lx, %#lx, %#lx, %#lx)", address, old, new, flags, to);
    say_result(result);
    if (result > 0 && ((word)result < WINDOW || (word)result >= WINDOW + (pages + 8) * PAGE))
        call(SYS_munmap, result, new, 0, 0, 0, 0);
}

static void do_mincore(void)
{
    unsigned char *vector = (unsigned char *)VECTOR;
    word address = some_address(), length = some_length(address), to = usual() ? VECTOR : some_address();
    if (to == VECTOR)
        memset(vector, 9, 32);
    else
        to |= 1UL << 63; /* never a place that the window could have */
    long result = call(SYS_mincore, address, length, to, 0, 0, 0);
    say("mincore(%#lx, %#lx, %#lx)", address, length, to);
    if (result != 0 && result != -ENOMEM) {
        say_result(result);
        return;
    }
    say(" = %s", result ? "-1 ENOMEM" : "0");
    if (to == VECTOR) {
        say(" ");
        for (int i = 0; i < 32; i++)
            say("%d", vector[i]);
    }
    say("\n");
}

static void do_brk(void)
{
    word to = break_start + (usual() ? below(6 * PAGE) : 1UL << (47 + below(16)));
    long result = call(SYS_brk, to, 0, 0, 0, 0, 0);
    say("brk(0x%lx) = 0x%lx\n", to - break_start, result - break_start);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    fault_signal = signal;
    fault_code = info->si_code;
    siglongjmp(faulted, 1);
}

static void do_access(int writes)
{
    volatile unsigned char *address = (unsigned char *)(WINDOW + some_pages(pages) * PAGE + below(2) * 77);
    unsigned char byte = 1 + below(9);
    if (writes)
        say("poke(%#lx, %d) = ", (word)address, byte);
    else
        say("peek(%#lx) = ", (word)address);
    if (sigsetjmp(faulted, 1))
        say("%s\n", fault_signal == SIGBUS ? "BUS" : fault_code == SEGV_MAPERR ? "MAPERR" : "ACCERR");
    else if (writes)
        *address = byte, say("0\n");
    else
        say("%d\n", *address);
}

static void step(void)
{
    switch (below(sealing ? 46 : 45)) {
    case 0 ... 9: do_mmap(); break;
    case 10 ... 12: do_plain(SYS_munmap, "munmap", 0, 0); break;
    case 13 ... 17: do_plain(SYS_mprotect, "mprotect", usual() ? below(8) : below(2) ? 1UL << (24 + below(3)) : below(1UL << 34), 1); break;
    case 18 ... 25: do_madvise(); break;
    case 26 ... 28: do_mremap(); break;
    case 29: do_plain(SYS_mlock, "mlock", 0, 0); break;
    case 30: do_plain(SYS_mlock2, "mlock2", usual() ? below(2) : below(4), 1); break;
    case 31: do_plain(SYS_munlock, "munlock", 0, 0); break;
    case 32: do_mincore(); break;
    case 33: do_plain(SYS_msync, "msync", below(9), 1); break;
    case 34: do_brk(); break;
    case 35: if (below(3)) { word flags = below(5); flags &= ~1UL; long r = call(SYS_mlockall, flags, 0, 0, 0, 0, 0); say("mlockall(%#lx)", flags); say_result(r); }
             else { call(SYS_munlockall, 0, 0, 0, 0, 0, 0); say("munlockall() = 0\n"); } break;
    case 36 ... 39: do_access(0); break;
    case 40 ... 44: do_access(1); break;
    default: do_plain(SYS_mseal_number, "mseal", usual() ? 0 : 1, 1);
    }
    look();
}

static void open_files(void)
{
    int memory = memfd_create("m", 0);
    ftruncate(memory, 8 * PAGE);
    for (int i = 0; i < 5; i++)
        pwrite(memory, &(char){ 'a' + i }, 1, i * PAGE);
    open("/proc/self/fd/3", O_RDONLY);
    open("/proc/self/fd/3", O_WRONLY);
    open("/", O_RDONLY | O_DIRECTORY);
    open("/", O_PATH);
    if (memory != 3)
        _exit(4);
}

static void limit(int resource, word base_pages, word pages)
{
    struct rlimit value;
    getrlimit(resource, &value);
    value.rlim_cur = (base_pages + pages) * PAGE;
    if (setrlimit(resource, &value))
        _exit(6);
}

static void set_limits(void)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    data[0].effective &= ~(1U << CAP_IPC_LOCK | 1U << CAP_SYS_RAWIO);
    syscall(SYS_capset, &header, data);
    word locked = below(8), all = 6 + below(20), some = 3 + below(12);
    limit(RLIMIT_MEMLOCK, 0, locked);
    limit(RLIMIT_AS, status_kilobytes("VmSize:") / 4, all);
    limit(RLIMIT_DATA, status_kilobytes("VmData:") / 4, some);
    say("# limits %lu %lu %lu\n", locked, all, some);
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 1;
    personality(ADDR_NO_RANDOMIZE);
    if (!getenv("RECORDING")) {
        setenv("RECORDING", "1", 1);
        execv("/proc/self/exe", arguments);
    }
    struct utsname system;
    uname(&system);
    say("# Linux %s, record.c: %s, seed %s, %s histories of %s steps\n", system.release, arguments[1], arguments[2], arguments[3], arguments[4]);
    sealing = !strcmp(arguments[1], "seal");
    large = !strcmp(arguments[1], "large");
    if (large)
        pages = MOST_PAGES;
    for (int history = 0; history < atoi(arguments[3]); history++) {
        if (fork()) {
            int status;
            wait(&status);
            if (status)
                return 5;
            continue;
        }
        random_state = (strtoul(arguments[2], 0, 10) * 1000003 + history) * 0x9e3779b97f4a7c15;
        below(2);
        struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
        sigaction(SIGSEGV, &action, 0);
        sigaction(SIGBUS, &action, 0);
        open_files();
        mmap((void *)VECTOR, PAGE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        memset((void *)VECTOR, 9, 32);
        break_start = (call(SYS_brk, 0, 0, 0, 0, 0, 0) + PAGE - 1) & -PAGE;
        call(SYS_brk, break_start, 0, 0, 0, 0, 0);
        say("# history %d\n", history);
        look();
        if (!strcmp(arguments[1], "limits"))
            set_limits();
        word start = below(4) * PAGE, length = (pages / 2 + below(6)) * PAGE;
        say("mmap(%#lx, %#lx, 0x3, 0x32, -1, 0)", WINDOW + start, length);
        say_result(call(SYS_mmap, WINDOW + start, length, 3, 0x32, -1, 0));
        if (large) {
            call(SYS_madvise, WINDOW + start, length, 14, 0, 0, 0);
            say("madvise(%#lx, %#lx, 0xe) = 0\n", WINDOW + start, length);
        }
        for (int i = 0; i < atoi(arguments[4]); i++)
            step();
        _exit(0);
    }
    return 0;
}
