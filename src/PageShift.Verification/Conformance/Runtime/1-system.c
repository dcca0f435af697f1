/* The system below: system calls, memory that may fault, and text. Two builds: with libc (its start and its syscall()), and with
 * -DCONFORM_NOLIBC -nostdlib, which needs nothing but a compiler and the kernel. */

#ifndef CONFORM_NOLIBC
#include <errno.h>
#include <string.h>
#include <unistd.h>
#endif

/* The numbers of system calls, under names that no header has. */
#define SYS(name) number_of_##name

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#if defined(__x86_64__)
enum { SYS(read) = 0, SYS(write) = 1, SYS(close) = 3, SYS(mmap) = 9, SYS(mprotect) = 10, SYS(munmap) = 11, SYS(brk) = 12, SYS(rt_sigaction) = 13, SYS(ioctl) = 16,
       SYS(pread64) = 17, SYS(mremap) = 25, SYS(msync) = 26, SYS(mincore) = 27, SYS(madvise) = 28, SYS(shmget) = 29, SYS(shmat) = 30, SYS(shmctl) = 31,
       SYS(nanosleep) = 35, SYS(getpid) = 39, SYS(clone) = 56, SYS(wait4) = 61, SYS(kill) = 62, SYS(shmdt) = 67, SYS(ftruncate) = 77, SYS(setpgid) = 109,
       SYS(capset) = 126, SYS(personality) = 135, SYS(mlock) = 149, SYS(munlock) = 150, SYS(mlockall) = 151, SYS(munlockall) = 152, SYS(prctl) = 157, SYS(remap_file_pages) = 216,
       SYS(clock_gettime) = 228, SYS(exit_group) = 231, SYS(openat) = 257, SYS(prlimit64) = 302, SYS(memfd_create) = 319, SYS(memfd_secret) = 447, SYS(mlock2) = 325,
       SYS(userfaultfd) = 323,
       SYS(perf_event_open) = 298, SYS(pkey_mprotect) = 329, SYS(pkey_alloc) = 330, SYS(pkey_free) = 331, SYS(mseal) = 462 };
enum { PROGRAM_COUNTER = 168, HAS_FLUSH_EVENTS = 1, HAS_LEGACY_BY_STACK = 0 };
static const u64 ends_of_user_space[] = { 0x7ffffffff000ull };
#elif defined(__aarch64__) || (defined(__riscv) && __riscv_xlen == 64)
enum { SYS(ioctl) = 29, SYS(ftruncate) = 46, SYS(openat) = 56, SYS(close) = 57, SYS(read) = 63, SYS(write) = 64, SYS(pread64) = 67, SYS(capset) = 91, SYS(personality) = 92,
       SYS(exit_group) = 94, SYS(nanosleep) = 101, SYS(clock_gettime) = 113, SYS(kill) = 129, SYS(rt_sigaction) = 134, SYS(setpgid) = 154, SYS(prctl) = 167,
       SYS(getpid) = 172, SYS(shmget) = 194, SYS(shmctl) = 195, SYS(shmat) = 196, SYS(shmdt) = 197, SYS(brk) = 214, SYS(munmap) = 215, SYS(mremap) = 216,
       SYS(clone) = 220, SYS(mmap) = 222, SYS(mprotect) = 226, SYS(msync) = 227, SYS(mlock) = 228, SYS(munlock) = 229, SYS(mlockall) = 230,
       SYS(munlockall) = 231, SYS(mincore) = 232, SYS(madvise) = 233, SYS(remap_file_pages) = 234, SYS(wait4) = 260, SYS(prlimit64) = 261,
       SYS(memfd_create) = 279, SYS(memfd_secret) = 447, SYS(userfaultfd) = 282, SYS(perf_event_open) = 241, SYS(mlock2) = 284, SYS(pkey_mprotect) = 288, SYS(pkey_alloc) = 289, SYS(pkey_free) = 290, SYS(mseal) = 462 };
#if defined(__aarch64__)
enum { PROGRAM_COUNTER = 440, HAS_FLUSH_EVENTS = 0, HAS_LEGACY_BY_STACK = 1 };
static const u64 ends_of_user_space[] = { 0x8000000000ull, 0x40000000000ull, 0x1000000000000ull };
#else
enum { PROGRAM_COUNTER = 176, HAS_FLUSH_EVENTS = 0, HAS_LEGACY_BY_STACK = 1 };
static const u64 ends_of_user_space[] = { 0x4000000000ull, 0x800000000000ull };
#endif
#else
#error "written for x86-64, arm64 and riscv64"
#endif

enum { E_PERM = 1, E_NOENT = 2, E_IO = 5, E_AGAIN = 11, E_NOMEM = 12, E_ACCES = 13, E_FAULT = 14, E_INVAL = 22, E_NOSPC = 28, E_NOSYS = 38, LARGEST_ERROR = 4095 };
enum { PROT_NOTHING = 0, PROT_RW = 3, MAP_IS_SHARED = 1, MAP_IS_PRIVATE = 2, MAP_IS_FIXED = 0x10, MAP_IS_ANONYMOUS = 0x20, MAP_IS_NORESERVE = 0x4000,
       MAP_IS_FIXED_NOREPLACE = 0x100000, MREMAP_IS_MAYMOVE = 1, MREMAP_IS_FIXED = 2, SIG_KILL = 9, SIG_BUS = 7, SIG_SEGV = 11 };

/* A system call as the kernel returns it: a value, or an error from -4095 to -1. */
static s64 sys(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
#ifdef CONFORM_NOLIBC
#if defined(__x86_64__)
    s64 result;
    register u64 r10 __asm__("r10") = d;
    register u64 r8 __asm__("r8") = e;
    register u64 r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register u64 x8 __asm__("x8") = (u64)number;
    register u64 x0 __asm__("x0") = a;
    register u64 x1 __asm__("x1") = b;
    register u64 x2 __asm__("x2") = c;
    register u64 x3 __asm__("x3") = d;
    register u64 x4 __asm__("x4") = e;
    register u64 x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return (s64)x0;
#else
    register u64 a7 __asm__("a7") = (u64)number;
    register u64 a0 __asm__("a0") = a;
    register u64 a1 __asm__("a1") = b;
    register u64 a2 __asm__("a2") = c;
    register u64 a3 __asm__("a3") = d;
    register u64 a4 __asm__("a4") = e;
    register u64 a5 __asm__("a5") = f;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return (s64)a0;
#endif
#else
    long result = syscall(number, a, b, c, d, e, f);
    return result == -1 ? -(s64)errno : (s64)result;
#endif
}

static s64 sys1(long number, u64 a) { return sys(number, a, 0, 0, 0, 0, 0); }
static s64 sys2(long number, u64 a, u64 b) { return sys(number, a, b, 0, 0, 0, 0); }
static s64 sys3(long number, u64 a, u64 b, u64 c) { return sys(number, a, b, c, 0, 0, 0); }
static int is_error(s64 result) { return result < 0 && result >= -LARGEST_ERROR; }

#ifdef CONFORM_NOLIBC
/* What a compiler calls by itself. */
void *memset(void *at, int value, unsigned long length)
{
    for (volatile u8 *p = at; length--;)
        *p++ = (u8)value;
    return at;
}

void *memcpy(void *to, const void *from, unsigned long length)
{
    volatile u8 *t = to;
    for (const u8 *s = from; length--;)
        *t++ = *s++;
    return to;
}
#endif

/* ---- memory that may fault: the handler goes on behind the access ---- */

static volatile u64 resume_at;
static volatile int fault_error;

static void on_fault(int signal, void *information, void *context)
{
    int code = ((int *)information)[2];
    if (resume_at == 0) { /* not an access of a case: the program itself is at fault, and the signal shall be seen */
        u64 by_default[4] = { 0, 0, 0, 0 };
        sys(SYS(rt_sigaction), (u64)signal, (u64)by_default, 0, 8, 0, 0);
        return;
    }
    fault_error = signal == SIG_BUS ? E_IO : code == 2 || code == 4 ? E_ACCES : E_FAULT;
    *(u64 *)((u8 *)context + PROGRAM_COUNTER) = resume_at;
}

#if defined(__x86_64__)
void conform_restore(void);
__asm__(".text\n.globl conform_restore\nconform_restore:\n mov $15, %eax\n syscall\n");
#define ACCESS(instruction, outputs, ...) __asm__ volatile("leaq 1f(%%rip), %%rax\n movq %%rax, %0\n " instruction "\n1:\n" : "+m"(resume_at) outputs : __VA_ARGS__ : "rax", "memory")
#define LOAD "movb (%2), %1"
#define STORE "movb %2, (%1)"
#define ADDRESS "D" /* not by way of rbp or rsp, where an address that is not canonical is another exception */
#elif defined(__aarch64__)
#define ACCESS(instruction, outputs, ...) __asm__ volatile("adr x9, 1f\n str x9, %0\n " instruction "\n1:\n" : "+m"(resume_at) outputs : __VA_ARGS__ : "x9", "memory")
#define LOAD "ldrb %w1, [%2]"
#define STORE "strb %w2, [%1]"
#define ADDRESS "r"
#else
#define ACCESS(instruction, outputs, ...) __asm__ volatile("la t0, 1f\n sd t0, %0\n " instruction "\n1:\n" : "+m"(resume_at) outputs : __VA_ARGS__ : "t0", "memory")
#define LOAD "lbu %1, 0(%2)"
#define STORE "sb %2, 0(%1)"
#define ADDRESS "r"
#endif
#define AND ,

static void catch_faults(void)
{
    struct { void (*handler)(int, void *, void *); u64 flags;
#if defined(__x86_64__)
             void (*restorer)(void);
#endif
             u64 mask; } action;
    memset(&action, 0, sizeof action);
    action.handler = on_fault;
    action.flags = 0x4 | 0x40000000; /* SA_SIGINFO, SA_NODEFER */
#if defined(__x86_64__)
    action.flags |= 0x04000000; /* SA_RESTORER */
    action.restorer = conform_restore;
#endif
    sys(SYS(rt_sigaction), SIG_SEGV, (u64)&action, 0, 8, 0, 0);
    sys(SYS(rt_sigaction), SIG_BUS, (u64)&action, 0, 8, 0, 0);
}

static int load_byte(u64 address, u8 *value)
{
    u8 loaded = 0;
    fault_error = 0;
    ACCESS(LOAD, AND "=&r"(loaded), ADDRESS(address));
    resume_at = 0;
    *value = loaded;
    return fault_error;
}

static int store_byte(u64 address, u8 value)
{
    fault_error = 0;
    ACCESS(STORE, , ADDRESS(address), "r"(value));
    resume_at = 0;
    return fault_error;
}

/* ---- text ---- */

struct text { char *at; u32 length, room; };

static void put_char(struct text *t, char c)
{
    if (t->length + 1 < t->room) {
        t->at[t->length++] = c;
        t->at[t->length] = 0;
    }
}

static void put(struct text *t, const char *s)
{
    while (*s)
        put_char(t, *s++);
}

static void put_number(struct text *t, u64 value, u32 base)
{
    char digits[24];
    int count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (count)
        put_char(t, digits[--count]);
}

static void put_signed(struct text *t, s64 value)
{
    if (value < 0)
        put_char(t, '-');
    put_number(t, value < 0 ? 0 - (u64)value : (u64)value, 10);
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static int begins(const char *text, const char *with)
{
    while (*with)
        if (*text++ != *with++)
            return 0;
    return 1;
}

static u64 parse(const char **at, u32 base)
{
    u64 value = 0;
    for (;; (*at)++) {
        char c = **at;
        u32 digit = c >= '0' && c <= '9' ? (u32)(c - '0') : c >= 'a' && c <= 'f' ? (u32)(c - 'a') + 10 : 99;
        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

static const struct { int number; const char *name; } error_names[] = {
    { 1, "EPERM" }, { 2, "ENOENT" }, { 3, "ESRCH" }, { 4, "EINTR" }, { 5, "EIO" }, { 7, "E2BIG" }, { 9, "EBADF" }, { 11, "EAGAIN" }, { 12, "ENOMEM" },
    { 13, "EACCES" }, { 14, "EFAULT" }, { 16, "EBUSY" }, { 17, "EEXIST" }, { 19, "ENODEV" }, { 20, "ENOTDIR" }, { 22, "EINVAL" }, { 23, "ENFILE" },
    { 24, "EMFILE" }, { 26, "ETXTBSY" }, { 27, "EFBIG" }, { 28, "ENOSPC" }, { 34, "ERANGE" }, { 38, "ENOSYS" }, { 75, "EOVERFLOW" }, { 95, "EOPNOTSUPP" },
};

static void put_error(struct text *t, int error)
{
    for (u32 i = 0; i < sizeof error_names / sizeof *error_names; i++)
        if (error_names[i].number == error) {
            put(t, error_names[i].name);
            return;
        }
    put(t, "error ");
    put_number(t, (u64)error, 10);
}

/* ---- files of /proc, line by line ---- */

struct lines { int fd; u32 next, end; char buffer[4096]; };

static int open_lines(struct lines *l, const char *path)
{
    l->next = l->end = 0;
    l->fd = (int)sys(SYS(openat), (u64)-100, (u64)path, 0, 0, 0, 0);
    return l->fd >= 0;
}

/* The next line without its end, cut to what has room. False at the end, and then the file is closed. */
static int next_line(struct lines *l, char *line, u32 room)
{
    u32 length = 0;
    for (;;) {
        if (l->next == l->end) {
            s64 got = sys3(SYS(read), (u64)l->fd, (u64)l->buffer, sizeof l->buffer);
            if (got <= 0) {
                line[length] = 0;
                if (length == 0)
                    sys1(SYS(close), (u64)l->fd);
                return length != 0;
            }
            l->next = 0;
            l->end = (u32)got;
        }
        char c = l->buffer[l->next++];
        if (c == '\n') {
            line[length] = 0;
            return 1;
        }
        if (length + 1 < room)
            line[length++] = c;
    }
}

/* The number behind a name in a file such as /proc/self/status; -1 where there is none. */
static s64 number_in(const char *path, const char *name)
{
    static struct lines l;
    char line[256];
    s64 found = -1;
    if (!open_lines(&l, path))
        return -1;
    while (next_line(&l, line, sizeof line))
        if (found < 0 && begins(line, name)) {
            const char *at = line;
            while (*at && (*at < '0' || *at > '9'))
                at++;
            if (*at)
                found = (s64)parse(&at, 10);
        }
    return found;
}
