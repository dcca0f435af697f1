/* What a case needs of the system, beyond the calls: the processor, how the kernel was built, how it is set up. */

static int has_line(const char *path, const char *with)
{
    static struct lines l;
    char line[128];
    int found = 0;
    if (open_lines(&l, path))
        while (next_line(&l, line, sizeof line))
            for (const char *at = line; *at; at++)
                found |= begins(at, with);
    return found;
}

/* Whether Linux gives this process the old layout, in which it searches from the bottom: for a personality, for a setting, and but on x86-64 for a stack
 * without a limit. */
static int has_legacy_layout(void)
{
    enum { STACK = 3, COMPAT_LAYOUT = 0x200000 };
    u64 limit[2] = { 0, 0 };
    s64 persona = sys1(SYS(personality), 0xffffffff);
    if (HAS_LEGACY_BY_STACK)
        sys(SYS(prlimit64), 0, STACK, 0, (u64)limit, 0, 0);
    return (!is_error(persona) && (persona & COMPAT_LAYOUT)) || limit[0] == ~0ull || number_in("/proc/sys/vm/legacy_va_layout", "") == 1;
}

/* How the kernel was built and is set up; null when it is as the case needs it. */
static const char *why_not_these_settings(u32 needs)
{
    if ((needs & NEED_LOW) && number_in("/proc/sys/vm/mmap_min_addr", "") != CASE_PAGE)
        return "needs vm.mmap_min_addr to be 4096, and to be shown";
    if ((needs & NEED_OVERCOMMIT) && number_in("/proc/sys/vm/overcommit_memory", "") != 0)
        return "needs vm.overcommit_memory to be 0, and to be shown";
    if ((needs & NEED_CHOICE) && has_legacy_layout())
        return "for the layout in which Linux searches from the top (setarch -L, vm.legacy_va_layout and, but on x86-64, ulimit -s unlimited choose another)";
    if ((needs & NEED_MAP_COUNT) && number_in("/proc/sys/vm/max_map_count", "") != 65530)
        return "needs vm.max_map_count to be 65530, and to be shown";
    if ((needs & NEED_HUGE) && !has_line("/sys/kernel/mm/transparent_hugepage/enabled", "[madvise]"))
        return "needs transparent huge pages to be given to those who ask (madvise)";
    if ((needs & NEED_NO_MEMORY_FAILURES) && (!has_line("/proc/meminfo", "MemTotal:") || has_line("/proc/meminfo", "HardwareCorrupted:")))
        return "for kernels without the handling of memory failures (CONFIG_MEMORY_FAILURE), which have no HardwareCorrupted in /proc/meminfo";
    if ((needs & NEED_EMPTY_POOL) && (number_in("/proc/sys/vm/nr_hugepages", "") != 0 || number_in("/proc/sys/vm/nr_overcommit_hugepages", "") != 0))
        return "needs vm.nr_hugepages and vm.nr_overcommit_hugepages to be 0, and to be shown";
    if (needs & NEED_SECRET_MEMORY) {
        s64 fd = sys1(SYS(memfd_secret), 0);
        if (fd == -E_NOSYS || fd == -E_PERM)
            return "needs memfd_secret, which a kernel may be built or started without, and a sandbox may refuse";
        sys1(SYS(close), (u64)fd);
    }
    if (needs & NEED_SHARED_MEMORY) {
        s64 largest = number_in("/proc/sys/kernel/shmmax", ""), id = sys3(SYS(shmget), 0, page, 0600);
        if (id == -E_NOSYS || id == -E_NOSPC || id == -E_INVAL)
            return "needs shmget, which a kernel may be built without, and may have no more room for (kernel.shmmni, kernel.shmall)";
        sys3(SYS(shmctl), (u64)id, 0 /* IPC_RMID */, 0);
        if (largest >= 0 && largest < 1ll << 40)
            return "needs kernel.shmmax to be as large as Linux has it";
    }
    if (needs & NEED_RAISED_HINTS) {
        s64 raised = map_nothing(page, page, 0);
        if (!is_error(raised))
            sys2(SYS(munmap), (u64)raised, page);
        if (raised != 65536)
            return "for kernels that raise a hint to 64 KiB (CONFIG_LSM_MMAP_MIN_ADDR), above vm.mmap_min_addr";
    }
    return 0;
}

/* Why a case says nothing on this system; null when it does. */
static const char *why_not_here(const struct one_case *c, u32 profile)
{
    static char too_new[96];
    if (c->not_here)
        return c->not_here;
    if (c->release > profile) {
        struct text t = { too_new, 0, sizeof too_new };
        put(&t, "Linux has it since ");
        put_number(&t, c->release / 100, 10);
        put(&t, ".");
        put_number(&t, c->release % 100, 10);
        put(&t, ", which is newer than the profile");
        return too_new;
    }
    if ((c->needs & NEED_4K) && page != CASE_PAGE)
        return "about sizes that only pages of 4 KiB have";
    if (c->needs & (NEED_KEYS | NEED_NO_KEYS)) {
        s64 key = sys2(SYS(pkey_alloc), 0, 0);
        int has_keys = key >= 0;
        if (has_keys)
            sys1(SYS(pkey_free), (u64)key);
        if (has_keys != ((c->needs & NEED_KEYS) != 0))
            return has_keys ? "for processors without protection keys" : "for processors with protection keys";
    }
    return why_not_these_settings(c->needs);
}
