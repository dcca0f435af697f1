/* Children: when their parent can wait for them, and what clone makes. */
#include "cases.h"
#include <sys/epoll.h>
#include <spawn.h>

static int map_and_exit(void) { return ANON(PAGE) == MAP_FAILED; }

static int open_pidfd(pid_t child) { return syscall(SYS_pidfd_open, child, 0); }

static int await_end(pid_t child)
{
    int fd = open_pidfd(child);
    struct pollfd end = { .fd = fd, .events = POLLIN };
    return poll(&end, 1, -1) == 1 ? fd : -1;
}

CASE(a_child_whose_pidfd_polls_can_be_waited_for)
{
    for (int i = 0; i < 100; i++) {
        pid_t child = start(map_and_exit);
        int status = -1, fd = await_end(child);
        CHECK(fd >= 0 && waitpid(child, &status, WNOHANG) == child && status == 0);
        close(fd);
    }
    return 0;
}

CASE(a_child_whose_pidfd_polls_is_found_by_waitid)
{
    for (int i = 0; i < 50; i++) {
        pid_t child = start(map_and_exit);
        siginfo_t info = { 0 };
        int fd = await_end(child);
        CHECK(waitid((idtype_t)3 /* P_PIDFD */, fd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child);
        CHECK(waitid((idtype_t)3, fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == child && info.si_status == 0);
        close(fd);
    }
    return 0;
}

CASE(a_child_whose_pidfd_polls_is_found_among_all)
{
    for (int i = 0; i < 50; i++) {
        pid_t child = start(map_and_exit);
        int fd = await_end(child), status;
        CHECK(waitpid(-1, &status, WNOHANG) == child);
        close(fd);
    }
    return 0;
}

CASE(a_child_seen_to_end_by_epoll_can_be_waited_for)
{
    int watch = epoll_create1(0);
    for (int i = 0; i < 50; i++) {
        pid_t child = start(map_and_exit);
        int fd = open_pidfd(child), status;
        struct epoll_event event = { .events = EPOLLIN };
        CHECK(epoll_ctl(watch, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(watch, &event, 1, -1) == 1);
        CHECK(waitpid(child, &status, WNOHANG) == child);
        close(fd);
    }
    return 0;
}

static void *linger(void *unused)
{
    usleep(1000);
    ANON(PAGE);
    return unused;
}

static int end_with_threads(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, linger, NULL);
    return 3;
}

CASE(a_child_with_threads_whose_pidfd_polls_can_be_waited_for)
{
    for (int i = 0; i < 30; i++) {
        pid_t child = start(end_with_threads);
        int fd = await_end(child), status;
        CHECK(waitpid(child, &status, WNOHANG) == child && WEXITSTATUS(status) == 3);
        close(fd);
    }
    return 0;
}

static pid_t child_of_another;
static void *wait_for_it(void *unused)
{
    int fd = await_end(child_of_another), status;
    close(fd);
    return waitpid(child_of_another, &status, WNOHANG) == child_of_another ? unused : &child_of_another;
}

CASE(a_thread_waits_for_the_child_of_another)
{
    for (int i = 0; i < 30; i++) {
        pthread_t thread;
        void *result;
        child_of_another = start(map_and_exit);
        pthread_create(&thread, NULL, wait_for_it, NULL);
        pthread_join(thread, &result);
        CHECK(result == NULL);
    }
    return 0;
}

CASE(many_children_that_have_ended_are_all_found)
{
    pid_t children[20];
    for (int i = 0; i < 20; i++)
        children[i] = start(map_and_exit);
    for (int i = 0; i < 20; i++)
        close(await_end(children[i]));
    for (int i = 0; i < 20; i++)
        CHECK(waitpid(-1, NULL, WNOHANG) > 0);
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
    return 0;
}

static int sleep_for_ever(void) { return pause(); }

CASE(a_child_that_runs_is_not_found)
{
    pid_t child = start(sleep_for_ever);
    CHECK(waitpid(child, NULL, WNOHANG) == 0);
    kill(child, SIGTERM);
    int status, fd = await_end(child);
    CHECK(fd >= 0 && waitpid(child, &status, WNOHANG) == child && WTERMSIG(status) == SIGTERM);
    return 0;
}

CASE(a_child_can_be_waited_for_after_SIGCHLD)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 50; i++) {
        pid_t child = start(map_and_exit);
        siginfo_t info;
        CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == child);
        CHECK(waitpid(child, NULL, WNOHANG) == child);
    }
    return 0;
}

CASE(a_child_that_stops_and_goes_on_is_seen_to)
{
    int status;
    pid_t child = start(sleep_for_ever);
    kill(child, SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(child, &status, WNOHANG | WUNTRACED) == 0);
    kill(child, SIGCONT);
    CHECK(waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
    return 0;
}

static int crash(void)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    *(volatile int *)8 = 1;
    return 0;
}

CASE(a_crash_is_told_to_the_parent)
{
    CHECK(status_of(crash) == SIGSEGV);
    return 0;
}

static int grandchild_outlives_its_parent(void)
{
    start(map_and_exit);
    return 0;
}

CASE(an_orphan_is_its_subreapers)
{
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
    CHECK(status_of(grandchild_outlives_its_parent) == 0);
    CHECK(waitpid(-1, NULL, 0) > 0 && waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
    return 0;
}

CASE(children_nobody_waits_for_are_gone)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 10; i++)
        start(map_and_exit);
    CHECK(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
    return 0;
}

CASE(a_spawned_program_ends_as_it_does)
{
    extern char **environ;
    pid_t child;
    int status;
    char *arguments[] = { "sh", "-c", "exit 9", NULL };
    CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9);
    return 0;
}

static void *execute(void *unused)
{
    execl("/bin/sh", "sh", "-c", "exit 8", (char *)NULL);
    return unused;
}

static int execute_in_a_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, execute, NULL);
    return pause();
}

CASE(a_thread_executes_a_program)
{
    CHECK(WEXITSTATUS(status_of(execute_in_a_thread)) == 8);
    return 0;
}

/* clone and clone3 that ask for a child that no tracer gets. */

static char stack[64 * 1024] __attribute__((aligned(16)));

static int map_and_move(void *unused)
{
    char *a = ANON(4 * PAGE);
    if (a == MAP_FAILED)
        return errno == ENOSYS ? 38 : 1;
    a[0] = 1;
    return mremap(a, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? 2 : unused != NULL;
}

static int status_of_clone(int flags)
{
    int status = -1;
    pid_t child = clone(map_and_move, stack + sizeof stack, flags | CLONE_UNTRACED | SIGCHLD, NULL);
    return waitpid(child, &status, 0) == child ? status : -1;
}

CASE(an_untraced_child_maps_memory)
{
    CHECK(status_of_clone(0) == 0);
    return 0;
}

CASE(an_untraced_child_in_its_parents_memory_maps_memory)
{
    for (int i = 0; i < 20; i++)
        CHECK(status_of_clone(CLONE_VM | CLONE_FS | CLONE_FILES) == 0);
    return 0;
}

CASE(an_untraced_child_for_which_its_parent_sleeps_maps_memory)
{
    CHECK(status_of_clone(CLONE_VM | CLONE_VFORK) == 0);
    return 0;
}

static int status_of_clone3(struct clone_args *arguments)
{
    int status = -1;
    pid_t child = syscall(SYS_clone3, arguments, sizeof *arguments);
    if (child == 0) /* its own copy of the flags, unless it has the parent's */
        _exit(arguments->flags != CLONE_UNTRACED || map_and_move(NULL) != 0);
    return waitpid(child, &status, 0) == child && arguments->flags == CLONE_UNTRACED ? status : -1;
}

CASE(an_untraced_child_of_clone3_maps_memory)
{
    struct clone_args arguments = { .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };
    CHECK(status_of_clone3(&arguments) == 0);
    return 0;
}

CASE(an_untraced_child_of_clone3_with_read_only_arguments_maps_memory)
{
    struct clone_args *arguments = (void *)ANON(PAGE);
    *arguments = (struct clone_args){ .flags = CLONE_UNTRACED, .exit_signal = SIGCHLD };
    CHECK(mprotect(arguments, PAGE, PROT_READ) == 0);
    CHECK(status_of_clone3(arguments) == 0);
    return 0;
}

/* The system call leaves its argument's register as it was. */
static long raw_clone(unsigned long flags, unsigned long *kept)
{
    long result;
    register unsigned long fourth __asm__("r10") = 0, fifth __asm__("r8") = 0;
    unsigned long first = flags;
    __asm__ volatile("syscall" : "=a"(result), "+D"(first) : "0"(SYS_clone), "S"(0), "d"(0), "r"(fourth), "r"(fifth) : "rcx", "r11", "memory");
    *kept = first;
    return result;
}

CASE(the_registers_of_an_untraced_clone_stay)
{
    unsigned long flags = CLONE_UNTRACED | SIGCHLD, kept;
    int status;
    long child = raw_clone(flags, &kept);
    if (child == 0)
        _exit(kept != flags);
    CHECK(kept == flags && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

CASE(the_registers_of_a_refused_clone_stay)
{
    unsigned long flags = CLONE_UNTRACED | CLONE_SIGHAND | SIGCHLD, kept;
    CHECK(raw_clone(flags, &kept) == -EINVAL && kept == flags);
    return 0;
}
