/* What page-table work a call takes, as the kernel counts it: perf events of two tracepoints, which need root and tracefs. Their first, the flushes of the
 * TLB, is there on x86-64 alone. */

static int counters[2] = { -1, -1 };
static u64 counter_overhead[2], last_cost[2];
static int has_cost;

static int open_counter(const char *event, const char *filter)
{
    static const char *const mounts[] = { "/sys/kernel/tracing/events/", "/sys/kernel/debug/tracing/events/" };
    struct { u32 type, size; u64 event, period, sample, format, flags; u32 wakeup, breakpoint; u64 address; } asked = { 2, 64, 0, 0, 0, 0, 0, 0, 0, 0 };
    for (u32 i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        char path[128];
        struct text t = { path, 0, sizeof path };
        put(&t, mounts[i]);
        put(&t, event);
        put(&t, "/id");
        s64 number = number_in(path, "");
        if (number < 0)
            continue;
        asked.event = (u64)number;
        s64 fd = sys(SYS(perf_event_open), (u64)&asked, 0, (u64)-1, (u64)-1, 0, 0);
        if (!is_error(fd) && !is_error(sys3(SYS(ioctl), (u64)fd, 0x40082406 /* PERF_EVENT_IOC_SET_FILTER */, (u64)filter)))
            return (int)fd;
    }
    return -1;
}

static int read_counters(u64 *values)
{
    for (int i = 0; i < 2; i++)
        if (counters[i] < 0 || sys3(SYS(read), (u64)counters[i], (u64)&values[i], 8) != 8)
            return 0;
    return 1;
}

/* Opens them for this process, and finds what a call that does nothing counts. */
static void open_counters(void)
{
    if (!HAS_FLUSH_EVENTS)
        return;
    counters[0] = open_counter("tlb/tlb_flush", "reason==3"); /* of this address space, on this processor */
    counters[1] = open_counter("kmem/mm_page_alloc", "gfp_flags&0x100"); /* zeroed: tables */
    counter_overhead[0] = counter_overhead[1] = ~0ull;
    for (int tries = 0; tries < 16; tries++) {
        u64 before[2], after[2];
        int is_counted = read_counters(before);
        sys2(SYS(munmap), 0, 0);
        for (int i = 0; is_counted && read_counters(after) && i < 2; i++)
            if (after[i] - before[i] < counter_overhead[i])
                counter_overhead[i] = after[i] - before[i];
    }
}
