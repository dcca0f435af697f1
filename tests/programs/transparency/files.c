/* What may be done with a mapping of a file depends on how the file was opened: each time, and by which thread. */
#include "cases.h"
#include <sys/stat.h>

static char path[64];

static int make_file(void)
{
    snprintf(path, sizeof path, "/tmp/pageshift-file-%d", getpid());
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    return fd < 0 || ftruncate(fd, 16 * PAGE) || close(fd);
}

static char *map(int fd, int protection, int page) { return mmap(NULL, PAGE, protection, MAP_SHARED, fd, page * PAGE); }

/* Both openings get the same descriptor. */
static int open_again(int first, int second, int *fd)
{
    CHECK(make_file() == 0);
    *fd = open(path, first);
    CHECK(map(*fd, PROT_READ, 0) != MAP_FAILED);
    close(*fd);
    CHECK(open(path, second) == *fd && unlink(path) == 0);
    return 0;
}

CASE(a_file_is_opened_again_for_writing)
{
    int fd;
    CHECK(open_again(O_RDONLY, O_RDWR, &fd) == 0);
    char *written = map(fd, PROT_READ | PROT_WRITE, 1), *read = map(fd, PROT_READ, 4);
    CHECK(written != MAP_FAILED && read != MAP_FAILED);
    CHECK(mprotect(read, PAGE, PROT_READ | PROT_WRITE) == 0);
    return 0;
}

CASE(a_file_is_opened_again_for_reading)
{
    int fd;
    CHECK(open_again(O_RDWR, O_RDONLY, &fd) == 0);
    CHECK(map(fd, PROT_READ | PROT_WRITE, 1) == MAP_FAILED && errno == EACCES);
    char *read = map(fd, PROT_READ, 4);
    CHECK(read != MAP_FAILED && mprotect(read, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES);
    return 0;
}

static int shared_fd;

static void *with_own_descriptors(void *unused)
{
    if (unshare(CLONE_FILES) != 0 || close(shared_fd) != 0 || open(path, O_RDWR) != shared_fd)
        return unused;
    char *written = map(shared_fd, PROT_READ | PROT_WRITE, 0), *read = map(shared_fd, PROT_READ, 4);
    return written != MAP_FAILED && mprotect(read, PAGE, PROT_READ | PROT_WRITE) == 0 ? path : unused;
}

CASE(a_thread_has_descriptors_of_its_own)
{
    pthread_t thread;
    void *done;
    CHECK(make_file() == 0);
    shared_fd = open("/proc/self/exe", O_RDONLY);
    CHECK(map(shared_fd, PROT_READ, 0) != MAP_FAILED);
    CHECK(pthread_create(&thread, NULL, with_own_descriptors, NULL) == 0 && pthread_join(thread, &done) == 0);
    CHECK(unlink(path) == 0 && done == path);
    CHECK(map(shared_fd, PROT_READ | PROT_WRITE, 0) == MAP_FAILED && errno == EACCES);
    return 0;
}

static int first_thread_has_ended;

static void *after_the_first_thread(void *first)
{
    if (pthread_join(*(pthread_t *)first, NULL) != 0 || make_file() != 0)
        _exit(1);
    int fd = open(path, O_RDONLY);
    char *read = map(fd, PROT_READ, 0);
    first_thread_has_ended = unlink(path) == 0 && mprotect(read, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES;
    _exit(!first_thread_has_ended);
}

static int end_first_thread(void)
{
    static pthread_t first, second;
    first = pthread_self();
    if (pthread_create(&second, NULL, after_the_first_thread, &first) != 0)
        return 2;
    pthread_exit(NULL);
}

CASE(a_file_is_mapped_after_the_first_thread_has_ended)
{
    CHECK(status_of(end_first_thread) == 0);
    return 0;
}

CASE(mappings_of_two_openings_do_not_move_as_one)
{
    CHECK(make_file() == 0);
    char *p = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + PAGE;
    for (int i = 0; i < 2; i++) {
        int fd = open(path, O_RDWR);
        CHECK(mmap(p + i * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, i * PAGE) == p + i * PAGE && close(fd) == 0);
    }
    CHECK(unlink(path) == 0 && mremap(p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    CHECK(mprotect(p + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    return 0;
}
