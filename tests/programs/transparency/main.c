/* Without an argument: the names of all cases. With one: runs that case. Its exit code is the case's. */
#include "cases.h"

#define MOST 400

static struct {
    const char *name;
    int (*run)(void);
} cases[MOST];
static int count;

void add_case(const char *name, int (*run)(void))
{
    if (count == MOST)
        abort();
    cases[count].name = name;
    cases[count++].run = run;
}

pid_t start(int (*run)(void))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        int code = run();
        fflush(stdout);
        _exit(code);
    }
    return child;
}

int status_of(int (*run)(void))
{
    int status = -1;
    pid_t child = start(run);
    return waitpid(child, &status, 0) == child ? status : -1;
}

int main(int argc, char **argv)
{
    for (int i = 0; i < count; i++) {
        if (argc < 2)
            puts(cases[i].name);
        else if (strcmp(argv[1], cases[i].name) == 0)
            return cases[i].run();
    }
    return argc < 2 ? 0 : 2;
}
