/* The whole suite: each case in a process group of its own, with a time limit; TAP 14 or JSON. */

enum { USUAL_SECONDS = 20 };

static struct { int is_json, seconds, kernel, list; const char *only, *from; u32 only_level; } options = { 0, USUAL_SECONDS, 9999, 0, 0, 0, LEVELS };

static u32 counts[LEVELS][3]; /* passed, failed, not applicable */

static char output_buffer[8192];
static struct text out = { output_buffer, 0, sizeof output_buffer };

static void flush(void)
{
    for (u32 done = 0; done < out.length;) {
        s64 wrote = sys3(SYS(write), 1, (u64)(out.at + done), out.length - done);
        if (wrote <= 0)
            break;
        done += (u32)wrote;
    }
    out.length = 0;
}

static void say(const char *text)
{
    for (; *text; text++) {
        if (out.length + 8 >= out.room)
            flush();
        put_char(&out, *text);
    }
}

static void say_number(u64 value)
{
    char digits[24];
    struct text t = { digits, 0, sizeof digits };
    put_number(&t, value, 10);
    say(digits);
}

/* A string in quotes, as YAML and JSON both read it. */
static void say_quoted(const char *text)
{
    char one[2] = { 0, 0 };
    say("\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            say("\\");
        one[0] = *text;
        say(one);
    }
    say("\"");
}

static void say_pair(const char *name, const char *value)
{
    if (options.is_json) {
        say(", \"");
        say(name);
        say("\": ");
    } else {
        say("  ");
        say(name);
        say(": ");
    }
    say_quoted(value);
    if (!options.is_json)
        say("\n");
}

static u32 release_of(const char *text)
{
    u64 major = parse(&text, 10);
    if (*text == '.')
        text++;
    return (u32)(major * 100 + parse(&text, 10));
}

static void say_head(const struct one_case *c, u32 level, u64 number, const char *verdict)
{
    if (options.is_json) {
        say(number > 1 ? "  ,{\"case\": " : "  {\"case\": "); /* a line of its own, whole when its case is done: the system may end with the next */
        say_quoted(c->name);
        say_pair("level", level_names[level]);
        say_pair("outcome", verdict);
        return;
    }
    say(same(verdict, "failed") ? "not ok " : "ok ");
    say_number(number);
    say(" - ");
    say(level_names[level]);
    say(": ");
    say(c->name);
}

static void say_failure(const struct one_case *c, u32 level, u64 number, s64 step, const char *expected, const char *found)
{
    say_head(c, level, number, "failed");
    if (!options.is_json)
        say("\n  ---\n");
    if (step >= 0 && step < (s64)c->step_count) {
        say_pair("line", c->steps[step].text);
        for (s64 before = step; before-- > 0;)
            if (c->steps[before].operation < OP_MAPS) {
                say_pair("after", c->steps[before].text);
                break;
            }
    }
    say_pair("expected", expected);
    say_pair("found", found);
    say_pair("rule", c->rule);
    say_pair("source", c->source);
    if (c->matters)
        say_pair("matters", c->matters);
    say(options.is_json ? "}\n" : "  ...\n");
}

static void say_level(const struct one_case *c, u32 level, u64 number, const char *why_not, const char *end)
{
    const struct finding *f = finding_of((enum level)level);
    if (!why_not && !f->checks && !end)
        why_not = level == COSTS ? "needs the kernel's counters of flushes and pages: root, tracefs, perf events, x86-64" : no_answer;
    if (why_not) {
        counts[level][2]++;
        say_head(c, level, number, "notApplicable");
        if (options.is_json) {
            say_pair("reason", why_not);
            say("}\n");
        } else {
            say(" # SKIP ");
            say(why_not);
            say("\n");
        }
    } else if (f->failures) {
        counts[level][1]++;
        say_failure(c, level, number, f->step, f->expected, f->found);
    } else if (end) {
        counts[level][1]++;
        say_failure(c, level, number, record->turn, "the case comes to its end", end);
    } else {
        counts[level][0]++;
        say_head(c, level, number, "passed");
        say(options.is_json ? "}\n" : "\n");
    }
}

static void clear_record(void)
{
    volatile u8 *at = (volatile u8 *)record;
    for (u64 i = 0; i < sizeof *record; i++)
        at[i] = 0;
}

/* Waits for the case's first process, and ends all. Null, or how it ended too early. */
static const char *wait_for(s64 child)
{
    static char how[96];
    struct text t = { how, 0, sizeof how };
    int status = 0, is_late = 0;
    s64 got = 0;
    for (u64 waited = 0; got == 0 && !is_late; waited++) {
        got = sys(SYS(wait4), (u64)child, (u64)&status, 1 /* WNOHANG */, 0, 0, 0);
        if (got == 0) {
            pause_briefly(waited < 100 ? 200000 : 5000000);
            is_late = waited > (u64)options.seconds * 200 + 100;
        }
    }
    sys2(SYS(kill), 0 - (u64)child, SIG_KILL);
    if (is_late) {
        sys2(SYS(kill), (u64)child, SIG_KILL);
        sys(SYS(wait4), (u64)child, (u64)&status, 0, 0, 0, 0);
        put(&t, "no end within the time limit");
        return how;
    }
    if ((status & 0x7f) != 0) {
        put(&t, "killed by signal ");
        put_number(&t, (u64)(status & 0x7f), 10);
        return how;
    }
    if (record->why_not[0] || record->finished)
        return 0;
    if (record->stopped)
        return "not reached: an earlier call succeeded that has to fail, or failed that has to succeed, or returned another address";
    put(&t, "the process ended by itself");
    return how;
}

static int has_failures(void)
{
    u32 failures = 0;
    for (u32 level = 0; level < LEVELS; level++)
        failures += record->levels[level].failures;
    return failures != 0;
}

/* Makes the processes of a case once. Null, or how it ended too early. */
static const char *run_once(const struct one_case *c)
{
    clear_record();
    flush();
    s64 child = make_process();
    if (child == 0) {
        sys2(SYS(setpgid), 0, 0);
        run_case(c);
        sys1(SYS(exit_group), 0);
    }
    if (is_error(child)) {
        struct text why = { (char *)record->why_not, 0, sizeof record->why_not };
        put(&why, "no process can be made");
        return 0;
    }
    return wait_for(child);
}

/* Whether Linux has a large page to give, or takes one apart at once, depends on all that runs there at the moment: such a case fails if it always does. */
static u64 run_one(const struct one_case *c, u64 number)
{
    const char *why_not = why_not_here(c, (u32)options.kernel), *end = 0;
    clear_record();
    for (int tries = c->needs & NEED_HUGE ? 6 : 1; !why_not && tries > 0; tries = end || has_failures() ? tries - 1 : 0)
        end = run_once(c);
    if (record->why_not[0] && !has_failures())
        why_not = (const char *)record->why_not;
    for (u32 level = 0; level < LEVELS; level++)
        if ((c->levels >> level & 1) && (options.only_level == LEVELS || options.only_level == level))
            say_level(c, level, number++, why_not, end);
    return number;
}

static int has_begun;

/* Cases are asked in their order: all before that of --from are passed over. */
static int is_wanted(const struct one_case *c)
{
    has_begun |= !options.from || same(c->name, options.from);
    if (!options.only || !has_begun)
        return has_begun;
    for (const char *at = c->name; *at; at++)
        if (begins(at, options.only))
            return 1;
    return 0;
}

static const char usage[] =
    "usage: conform [--json] [--kernel RELEASE] [--level LEVEL] [--only WORD] [--from CASE] [--seconds N] [--list]\n"
    "  --json             JSON instead of TAP 14\n"
    "  --kernel RELEASE   leave out what Linux has since a later release, such as 6.1\n"
    "  --level LEVEL      results, leftovers, mappings, merging, placement or costs alone\n"
    "  --only WORD        the cases whose name holds the word\n"
    "  --from CASE        this case and those after it, such as after one that has ended the system\n"
    "  --seconds N        the time limit of one case (20)\n"
    "  --list             the names of the cases and their rules\n"
    "exit code: 0 nothing failed, 1 something failed, 2 wrong usage, 3 nothing could be run\n";

static int read_options(char **arguments)
{
    for (char **at = arguments + 1; *at; at++) {
        const char *value = at[1];
        if (same(*at, "--json")) {
            options.is_json = 1;
            continue;
        }
        if (same(*at, "--list")) {
            options.list = 1;
            continue;
        }
        if (!value)
            return 0;
        if (same(*at, "--kernel")) {
            options.kernel = (int)release_of(value);
        } else if (same(*at, "--only")) {
            options.only = value;
        } else if (same(*at, "--from")) {
            options.from = value;
        } else if (same(*at, "--seconds")) {
            options.seconds = (int)parse(&value, 10);
        } else if (same(*at, "--level")) {
            for (options.only_level = 0; options.only_level < LEVELS && !same(value, level_names[options.only_level]);)
                options.only_level++;
            if (options.only_level == LEVELS)
                return 0;
        } else {
            return 0;
        }
        at++;
    }
    return options.seconds > 0;
}

/* The size of a page, which the kernel tells at the start: AT_PAGESZ behind the environment. */
static void read_page_size(char **environment)
{
    while (*environment)
        environment++;
    for (u64 *entry = (u64 *)(environment + 1); entry[0]; entry += 2)
        if (entry[0] == 6 && entry[1] >= CASE_PAGE)
            page = entry[1];
}

static void say_count(const char *name, u32 count)
{
    say(options.is_json ? ", \"" : same(name, "passed") ? ": " : ", ");
    say(options.is_json || !same(name, "notApplicable") ? name : "not applicable");
    say(options.is_json ? "\": " : " ");
    say_number(count);
}

/* The counts of each level: under the names of the tool's JSON (docs/json.md of PageShift), or as comments of TAP. */
static void say_end(u64 points)
{
    if (options.is_json) {
        say(" ],\n \"levels\": [");
    } else {
        say("# points ");
        say_number(points);
        say("\n");
    }
    for (u32 level = 0; level < LEVELS; level++) {
        say(!options.is_json ? "# " : level ? ",\n  {\"level\": \"" : "\n  {\"level\": \"");
        say(level_names[level]);
        say(options.is_json ? "\"" : "");
        say_count("passed", counts[level][0]);
        say_count("failed", counts[level][1]);
        say_count("notApplicable", counts[level][2]);
        say(options.is_json ? "}" : "\n");
    }
    say(options.is_json ? "\n ]\n}\n" : "");
    flush();
}

static int conform(char **arguments, char **environment)
{
    u64 points = 0, number = 1;
    u32 ran = 0;
    if (!read_options(arguments)) {
        sys3(SYS(write), 2, (u64)usage, sizeof usage - 1);
        return 2;
    }
    read_page_size(environment);
    s64 shared = sys(SYS(mmap), 0, (sizeof *record + 65535) & ~65535ull, PROT_RW, MAP_IS_SHARED | MAP_IS_ANONYMOUS, (u64)-1, 0);
    if (is_error(shared)) {
        static const char why[] = "conform: no shared memory for the record of a case\n";
        sys3(SYS(write), 2, (u64)why, sizeof why - 1);
        return 3;
    }
    record = (volatile struct record *)(u64)shared;
    for (u32 i = 0; i < case_count; i++)
        for (u32 level = 0; is_wanted(&cases[i]) && level < LEVELS; level++)
            points += (cases[i].levels >> level & 1) && (options.only_level == LEVELS || options.only_level == level);
    if (!has_begun) {
        static const char unknown[] = "conform: --from: no case has this name (--list names them)\n";
        sys3(SYS(write), 2, (u64)unknown, sizeof unknown - 1);
        return 2;
    }
    has_begun = 0;
    if (options.list) {
        for (u32 i = 0; i < case_count; i++)
            if (is_wanted(&cases[i])) {
                say(cases[i].name);
                say("\n  ");
                say(cases[i].rule);
                say("\n");
            }
        flush();
        return 0;
    }
    if (options.is_json) {
        say("{\"schema\": 1, \"suite\": \"pageshift-conform\", \"version\": ");
        say_quoted(suite_version);
        say(",\n \"results\": [\n");
    } else {
        say("TAP version 14\n1..");
        say_number(points);
        say("\n");
    }
    for (u32 i = 0; i < case_count; i++)
        if (is_wanted(&cases[i]))
            number = run_one(&cases[i], number);
    say_end(points);
    u32 failed = 0;
    for (u32 level = 0; level < LEVELS; level++) {
        failed += counts[level][1];
        ran += counts[level][0] + counts[level][1];
    }
    return failed ? 1 : ran ? 0 : 3;
}

#ifdef CONFORM_NOLIBC
void conform_start(u64 *stack)
{
    u64 count = stack[0];
    sys1(SYS(exit_group), (u64)conform((char **)(stack + 1), (char **)(stack + count + 2)));
    for (;;)
        ;
}

#if defined(__x86_64__)
__asm__(".text\n.globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call conform_start\n");
#elif defined(__aarch64__)
__asm__(".text\n.globl _start\n_start:\n mov x29, xzr\n mov x0, sp\n bl conform_start\n");
#else
__asm__(".text\n.globl _start\n_start:\n .option push\n .option norelax\n la gp, __global_pointer$\n .option pop\n mv a0, sp\n call conform_start\n");
#endif
#else
int main(int count, char **arguments, char **environment)
{
    (void)count;
    return conform(arguments, environment);
}
#endif
