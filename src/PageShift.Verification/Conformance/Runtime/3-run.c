/* Running one case, in processes of its own. They share one record of what was found, which outlives them. */

enum { TEXT_ROOM = 2400, STEP_NONE = -1 };

struct finding { u32 checks, failures; s64 step; char expected[TEXT_ROOM], found[TEXT_ROOM]; };

static volatile struct record {
    u32 turn;       /* the step whose turn it is */
    u32 stopped;    /* nothing that follows says anything */
    u32 finished;   /* the first process came to the end */
    char why_not[256];
    s64 identifiers[MOST_IDENTIFIERS]; /* of shared memory, by those of the case, and 1 more: any process may make one that another uses */
    struct finding levels[LEVELS];
} *record;

static const char no_answer[] = "cannot be seen here";

static struct finding *finding_of(enum level level) { return (struct finding *)&record->levels[level]; }

/* Notes one check; the first that fails is kept. */
static void check(enum level level, u32 step, int holds, const char *expected, const char *found)
{
    struct finding *f = finding_of(level);
    f->checks++;
    if (holds || f->failures++)
        return;
    struct text t = { f->expected, 0, TEXT_ROOM };
    f->step = step;
    put(&t, expected);
    t.at = f->found;
    t.length = 0;
    put(&t, found);
}

static s64 descriptor(u64 asked)
{
    return asked < MOST_DESCRIPTORS && asked >= 3 ? here.descriptors[asked] >= 0 ? here.descriptors[asked] : 900 + (s64)asked : (s64)asked;
}

static s64 identifier(u64 asked)
{
    return asked < MOST_IDENTIFIERS ? record->identifiers[asked] > 0 ? record->identifiers[asked] - 1 : 0x7fff0000 + (s64)asked : (s64)asked;
}

static u64 argument(const struct step *s, int i)
{
    u64 a = s->arguments[i];
    switch (s->forms[i]) {
    case 'a': return place(a);
    case 'l': case 'o': return scaled_length(a);
    case 'f': return (u64)descriptor(a);
    case 'i': return (u64)identifier(a);
    default: return a;
    }
}

static u64 key_salt;

static s64 make_call(const struct step *s)
{
    u64 a[6] = { 0, 0, 0, 0, 0, 0 };
    for (int i = 0; i < 6 && s->forms[i]; i++)
        a[i] = s->forms[i] == 'k' ? (s->arguments[i] ? (s->arguments[i] ^ key_salt) & 0x7fffffff : 0) : argument(s, i);
    return sys(s->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The case says nothing here. */
static void give_up(const char *why, s64 error)
{
    struct text t = { (char *)record->why_not, 0, sizeof record->why_not };
    put(&t, why);
    if (is_error(error)) {
        put(&t, " (");
        put_error(&t, (int)-error);
        put(&t, ")");
    }
    record->stopped = 1;
}

static s64 set_limit(u64 resource, u64 soft)
{
    enum { DATA = 2, STACK = 3, LOCKED = 8, ALL = 9 };
    const u64 executor_bytes = 4198400; /* what a process of the cases has mapped before its first call */
    u64 limit[2];
    s64 got = sys(SYS(prlimit64), 0, resource, 0, (u64)limit, 0, 0);
    if (is_error(got))
        return got;
    if (soft != ~0ull && soft != 0 && (resource == ALL ? here.total_bytes : resource == DATA ? here.data_bytes : 1) == 0)
        give_up("needs /proc/self/status to show what the program itself has mapped", 0);
    else if (soft != ~0ull && resource == ALL && soft >= executor_bytes)
        soft = here.total_bytes + scaled(soft - executor_bytes);
    else if (soft != ~0ull && soft != 0 && resource == DATA) /* 0 is no limit of data, as Valgrind sets it */
        soft = here.data_bytes + scaled(soft);
    else if (soft != ~0ull && resource == LOCKED)
        soft = scaled(soft);
    limit[0] = soft < limit[1] ? soft : limit[1];
    return sys(SYS(prlimit64), 0, resource, (u64)limit, 0, 0, 0);
}

static s64 access_memory(const struct step *s)
{
    u64 at = place(s->arguments[0]), length = scaled(s->arguments[s->operation == OP_SET ? 2 : 1]);
    u8 first = 0, value = 0;
    for (u64 i = 0; i < length; i++) {
        int error = s->operation == OP_SET ? store_byte(at + i, (u8)s->arguments[1]) : load_byte(at + i, &value);
        if (error)
            return -error;
        if (i == 0)
            first = value;
    }
    return s->operation == OP_SET ? 0 : first;
}

static s64 open_file(const struct step *s)
{
    char path[64];
    struct text t = { path, 0, sizeof path };
    if (s->operation == OP_MEMORY_FILE)
        return sys2(SYS(memfd_create), (u64)"conform", 0);
    if (s->operation == OP_SECRET_FILE)
        return sys1(SYS(memfd_secret), 0);
    if (begins(s->expected, "/proc/self/fd/")) {
        put(&t, "/proc/self/fd/");
        put_number(&t, (u64)descriptor(s->arguments[1]), 10);
    } else {
        put(&t, s->expected);
    }
    s64 fd = sys(SYS(openat), (u64)-100, (u64)path, s->arguments[0], 0, 0, 0);
    if (fd == -E_NOENT && s->expects != EXPECT_ERROR)
        give_up("needs a file that is not here", fd);
    return fd;
}

static void put_result(struct text *t, const struct step *s, s64 result)
{
    if (is_error(result) || s->expects == EXPECT_ERROR) {
        if (is_error(result))
            put_error(t, (int)-result);
        else
            put(t, "success");
    } else if (s->expects == EXPECT_ADDRESS) {
        put(t, "0x");
        put_number(t, unplace((u64)result), 16);
    } else if (s->expects == EXPECT_VALUE) {
        put_signed(t, result);
    } else {
        put(t, "success");
    }
}

static void put_expected(struct text *t, const struct step *s)
{
    if (s->expects == EXPECT_ERROR) {
        put_error(t, (int)s->value);
    } else if (s->expects == EXPECT_ADDRESS) {
        put(t, "0x");
        put_number(t, (u64)s->value, 16);
    } else if (s->expects == EXPECT_VALUE) {
        put_signed(t, s->value);
    } else {
        put(t, "success");
    }
}

/* Compares what a call returned. Where one succeeds that should fail, or the other way round, what follows says nothing. */
static void check_result(const struct step *s, u32 index, s64 result)
{
    char expected[64] = "", found[64] = "";
    struct text e = { expected, 0, sizeof expected }, f = { found, 0, sizeof found };
    int is_memory = s->operation == OP_SET || s->operation == OP_READ;
    int fails = is_error(result), should = s->expects == EXPECT_ERROR, holds = fails == should;
    enum level level = is_memory && here.last_failed ? LEFTOVERS : RESULTS;
    if (record->why_not[0])
        return;
    put_expected(&e, s);
    if (holds && should)
        holds = -result == s->value;
    else if (holds && s->expects == EXPECT_VALUE)
        holds = result == s->value;
    else if (holds && s->expects == EXPECT_ADDRESS && s->value != 0) {
        if (s->is_open || is_chosen((u64)s->value)) {
            check(PLACEMENT, index, (u64)result == place((u64)s->value), expected, (put_result(&f, s, result), found));
            f.length = 0;
            if ((u64)result != place((u64)s->value))
                keep_region((u64)s->value, s->arguments[s->number == SYS(mremap) ? 2 : 1], (u64)result);
        } else
            holds = (u64)result == place((u64)s->value);
    }
    put_result(&f, s, result);
    check(level, index, holds, expected, found);
    if (fails != should || (!fails && !holds && s->expects == EXPECT_ADDRESS))
        record->stopped = 1;
    if (!is_memory)
        here.last_failed = should;
    if (!fails && s->expects == EXPECT_DESCRIPTOR && s->value < MOST_DESCRIPTORS)
        here.descriptors[s->value] = (int)result;
    if (!fails && s->expects == EXPECT_IDENTIFIER && s->operation == OP_CALL && s->value < MOST_IDENTIFIERS)
        record->identifiers[s->value] = result + 1;
}

static void look_at_mappings(const struct step *s, u32 index)
{
    u64 from = s->operation == OP_WITHIN ? place(s->arguments[0]) : 0, to = s->operation == OP_WITHIN ? from + scaled(s->arguments[1]) : ~0ull;
    static char found[TEXT_ROOM], joined[TEXT_ROOM], expected[TEXT_ROOM];
    struct text f = { found, 0, TEXT_ROOM }, j = { joined, 0, TEXT_ROOM }, e = { expected, 0, TEXT_ROOM };
    if (here.region_count || !show_mappings(from, to, &f))
        return; /* not where Linux would have put it, which is a failure of its own: what lies beside it says nothing */
    join_mappings(found, &j);
    join_mappings(s->expected, &e);
    int is_equal = same(joined, expected);
    check(here.last_failed ? LEFTOVERS : MAPPINGS, index, is_equal, expected, joined);
    if (is_equal)
        check(MERGING, index, same(found, s->expected), s->expected, found);
}

static void look_at_flags(const struct step *s, u32 index)
{
    char found[160] = "";
    struct text f = { found, 0, sizeof found };
    if (show_flags(place(s->arguments[0]), &f))
        check(here.last_failed ? LEFTOVERS : MAPPINGS, index, same(found, s->expected), s->expected, found);
}

static void look_at_pages(const struct step *s, u32 index)
{
    char found[256] = "";
    struct text f = { found, 0, sizeof found };
    int shown = show_pages(place(s->arguments[0]), s->arguments[1], &f), holds = 1;
    for (u32 i = 0; shown && (found[i] || s->expected[i]) && holds; i++)
        holds = found[i] == s->expected[i] || (shown == 2 && found[i] == 'P' && s->expected[i] == 'Z') || (shown == 2 && found[i] == '.' && s->expected[i] == 'G');
    if (shown)
        check(here.last_failed ? LEFTOVERS : MAPPINGS, index, holds, s->expected, found);
}

static void ask_presence(const struct step *s, u32 index)
{
    static u8 vector[512];
    char found[1600] = "";
    struct text f = { found, 0, sizeof found };
    s64 result = sys3(SYS(mincore), place(s->arguments[0]), scaled(s->arguments[1]), (u64)vector);
    check_result(s, index, result);
    if (is_error(result) || s->expects == EXPECT_ERROR)
        return;
    for (u64 i = 0; i < (s->arguments[1] + CASE_PAGE - 1) / CASE_PAGE && i < sizeof vector; i++)
        put_char(&f, vector[i] & 1 ? '1' : '0');
    check(RESULTS, index, same(found, s->expected), s->expected, found);
}

/* As many mappings as a process may have: one page each, of two kinds by turns, so that no two are one. */
static void fill_with_mappings(const struct step *s, u32 index)
{
    const u64 most = 70000;
    char found[64] = "";
    struct text f = { found, 0, sizeof found };
    u64 start = place(s->arguments[0]), made = 0;
    s64 got = 0;
    for (; made < most && !is_error(got); made++)
        got = sys(SYS(mmap), start + made * page, page, made % 2 == 0, MAP_IS_PRIVATE | MAP_IS_ANONYMOUS | MAP_IS_FIXED_NOREPLACE, (u64)-1, 0);
    put_number(&f, made, 10);
    put(&f, " mappings, then ");
    if (is_error(got))
        put_error(&f, (int)-got);
    else
        put(&f, "no error");
    check(RESULTS, index, got == -E_NOMEM, "ENOMEM where there are more than vm.max_map_count", found);
    record->stopped = got != -E_NOMEM;
    here.last_failed = 0;
}

/* Moves this process's vdso, which nothing here calls, to where the case has it. */
static void place_vdso(const struct step *s, u32 index)
{
    static struct lines l;
    char line[512];
    struct seen m, vdso = { 0, 0, 0, "", 0 };
    u64 to = place(s->arguments[0]), length = 2 * page;
    if (open_lines(&l, "/proc/self/maps"))
        while (next_line(&l, line, sizeof line))
            for (const char *at = line; *at; at++)
                if (begins(at, "[vdso]") && read_mapping(line, &m))
                    vdso = m;
    if (vdso.end == 0) {
        give_up("needs a vdso that /proc/self/maps shows", 0);
    } else if (vdso.end - vdso.start != length) {
        give_up("needs a vdso of two pages", 0);
    } else {
        s64 got = sys(SYS(mremap), vdso.start, length, length, MREMAP_IS_MAYMOVE | MREMAP_IS_FIXED, to, 0);
        if ((u64)got != to)
            give_up("needs a vdso that can be moved", got);
        check(RESULTS, index, 1, "", "");
    }
    here.last_failed = 0;
}

/* Opens a userfaultfd that nobody serves: an access to a page that is missing is SIGBUS, so that nothing waits. */
static void open_userfault(void)
{
    enum { USER_MODE_ONLY = 1, CLOSE_ON_EXEC = 0x80000 };
    u64 agreed[3] = { 0xaa, 1 << 7 /* UFFD_FEATURE_SIGBUS */, 0 };
    s64 fd = sys1(SYS(userfaultfd), CLOSE_ON_EXEC | USER_MODE_ONLY);
    if (fd == -E_INVAL) /* before Linux 5.11 */
        fd = sys1(SYS(userfaultfd), CLOSE_ON_EXEC);
    s64 error = is_error(fd) ? fd : sys3(SYS(ioctl), (u64)fd, 0xc018aa3fu /* UFFDIO_API */, (u64)agreed);
    if (is_error(error))
        give_up("needs userfaultfd with UFFD_FEATURE_SIGBUS, which a kernel may be built without, and may refuse", error);
    else
        here.userfault = (int)fd;
}

static void register_range(const struct step *s, u32 index)
{
    char found[64] = "";
    struct text f = { found, 0, sizeof found };
    u64 range[4] = { place(s->arguments[0]), scaled(s->arguments[1]), 1 /* missing pages */, 0 };
    if (here.userfault < 0)
        open_userfault();
    if (here.userfault < 0)
        return;
    s64 got = sys3(SYS(ioctl), (u64)here.userfault, 0xc020aa00u /* UFFDIO_REGISTER */, (u64)range);
    put_result(&f, s, got);
    check(RESULTS, index, got == 0, "the range is registered", found);
    record->stopped |= got != 0;
    here.last_failed = 0;
}

static s64 counted_call(const struct step *s)
{
    u64 before[2], after[2];
    int is_counted = read_counters(before);
    s64 result = make_call(s);
    has_cost = is_counted && read_counters(after);
    for (int i = 0; has_cost && i < 2; i++)
        last_cost[i] = after[i] - before[i] > counter_overhead[i] ? after[i] - before[i] - counter_overhead[i] : 0;
    return result;
}

/* A move may cost less than Linux's. */
static void look_at_cost(const struct step *s, u32 index)
{
    char found[64] = "";
    struct text f = { found, 0, sizeof found };
    if (!has_cost)
        return;
    put(&f, "flushes ");
    put_number(&f, last_cost[0], 10);
    put(&f, " tables ");
    put_number(&f, last_cost[1], 10);
    check(COSTS, index, last_cost[0] <= s->arguments[0] && last_cost[1] <= s->arguments[1], s->expected, found);
}

static s64 make_process(void) { return sys(SYS(clone), 17 /* SIGCHLD */, 0, 0, 0, 0, 0); }

static void pause_briefly(u64 nanoseconds)
{
    u64 time[2] = { 0, nanoseconds };
    sys2(SYS(nanosleep), (u64)time, 0);
}

static void do_step(const struct step *s, u32 index)
{
    switch (s->operation) {
    case OP_CALL: check_result(s, index, s->number == SYS(mremap) ? counted_call(s) : make_call(s)); break;
    case OP_SET: case OP_READ: check_result(s, index, access_memory(s)); break;
    case OP_LIMIT: check_result(s, index, set_limit(s->arguments[0], s->arguments[1])); break;
    case OP_OPEN: case OP_MEMORY_FILE: case OP_SECRET_FILE: check_result(s, index, open_file(s)); break;
    case OP_TRUNCATE: check_result(s, index, sys2(SYS(ftruncate), (u64)descriptor(s->arguments[0]), scaled(s->arguments[1]))); break;
    case OP_CLOSE: check_result(s, index, sys1(SYS(close), (u64)descriptor(s->arguments[0]))); break;
    case OP_INCORE: ask_presence(s, index); break;
    case OP_FILL: fill_with_mappings(s, index); break;
    case OP_VDSO: place_vdso(s, index); break;
    case OP_USERFAULT: register_range(s, index); break;
    case OP_COST: look_at_cost(s, index); break;
    case OP_WITHIN: case OP_MAPS: look_at_mappings(s, index); break;
    case OP_FLAGS: look_at_flags(s, index); break;
    case OP_PAGES: look_at_pages(s, index); break;
    default: break;
    }
}

/* All processes of a case go through its steps together; each makes its own. */
static void run_steps(const struct one_case *c)
{
    u32 me = c->first_process;
    for (u32 i = 0; i < c->step_count && !record->stopped; i++) {
        const struct step *s = &c->steps[i];
        while (record->turn < i && !record->stopped)
            pause_briefly(50000);
        if (s->process != me || record->stopped)
            continue;
        if (s->operation == OP_FORK) {
            s64 child = make_process();
            if (child == 0) {
                me = (u32)s->value;
                here.last_failed = 0;
                here.userfault = -1;
                continue;
            }
            if (child == -E_AGAIN)
                give_up("needs one process more than this user may have", child);
            else
                check_result(s, i, child);
        } else {
            do_step(s, i);
        }
        record->turn = i + 1;
        if (s->operation == OP_EXIT)
            break;
    }
    while (me == c->first_process && record->turn < c->step_count && !record->stopped)
        pause_briefly(50000);
    if (me == c->first_process)
        record->finished = 1;
}

/* Sets both limits of a resource, or where the upper one can't be raised, the one that counts. False when it is too small for that. */
static int fix_limit(u64 resource, u64 size)
{
    u64 limit[2] = { size, size };
    if (!is_error(sys(SYS(prlimit64), 0, resource, (u64)limit, 0, 0, 0)))
        return 1;
    if (is_error(sys(SYS(prlimit64), 0, resource, 0, (u64)limit, 0, 0)))
        return 0;
    int fits = limit[1] >= size;
    limit[0] = fits ? size : limit[1];
    return !is_error(sys(SYS(prlimit64), 0, resource, (u64)limit, 0, 0, 0)) && fits;
}

static int has_word(const struct one_case *c, const char *word)
{
    for (u32 i = 0; i < c->step_count; i++)
        for (const char *at = c->steps[i].text; *at; at++)
            if (begins(at, word))
                return 1;
    return 0;
}

/* The bytes that a case may have mapped at once, or more: those of all calls that map. */
static u64 largest_total(const struct one_case *c)
{
    u64 total = 0;
    for (u32 i = 0; i < c->step_count; i++) {
        const struct step *s = &c->steps[i];
        if (s->operation == OP_CALL && s->expects != EXPECT_ERROR && (s->number == SYS(mmap) || s->number == SYS(mremap)))
            total += scaled(s->arguments[s->number == SYS(mremap) ? 2 : 1]);
    }
    return total;
}

/* An ordinary user's powers, and limits that are known. Null, or the limit that is too small for the case. */
static const char *set_surroundings(const struct one_case *c)
{
    enum { DATA = 2, STACK = 3, LOCKED = 8, ALL = 9 };
    u32 header[2] = { 0x20080522, 0 }, none[6] = { 0, 0, 0, 0, 0, 0 };
    const char *why = 0;
    u64 limit[2] = { ~0ull, ~0ull };
    fix_limit(ALL, ~0ull);
    if (!fix_limit(DATA, ~0ull) && !is_error(sys(SYS(prlimit64), 0, DATA, 0, (u64)limit, 0, 0)) && largest_total(c) + 8 * MB > limit[0])
        why = "the limit of data (RLIMIT_DATA) is too small for the case, and can't be raised";
    if (!fix_limit(STACK, 8 * MB) && has_word(c, "GROWSDOWN"))
        why = "the limit of the stack (RLIMIT_STACK) is below 8 MiB, and can't be raised";
    if (!fix_limit(LOCKED, 8 * MB) && ((c->needs & NEED_SECRET_MEMORY) || has_word(c, "lock") || has_word(c, "LOCK")))
        why = "the limit of locked memory (RLIMIT_MEMLOCK) is below 8 MiB, and can't be raised";
    sys2(SYS(capset), (u64)header, (u64)none);
    if (!(c->needs & NEED_HUGE))
        sys(SYS(prctl), 41 /* PR_SET_THP_DISABLE */, 1, 0, 0, 0, 0);
    return why;
}

static void run_case(const struct one_case *c)
{
    struct text why = { (char *)record->why_not, 0, sizeof record->why_not };
    key_salt = (u64)sys1(SYS(getpid), 0) << 10;
    catch_faults();
    for (u64 fd = 3; fd < 100; fd++)
        sys1(SYS(close), fd);
    if (c->levels >> COSTS & 1)
        open_counters();
    const char *why_not = set_surroundings(c);
    if (!why_not)
        why_not = find_place(c);
    if (why_not) {
        put(&why, why_not);
        return;
    }
    run_steps(c);
    for (u32 i = 0; i < MOST_IDENTIFIERS; i++)
        if (record->identifiers[i] > 0)
            sys3(SYS(shmctl), (u64)record->identifiers[i] - 1, 0 /* IPC_RMID */, 0);
}
