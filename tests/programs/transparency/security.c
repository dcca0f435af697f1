/* What a program sees of seccomp and no_new_privs, of which a tracer may use some itself. */
#include "cases.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <grp.h>
#include <sys/time.h>

static void leave_uncored(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
}

static int strict_then(int (*run)(void))
{
    leave_uncored();
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 99;
    syscall(SYS_exit, run());
    return 98;
}

static char *page;
static int move_it(void) { return mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED; }
static int ask_who(void) { return syscall(SYS_getppid) == 0; }
static int write_a_line(void) { return write(1, "allowed\n", 8) != 8; }
static int ask_for_mode(void) { return prctl(PR_GET_SECCOMP); }

static int strict_move(void) { return strict_then(move_it); }
static int strict_question(void) { return strict_then(ask_who); }
static int strict_line(void) { return strict_then(write_a_line); }
static int strict_mode(void) { return strict_then(ask_for_mode); }

CASE(strict_mode_kills_at_mremap)
{
    page = ANON(PAGE);
    CHECK(status_of(strict_move) == SIGKILL);
    return 0;
}

CASE(strict_mode_kills_at_calls_that_are_no_memory_calls)
{
    CHECK(status_of(strict_question) == SIGKILL && status_of(strict_mode) == SIGKILL);
    return 0;
}

CASE(strict_mode_lets_a_program_write_and_exit)
{
    CHECK(status_of(strict_line) == 0);
    return 0;
}

CASE(strict_mode_kills_the_program_itself)
{
    leave_uncored();
    page = ANON(PAGE);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    return 3;
}

static int strict_by_seccomp(void)
{
    leave_uncored();
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL) != -1 || errno != EINVAL)
        return 97;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 0, NULL) != 0)
        return 99;
    return munmap(page, PAGE);
}

CASE(strict_mode_by_seccomp_kills_at_munmap)
{
    page = ANON(PAGE);
    CHECK(status_of(strict_by_seccomp) == SIGKILL);
    return 0;
}

static volatile int handled;
static void handle(int signal) { handled = signal; }
static int strict_with_handler(void)
{
    struct itimerval soon = { .it_value = { .tv_usec = 1000 } };
    signal(SIGALRM, handle);
    setitimer(ITIMER_REAL, &soon, NULL);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return 99;
    while (!handled)
        ;
    syscall(SYS_exit, handled != SIGALRM);
    return 98;
}

CASE(strict_mode_lets_a_handler_return)
{
    CHECK(status_of(strict_with_handler) == 0);
    return 0;
}

static void *be_strict(void *unused)
{
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    munmap(page, PAGE);
    return unused;
}

static int strict_thread(void)
{
    leave_uncored();
    pthread_t thread;
    page = ANON(PAGE);
    pthread_create(&thread, NULL, be_strict, NULL);
    pthread_join(thread, NULL);
    return *page + 5;
}

CASE(strict_mode_ends_only_its_thread)
{
    CHECK(WEXITSTATUS(status_of(strict_thread)) == 5);
    return 0;
}

CASE(a_program_without_a_filter_sees_none)
{
    CHECK(prctl(PR_GET_SECCOMP) == 0);
    return 0;
}

CASE(a_program_has_no_new_privs_only_when_it_asks)
{
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0) == -1 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    return 0;
}

static int ask_for_privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }

CASE(a_child_has_no_new_privs_when_its_parent_has)
{
    CHECK(status_of(ask_for_privileges) == 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    CHECK(WEXITSTATUS(status_of(ask_for_privileges)) == 1);
    return 0;
}

/* Answers one call with an action, and allows the rest. */
static int filter(int number, unsigned action, int by_prctl)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog given = { .len = 4, .filter = program };
    return by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &given) : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &given);
}

CASE(a_filter_of_its_own_refuses_a_call)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    CHECK(filter(SYS_mmap, SECCOMP_RET_ERRNO | EXDEV, 0) == 0);
    CHECK(ANON(PAGE) == MAP_FAILED && errno == EXDEV);
    CHECK(prctl(PR_GET_SECCOMP) == 2 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == -1 && errno == EINVAL);
    return 0;
}

CASE(a_filter_of_its_own_has_no_tracer_to_ask)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    CHECK(filter(SYS_getppid, SECCOMP_RET_TRACE, 1) == 0);
    CHECK(syscall(SYS_getppid) == -1 && errno == ENOSYS);
    return 0;
}

CASE(a_filter_of_its_own_has_no_tracer_to_ask_about_memory)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    page = ANON(PAGE);
    CHECK(filter(SYS_munmap, SECCOMP_RET_TRACE | 7, 0) == 0);
    CHECK(munmap(page, PAGE) == -1 && errno == ENOSYS && *page == 0);
    return 0;
}

static int killed_by_its_filter(void)
{
    leave_uncored();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (filter(SYS_mremap, SECCOMP_RET_KILL_PROCESS, 0) != 0)
        return 99;
    return move_it();
}

CASE(a_filter_of_its_own_kills)
{
    page = ANON(PAGE);
    CHECK(status_of(killed_by_its_filter) == SIGSYS);
    return 0;
}

/* As a user without privilege; what the kernel refuses one, it refuses one that is traced. */
static int become_nobody(void)
{
    return geteuid() == 0 ? setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0 : 0;
}

CASE(a_filter_needs_no_new_privs)
{
    CHECK(become_nobody() == 0);
    CHECK(filter(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, 0) == -1 && errno == EACCES);
    CHECK(filter(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, 1) == -1 && errno == EACCES);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(filter(SYS_getppid, SECCOMP_RET_ERRNO | EXDEV, 0) == 0);
    CHECK(syscall(SYS_getppid) == -1 && errno == EXDEV);
    return 0;
}

CASE(a_filter_is_checked)
{
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x8000, NULL) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, 77, 0, NULL) == -1 && errno == EINVAL);
    return 0;
}
