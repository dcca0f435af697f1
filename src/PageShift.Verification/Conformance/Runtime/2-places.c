/* Cases: their data, and where they lie in this process. A case is written for an empty address space with pages of 4 KiB. Its addresses are moved by one
 * displacement into a window that is free here; those that Linux chose (below 0x7ffff7fff000, downwards) are moved below a mapping that stands for that limit;
 * those of the heap follow this program's own heap; lengths are multiples of the page size that is found here. */

enum operation { OP_CALL, OP_SET, OP_READ, OP_FORK, OP_EXIT, OP_LIMIT, OP_OPEN, OP_MEMORY_FILE, OP_SECRET_FILE, OP_TRUNCATE, OP_CLOSE, OP_INCORE, OP_FILL,
                 OP_VDSO, OP_USERFAULT, OP_MAPS, OP_FLAGS, OP_PAGES, OP_WITHIN, OP_COST };
enum expectation { EXPECT_VALUE, EXPECT_ERROR, EXPECT_ADDRESS, EXPECT_IDENTIFIER, EXPECT_DESCRIPTOR };
enum level { RESULTS, LEFTOVERS, MAPPINGS, MERGING, PLACEMENT, COSTS, LEVELS };
enum need { NEED_4K = 1, NEED_HUGE = 2, NEED_KEYS = 4, NEED_NO_KEYS = 8, NEED_LOW = 16, NEED_BREAK = 32, NEED_CHOICE = 64, NEED_OVERCOMMIT = 128,
            NEED_ANONYMOUS_ONLY = 256, NEED_NO_MEMORY_FAILURES = 512, NEED_EMPTY_POOL = 1024, NEED_RAISED_HINTS = 2048, NEED_MAP_COUNT = 4096,
            NEED_SECRET_MEMORY = 8192, NEED_SHARED_MEMORY = 16384 };

struct step {
    u8 operation, process, expects, is_open; /* is_open: the kernel may choose the address */
    short number;                             /* of the system call, here */
    const char *forms;                        /* one letter for each argument: a address, l length, o offset, f descriptor, i identifier, k key, v vector, c as it is */
    u64 arguments[6];
    s64 value;
    const char *expected;                     /* of a look: the text; of mincore: the vector */
    const char *text;                         /* the line of the case */
};

struct one_case {
    const char *name, *rule, *source, *matters, *not_here; /* not_here: why a program can't show it */
    u64 lowest, end, room;                                  /* of its addresses in the window; how far below the top the kernel chooses */
    u32 needs, levels, release;                             /* release: 6.13 is 613 */
    u32 first_process, step_count;
    const struct step *steps;
};

static const char *const level_names[LEVELS] = { "results", "leftovers", "mappings", "merging", "placement", "costs" };

enum { CASE_PAGE = 4096, MOST_REGIONS = 32, MOST_DESCRIPTORS = 32, MOST_IDENTIFIERS = 128 };

#define LOW_END 0x200000ull
#define BREAK_START 0x401000ull
#define BREAK_END 0x700000ull
#define CHOSEN_FROM 0x700000000000ull
#define CHOSEN_TOP 0x7ffff7fff000ull
#define USER_END 0x7ffffffff000ull
#define MB (1ull << 20)
#define GB (1ull << 30)

/* Where the case lies. Of each process its own, as it is copied by a fork. */
static struct {
    const struct one_case *c;
    u64 window, window_end, top, heap, user_end;
    struct { u64 asked, length, got; } regions[MOST_REGIONS];
    u32 region_count;
    int descriptors[MOST_DESCRIPTORS];
    u64 total_bytes, data_bytes;
    int last_failed, userfault; /* userfault: the descriptor of this process's own userfaultfd; -1 for none yet */
} here;

static u64 page = CASE_PAGE;

/* A length or a distance of the case, with the pages that are here. */
static u64 scaled(u64 value)
{
    u64 pages = value / CASE_PAGE, rest = value % CASE_PAGE;
    if (page == CASE_PAGE)
        return value;
    return rest <= CASE_PAGE / 2 ? pages * page + rest : (pages + 1) * page - (CASE_PAGE - rest);
}

static u64 scaled_length(u64 value)
{
    if (value >= CHOSEN_FROM && value <= USER_END + CASE_PAGE)
        return here.user_end + (value - USER_END);
    return value >> 63 ? value : scaled(value);
}

/* The address here of an address of the case. */
static u64 place(u64 a)
{
    if (a == 0)
        return 0;
    for (u32 i = here.region_count; i--;)
        if (a - here.regions[i].asked < here.regions[i].length)
            return here.regions[i].got + scaled(a - here.regions[i].asked);
    if ((here.c->needs & NEED_BREAK) && a < BREAK_START)
        return page; /* below the heap of any program */
    if ((here.c->needs & NEED_BREAK) && a < BREAK_END)
        return here.heap + scaled(a) - scaled(BREAK_START);
    if (a < LOW_END)
        return scaled(a);
    if (a < CHOSEN_FROM)
        return here.window + scaled(a - here.c->lowest);
    if (a <= CHOSEN_TOP)
        return here.top - scaled(CHOSEN_TOP - a);
    if (a <= 0x800000001000ull)
        return here.user_end + (a - USER_END);
    return a;
}

/* The address in the case of an address here. */
static u64 unplace(u64 a)
{
    u64 ratio = page / CASE_PAGE;
    for (u32 i = 0; i < here.region_count; i++)
        if (a - here.regions[i].got <= scaled(here.regions[i].length))
            return here.regions[i].asked + (a - here.regions[i].got) / ratio;
    if (a >= here.window && a <= here.window_end)
        return here.c->lowest + (a - here.window) / ratio;
    if (here.top && a > here.window_end && a <= here.top)
        return CHOSEN_TOP - (here.top - a) / ratio;
    if ((here.c->needs & NEED_BREAK) && a >= here.heap && a < here.heap + scaled(BREAK_END - BREAK_START))
        return BREAK_START + (a - here.heap) / ratio;
    return a < LOW_END ? a / ratio : a;
}

static int is_chosen(u64 a) { return a >= CHOSEN_FROM && a <= CHOSEN_TOP; }

/* Keeps an address that was chosen elsewhere than Linux would have, so that the case goes on there. */
static void keep_region(u64 asked, u64 length, u64 got)
{
    if (here.region_count < MOST_REGIONS) {
        here.regions[here.region_count].asked = asked;
        here.regions[here.region_count].length = (length + CASE_PAGE - 1) & ~(u64)(CASE_PAGE - 1);
        here.regions[here.region_count++].got = got;
    }
}

static s64 map_nothing(u64 at, u64 length, u64 flags)
{
    return sys(SYS(mmap), at, length, PROT_NOTHING, MAP_IS_PRIVATE | MAP_IS_ANONYMOUS | MAP_IS_NORESERVE | flags, (u64)-1, 0);
}

/* Fills the holes above the window that a search from the top would find first. Shared, so that nothing merges with it. A system that does not
 * search from the top shows that at once, and is left alone. */
static void fill_holes_above(u64 top)
{
    u64 length = 64 * MB;
    for (int tries = 0; length >= page && tries < 400; tries++) {
        s64 got = sys(SYS(mmap), 0, length, PROT_NOTHING, MAP_IS_SHARED | MAP_IS_ANONYMOUS | MAP_IS_NORESERVE, (u64)-1, 0);
        if (!is_error(got) && (u64)got > top)
            continue;
        if (!is_error(got))
            sys2(SYS(munmap), (u64)got, length);
        if (is_error(got) || (u64)got + length != top)
            return;
        length /= 2;
    }
}

/* Finds the window. Null, or why there is none. */
static const char *find_place(const struct one_case *c)
{
    u64 length = scaled(c->end - c->lowest), room = c->needs & NEED_CHOICE ? GB + scaled(c->room) : 64 * MB;
    u64 asked = length + GB + room;
    memset(&here, 0, sizeof here);
    here.c = c;
    here.userfault = -1;
    for (u32 i = 0; i < MOST_DESCRIPTORS; i++)
        here.descriptors[i] = -1;
    for (u32 i = 0; i < sizeof ends_of_user_space / sizeof *ends_of_user_space && here.user_end == 0; i++)
        if ((u64)&length < ends_of_user_space[i])
            here.user_end = ends_of_user_space[i];
    s64 free_place = map_nothing(0, asked, 0);
    if (is_error(free_place))
        return "no free window of this size in the address space";
    here.window = ((u64)free_place + GB - 1) & ~(GB - 1);
    here.window_end = here.window + length;
    sys2(SYS(munmap), (u64)free_place, asked);
    if (c->needs & NEED_CHOICE) {
        u64 end = (u64)free_place + asked;
        here.top = ((end - (CHOSEN_TOP & (2 * MB - 1))) & ~(2 * MB - 1)) + (CHOSEN_TOP & (2 * MB - 1));
        if (here.top < end)
            sys(SYS(mmap), here.top, end - here.top, PROT_NOTHING, MAP_IS_SHARED | MAP_IS_ANONYMOUS | MAP_IS_NORESERVE | MAP_IS_FIXED, (u64)-1, 0);
        fill_holes_above(here.top);
    }
    if (c->needs & NEED_BREAK) {
        u64 now = (u64)sys1(SYS(brk), 0);
        here.heap = (now + page - 1) & ~(page - 1);
        if ((u64)sys1(SYS(brk), here.heap) != here.heap)
            return "the heap can't begin at a page";
    }
    s64 total = number_in("/proc/self/status", "VmSize:"), data = number_in("/proc/self/status", "VmData:");
    here.total_bytes = total < 0 ? 0 : (u64)total * 1024;
    here.data_bytes = data < 0 ? 0 : (u64)data * 1024;
    return 0;
}

/* ---- what can be seen of the address space ---- */

struct seen { u64 start, end, offset; char access[5]; u8 has_file; };

static int read_mapping(const char *line, struct seen *m)
{
    const char *at = line;
    m->start = parse(&at, 16);
    if (*at++ != '-')
        return 0;
    m->end = parse(&at, 16);
    if (*at++ != ' ')
        return 0;
    for (int i = 0; i < 4; i++)
        m->access[i] = *at ? *at++ : '-';
    m->access[4] = 0;
    at++;
    m->offset = parse(&at, 16);
    at++;
    u64 device = parse(&at, 16);
    at++;
    device |= parse(&at, 16);
    at++;
    m->has_file = device != 0 || parse(&at, 10) != 0; /* the first shared memory of an IPC namespace has the number 0 */
    return 1;
}

/* The part of a mapping that belongs to the case; false when none does. */
static int is_of_case(struct seen *m)
{
    struct { u64 start, end; } areas[3 + MOST_REGIONS];
    u32 count = 0;
    areas[count].start = here.window;
    areas[count++].end = here.top ? here.top : here.window_end + 64 * MB;
    if (here.c->needs & NEED_LOW) {
        areas[count].start = page;
        areas[count++].end = LOW_END;
    }
    if (here.c->needs & NEED_BREAK) {
        areas[count].start = here.heap;
        areas[count++].end = here.heap + scaled(BREAK_END - BREAK_START);
    }
    for (u32 i = 0; i < here.region_count; i++) {
        areas[count].start = here.regions[i].got;
        areas[count++].end = here.regions[i].got + scaled(here.regions[i].length);
    }
    for (u32 i = 0; i < count; i++) {
        u64 start = m->start > areas[i].start ? m->start : areas[i].start, end = m->end < areas[i].end ? m->end : areas[i].end;
        if (start < end) {
            m->offset += start - m->start;
            m->start = start;
            m->end = end;
            return 1;
        }
    }
    return 0;
}

static void put_mapping(struct text *t, const struct seen *m)
{
    put(t, t->length ? "; " : "");
    put_number(t, m->start, 16);
    put_char(t, '-');
    put_number(t, m->end, 16);
    put_char(t, ' ');
    put(t, m->access);
    if (m->has_file) {
        put(t, " offset 0x");
        put_number(t, m->offset, 16);
    }
}

/* The mappings of the case that have a page in a range, in the case's own addresses, in the words that a case has for them. False where there is no
 * /proc/self/maps. */
static int show_mappings(u64 from, u64 to, struct text *t)
{
    static struct lines l;
    char line[512];
    struct seen m;
    if (!open_lines(&l, "/proc/self/maps"))
        return 0;
    while (next_line(&l, line, sizeof line)) {
        if (!read_mapping(line, &m))
            continue;
        int is_at_its_offset = m.offset == m.start && m.offset != 0;
        if (!is_of_case(&m) || m.end <= from || m.start >= to)
            continue;
        u64 start = unplace(m.start);
        m.end = start + (m.end - m.start) / (page / CASE_PAGE);
        m.start = start;
        m.offset = is_at_its_offset ? start : m.offset / (page / CASE_PAGE);
        put_mapping(t, &m);
    }
    if (t->length == 0)
        put(t, "none");
    return 1;
}

/* The same with neighbours of equal access and consecutive offsets as one: what is mapped, whatever the kernel makes of it. */
static void join_mappings(const char *text, struct text *t)
{
    struct seen last, m;
    int has_last = 0;
    if (same(text, "none")) {
        put(t, text);
        return;
    }
    while (*text) {
        m.start = parse(&text, 16), text++;
        m.end = parse(&text, 16), text++;
        for (int i = 0; i < 4; i++)
            m.access[i] = *text++;
        m.access[4] = 0;
        m.has_file = begins(text, " offset 0x");
        m.offset = 0;
        if (m.has_file) {
            text += 10;
            m.offset = parse(&text, 16);
        }
        if (begins(text, "; "))
            text += 2;
        if (has_last && last.end == m.start && same(last.access, m.access) && last.has_file == m.has_file && (!m.has_file || last.offset + (last.end - last.start) == m.offset)) {
            last.end = m.end;
            continue;
        }
        if (has_last)
            put_mapping(t, &last);
        last = m;
        has_last = 1;
    }
    if (has_last)
        put_mapping(t, &last);
}

static const char known_flags[] = "rd wr ex sh mr mw me ms gd lo lf ac nr de dc dd wf hg nh mg sr rr sf dp sl gu um ";

/* The flags of the mapping at an address, as smaps has them, in the order of known_flags. False where it has none. */
static int show_flags(u64 address, struct text *t)
{
    static struct lines l;
    char line[512];
    struct seen m;
    int is_there = 0, has_flags = 0, has_mapping = 0;
    if (!open_lines(&l, "/proc/self/smaps"))
        return 0;
    while (next_line(&l, line, sizeof line)) {
        if (read_mapping(line, &m)) {
            is_there = m.start <= address && address < m.end;
            has_mapping |= is_there;
        } else if (begins(line, "VmFlags:")) {
            has_flags = 1;
            for (const char *known = known_flags; is_there && *known; known += 3)
                for (const char *at = line + 8; at[0] && at[1] && at[2]; at += 3)
                    if (at[1] == known[0] && at[2] == known[1]) {
                        put(t, t->length ? " " : "");
                        put_char(t, known[0]);
                        put_char(t, known[1]);
                    }
        }
    }
    if (has_flags && !has_mapping)
        put(t, "no mapping");
    return has_flags;
}

/* The entry of a page in /proc/self/pagemap; 0 where it has none. */
static u64 pagemap_entry(int fd, u64 address)
{
    u64 entry = 0;
    return sys(SYS(pread64), (u64)fd, (u64)&entry, 8, address / page * 8, 0, 0) == 8 ? entry : 0;
}

/* Which pages are there: P private, F of an object, Z the page of zeroes, G guard, '.' none. 2 where zeroes can't be told from others; 0 where nothing shows it. */
static int show_pages(u64 address, u64 count, struct text *t)
{
    int fd = (int)sys(SYS(openat), (u64)-100, (u64)"/proc/self/pagemap", 0, 0, 0, 0), shown = 1;
    if (fd < 0 || !(pagemap_entry(fd, (u64)&fd) >> 63)) { /* an emulator may show its own addresses, where this program's stack is not */
        u8 present[64];
        sys1(SYS(close), (u64)fd);
        if (!(here.c->needs & NEED_ANONYMOUS_ONLY) || count > sizeof present || is_error(sys3(SYS(mincore), address, count * page, (u64)present)))
            return 0;
        for (u64 i = 0; i < count; i++)
            put_char(t, present[i] & 1 ? 'P' : '.');
        return 2;
    }
    for (u64 i = 0; i < count; i++) {
        u64 at = address + i * page, entry = pagemap_entry(fd, at), found[3];
        u64 question[12] = { 96, 0, at, at + page, 0, (u64)found, 1, 0, 0, 1 << 5, 0, 1 << 5 }; /* PAGEMAP_SCAN for PAGE_IS_PFNZERO */
        s64 zeroes = entry >> 63 ? sys3(SYS(ioctl), (u64)fd, 0xc0606610u, (u64)question) : 0;
        if (is_error(zeroes))
            shown = 2;
        put_char(t, entry >> 63 ? (zeroes == 1 ? 'Z' : entry >> 61 & 1 ? 'F' : 'P') : entry >> 62 & 1 ? 'G' : '.');
    }
    sys1(SYS(close), (u64)fd);
    return shown;
}
