/* A thread sleeps in a call that Linux does not restart after an interruption, while another one moves memory. */
#include "cases.h"
#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>

static int in_epoll(void)
{
    struct epoll_event event;
    return epoll_wait(epoll_create1(0), &event, 1, 150);
}

static int in_sigtimedwait(void)
{
    sigset_t set;
    struct timespec limit = { 0, 150000000 };
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return sigtimedwait(&set, NULL, &limit) == -1 && errno == EAGAIN ? 0 : -1;
}

static int in_semtimedop(void)
{
    struct timespec limit = { 0, 150000000 };
    struct sembuf down = { 0, -1, 0 };
    int id = semget(IPC_PRIVATE, 1, 0600);
    int result = semtimedop(id, &down, 1, &limit) == -1 && errno == EAGAIN ? 0 : -1;
    semctl(id, 0, IPC_RMID);
    return result;
}

static int in_recv(void)
{
    int ends[2];
    char byte;
    struct timeval limit = { 0, 150000 };
    socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return recv(ends[0], &byte, 1, 0) == -1 && errno == EAGAIN ? 0 : -1;
}

static int in_poll(void) { return poll(NULL, 0, 150); }

static int in_nanosleep(void)
{
    struct timespec limit = { 0, 150000000 };
    return nanosleep(&limit, NULL);
}

static int (*sleep_in)(void);
static volatile int is_over, result_of_sleep;

static void *sleeper(void *unused)
{
    result_of_sleep = sleep_in();
    is_over = 1;
    return unused;
}

static int move_beside(int (*sleep)(void))
{
    pthread_t thread;
    char *p = ANON(4 * PAGE), *q = ANON(4 * PAGE);
    sleep_in = sleep;
    CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
    usleep(20000);
    do {
        *p = 1;
        CHECK(mremap(p, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q);
        char *moved = p;
        p = q;
        q = moved;
        usleep(1000);
    } while (!is_over);
    pthread_join(thread, NULL);
    CHECK(result_of_sleep == 0);
    return 0;
}

CASE(memory_moves_beside_epoll_wait) { return move_beside(in_epoll); }
CASE(memory_moves_beside_sigtimedwait) { return move_beside(in_sigtimedwait); }
CASE(memory_moves_beside_semtimedop) { return move_beside(in_semtimedop); }
CASE(memory_moves_beside_recv_with_a_timeout) { return move_beside(in_recv); }
CASE(memory_moves_beside_poll) { return move_beside(in_poll); }
CASE(memory_moves_beside_nanosleep) { return move_beside(in_nanosleep); }
