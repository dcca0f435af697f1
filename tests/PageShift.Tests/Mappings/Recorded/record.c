/* Records random memory calls on the running kernel, and after each what changed in /proc/self/smaps, for
 * RecordedHistoryTests. Randomisation is switched off, so that the kernel's choice of addresses can be repeated.
 *
 *   gcc -O1 -static -o record record.c && ./record SEED STEPS DIRECTORY > seed-SEED.txt
 *
 * DIRECTORY lies on ext4, whose mappings are aligned for large pages. Statically linked and free of malloc, so that
 * nothing but the recorded calls changes the mappings. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096UL
#define SPAN (2UL << 20)
#define WINDOW 0x100000000000UL
#define WINDOW_PAGES 48
#define MOST_MAPPINGS 4096
#define GUARD_INSTALL 102

struct mapping { unsigned long start, end; char flags[100]; };

static struct mapping before[MOST_MAPPINGS], now[MOST_MAPPINGS];
static int count_before, count_now;
static char text[8 << 20];
static unsigned long state;
static int files[4];
static sigjmp_buf untouchable;

static unsigned long below(unsigned long n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

static void say(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (write(1, line, length) != length)
        _exit(2);
}

static void look(void)
{
    int fd = open("/proc/self/smaps", O_RDONLY);
    long got, length = 0;
    while ((got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += got;
    close(fd);
    text[length] = 0;
    memcpy(before, now, sizeof(struct mapping) * count_now);
    count_before = count_now;
    count_now = 0;
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n');
        *end = 0;
        struct mapping *m = &now[count_now];
        if (!strncmp(line, "VmFlags: ", 9)) {
            snprintf(m->flags, sizeof m->flags, "%s", line + 9);
            m->flags[strlen(m->flags) - 1] = 0;
            if (m->start < 1UL << 63)
                count_now++;
        } else if (line[0] >= '0' && line[0] <= 'f' && !(line[0] >= 'A' && line[0] <= 'Z')) {
            char *rest;
            m->start = strtoul(line, &rest, 16);
            m->end = strtoul(rest + 1, &rest, 16);
        }
        line = end + 1;
    }
}

static int same(const struct mapping *a, const struct mapping *b)
{
    return a->start == b->start && a->end == b->end && !strcmp(a->flags, b->flags);
}

static void say_changes(void)
{
    look();
    for (int i = 0, k = 0; i < count_before || k < count_now;) {
        if (i < count_before && k < count_now && same(&before[i], &now[k])) {
            i++, k++;
        } else if (k == count_now || (i < count_before && before[i].start <= now[k].start)) {
            say("- %lx\n", before[i++].start);
        } else {
            say("+ %lx %lx %s\n", now[k].start, now[k].end, now[k].flags);
            k++;
        }
    }
}

static unsigned long some_length(void)
{
    switch (below(12)) {
    case 0: return SPAN;
    case 1: return SPAN * (1 + below(3)) + PAGE * below(3);
    default: return PAGE * (1 + below(6));
    }
}

/* The program's own mappings, which must stay as they were at the start. */
static struct mapping own[64];
static int own_count;

static int ours(unsigned long start, unsigned long length)
{
    for (int i = 0; i < own_count; i++)
        if (start < own[i].end && start + length > own[i].start)
            return 0;
    return 1;
}

/* Somewhere in the window, or in what the kernel chose. */
static unsigned long some_place(void)
{
    if (below(3)) {
        return WINDOW + PAGE * below(WINDOW_PAGES);
    } else {
        struct mapping *m = &now[below(count_now)];
        return m->start + PAGE * below((m->end - m->start) / PAGE);
    }
}

static unsigned long our_place(unsigned long length)
{
    unsigned long place;
    do
        place = some_place();
    while (!ours(place, length));
    return place;
}

static long result(void *address)
{
    return address == MAP_FAILED ? -errno : (long)address;
}

static void do_mmap(void)
{
    static const int prots[] = {0, 1, 3, 3, 3, 7};
    unsigned long length = some_length(), hint = 0, offset = 0;
    int prot = prots[below(6)], flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
    switch (below(8)) {
    case 0: flags |= MAP_NORESERVE; break;
    case 1: flags |= below(3) ? 0 : MAP_GROWSDOWN; break;
    case 2: flags |= MAP_STACK; break;
    case 3: flags |= MAP_32BIT; break;
    case 4:
        fd = below(4);
        offset = below(4) ? PAGE * below(40) : SPAN * below(3);
        flags = fd < 2 ? MAP_SHARED : MAP_PRIVATE;
        break;
    case 5: flags = MAP_SHARED | MAP_ANONYMOUS; break;
    }
    if (below(2)) {
        hint = our_place(length);
        if (below(3))
            flags |= MAP_FIXED;
        else
            hint += below(3) ? 0 : below(PAGE);
    } else if (!below(8)) {
        hint = below(3 * PAGE);
    }
    long r = result(mmap((void *)hint, length, prot, flags, fd < 0 ? -1 : files[fd], offset));
    say("mmap %lx %lx %x %x %d %lx = %lx\n", hint, length, prot, flags, fd, offset, r);
}

static void do_munmap(void)
{
    unsigned long length = below(5) ? PAGE * (1 + below(8)) : WINDOW_PAGES * PAGE / 2;
    unsigned long start = our_place(length);
    say("munmap %lx %lx = %lx\n", start, length, (long)munmap((void *)start, length) ? -errno : 0L);
}

static void do_mprotect(void)
{
    static const int prots[] = {0, 1, 1, 3, 3, 7};
    unsigned long length = PAGE * (1 + below(8)), start = our_place(length);
    int prot = prots[below(6)];
    say("mprotect %lx %lx %x = %lx\n", start, length, prot, (long)mprotect((void *)start, length, prot) ? -errno : 0L);
}

static void do_madvise(void)
{
    static const int advices[] = {MADV_DONTFORK, MADV_DOFORK, MADV_DOFORK, MADV_NOHUGEPAGE, MADV_HUGEPAGE, GUARD_INSTALL,
                                  MADV_SEQUENTIAL, MADV_NORMAL, MADV_NORMAL, MADV_DONTDUMP, MADV_DODUMP};
    unsigned long length = PAGE * (1 + below(6)), start = our_place(length);
    int advice = advices[below(11)];
    say("madvise %lx %lx %d = %lx\n", start, length, advice, (long)madvise((void *)start, length, advice) ? -errno : 0L);
}

/* A guard page is no reason to stop. */
static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(untouchable, 1);
}

static void do_touch(void)
{
    unsigned long place = our_place(PAGE);
    for (int i = 0; i < count_now; i++)
        if (place >= now[i].start && place < now[i].end && strstr(now[i].flags, "wr")) {
            if (sigsetjmp(untouchable, 1))
                return;
            *(volatile char *)place = 1;
            say("touch %lx\n", place);
            return;
        }
}

static void do_mremap(void)
{
    unsigned long length = below(6) ? PAGE * (1 + below(4)) : SPAN, old = our_place(length), to = 0, grown = length;
    int flags = MREMAP_MAYMOVE;
    switch (below(4)) {
    case 0:
        flags = below(2) ? MREMAP_MAYMOVE : 0;
        grown = length + PAGE * below(4);
        break;
    case 1: /* by a distance that others are moved by too, and back */
        to = below(2) ? old + 16 * PAGE : old - 16 * PAGE;
        flags |= MREMAP_FIXED;
        break;
    case 2:
        to = our_place(grown);
        flags |= MREMAP_FIXED;
        break;
    case 3:
        for (int i = 0; i < count_now; i++)
            if (old >= now[i].start && old < now[i].end && ours(now[i].start, now[i].end - now[i].start)) {
                old = now[i].start;
                grown = length = now[i].end - now[i].start;
            }
        to = our_place(grown);
        flags |= MREMAP_FIXED | (below(3) ? 0 : MREMAP_DONTUNMAP);
        break;
    }
    if ((flags & MREMAP_FIXED) && !ours(to, grown))
        return;
    /* One mapping at a time: moving several is another rule's business. */
    for (int i = 0; i < count_now; i++)
        if (old >= now[i].start && old < now[i].end && old + length > now[i].end)
            return;
    long r = result(mremap((void *)old, length, grown, flags, (void *)to));
    say("mremap %lx %lx %lx %x %lx = %lx\n", old, length, grown, flags, to, r);
}

static void do_fork(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        say("fork\n");
        return;
    }
    waitpid(child, &status, 0);
    _exit(WEXITSTATUS(status));
}

int main(int count, char **arguments)
{
    if (count != 4)
        return 2;
    if (!(personality(0xffffffff) & ADDR_NO_RANDOMIZE)) {
        personality(ADDR_NO_RANDOMIZE);
        execv("/proc/self/exe", arguments);
    }
    state = strtoul(arguments[1], NULL, 10) * 0x9e3779b97f4a7c15UL + 1;
    if (chdir(arguments[3]))
        return 2;
    signal(SIGSEGV, on_fault);
    files[0] = memfd_create("a", 0);
    files[1] = memfd_create("b", 0);
    files[2] = open("record.data", O_RDWR | O_CREAT, 0600);
    files[3] = open("record.data", O_RDWR);
    unlink("record.data");
    for (int i = 0; i < 4; i++)
        if (ftruncate(files[i], 64 << 20))
            return 2;
    struct utsname name;
    uname(&name);
    say("# Linux %s, record.c with seed %s and %s steps\n", name.release, arguments[1], arguments[2]);
    look();
    for (int i = 0; i < count_now; i++)
        own[own_count++] = now[i];
    say_changes();
    for (int i = 0; i < count_now; i++)
        say("own %lx %lx %s\n", now[i].start, now[i].end, now[i].flags);
    for (long step = atol(arguments[2]); step > 0; step--) {
        switch (below(24)) {
        case 0 ... 6: do_mmap(); break;
        case 7 ... 8: do_munmap(); break;
        case 9 ... 12: do_mprotect(); break;
        case 13 ... 14: do_madvise(); break;
        case 15 ... 18: do_touch(); break;
        case 19 ... 22: do_mremap(); break;
        case 23: if (!below(6)) do_fork(); break;
        }
        say_changes();
    }
    return 0;
}
