// SPDX-License-Identifier: GPL-2.0-only
// Measures the move that only the kernel itself makes: execve lays out the new program's stack at the highest address, and
// then moves it down by a random distance.
//   execve [TRIES]
// The new program gets 2 MiB of arguments, so that its stack reaches into two blocks of 2 MiB, and tells where its stack ended
// up. One of 512 distances is a multiple of 2 MiB. For the first distance, and for the first of those, it prints what the kernel
// did meanwhile: tables made and TLB flushes, by the stack that the kernel records with each event.
// Exit codes: 0 measured; 1 no such distance in TRIES (default 6000); 2 not possible here.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRACING "/sys/kernel/tracing/"
enum { page = 4096, block = 2 << 20, arguments = 17, argument_length = 31 * page };
static const unsigned long highest = 0x7ffffffff000; // where the stack ends before it moves, with four levels of tables

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static void set(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (file < 0 || write(file, text, strlen(text)) != (ssize_t)strlen(text))
		die(path);
	close(file);
}

// The new program: [start, end) of its stack, as maps shows it.
static int tell(void)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "re");
	while (maps && fgets(line, sizeof line, maps))
		if (strstr(line, "[stack]"))
			fputs(line, stdout);
	return 0;
}

// The end of the new program's stack, and the process that runs it.
static unsigned long run(char *self, char **list, pid_t *process)
{
	int ends[2];
	unsigned long start, end = 0;
	if (pipe2(ends, O_CLOEXEC) != 0)
		die("pipe2");
	set(TRACING "trace", "\n");
	set(TRACING "tracing_on", "1");
	pid_t child = fork();
	if (child == 0) {
		char *none[] = { NULL };
		dup2(ends[1], 1);
		execve(self, list, none);
		_exit(127);
	}
	close(ends[1]);
	FILE *said = fdopen(ends[0], "r");
	if (child < 0 || !said || fscanf(said, "%lx-%lx", &start, &end) != 2)
		die("the new program");
	fclose(said);
	waitpid(child, NULL, 0);
	*process = child;
	set(TRACING "tracing_on", "0");
	return end;
}

// Counts the events of the move, which is in a function of its own, with the removal of the old place.
static void report(unsigned long end, pid_t process)
{
	char line[1024], mark[32];
	unsigned tables = 0, flushes = 0;
	int event = 0; // 1 a table, 2 a flush
	snprintf(mark, sizeof mark, "-%d ", (int)process);
	FILE *trace = fopen(TRACING "trace", "re");
	while (trace && fgets(line, sizeof line, trace)) {
		if (strstr(line, " mm_page_alloc: "))
			event = strstr(line, mark) ? 1 : 0;
		else if (strstr(line, " tlb_flush: "))
			event = strstr(line, mark) ? 2 : 0;
		else if (strstr(line, "relocate_vma_down") || strstr(line, "shift_arg_pages")) {
			tables += event == 1;
			flushes += event == 2;
			event = 0;
		}
	}
	if (trace)
		fclose(trace);
	printf("execve: the stack moved down by %#lx, %s 2 MiB: %u tables made, %u flushes\n", highest - end,
	       (highest - end) % block == 0 ? "a multiple of" : "not a multiple of", tables, flushes);
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return tell();
	static char text[argument_length];
	static char *list[arguments + 1];
	unsigned long tries = argc > 1 ? strtoul(argv[1], NULL, 0) : 6000;
	struct rlimit limit = { 64 << 20, 64 << 20 };
	memset(text, 'x', sizeof text - 1);
	for (int i = 0; i < arguments; i++)
		list[i] = text;
	if (setrlimit(RLIMIT_STACK, &limit) != 0)
		die("setrlimit");
	set(TRACING "options/stacktrace", "1");
	set(TRACING "events/kmem/mm_page_alloc/filter", "gfp_flags&0x100&&migratetype==0");
	set(TRACING "events/tlb/tlb_flush/filter", "reason==3");
	set(TRACING "events/kmem/mm_page_alloc/enable", "1");
	set(TRACING "events/tlb/tlb_flush/enable", "1");
	bool found = false, other = false;
	for (unsigned long i = 0; i < tries && !found; i++) {
		pid_t process;
		unsigned long end = run(argv[0], list, &process);
		found = (highest - end) % block == 0;
		if (found || !other)
			report(end, process);
		other = true;
	}
	set(TRACING "events/enable", "0");
	set(TRACING "options/stacktrace", "0");
	return found ? 0 : 1;
}
