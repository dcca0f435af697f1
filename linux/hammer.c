// SPDX-License-Identifier: GPL-2.0-only
// Moves a mapping to and fro while other threads work on the mappings that share its boundary blocks.
//   hammer MOVES [SEED]
// What is around the source and the destination: private memory that is written, checked and thrown away; a shared file that
// is mapped, written and truncated by its descriptor, so that the kernel comes by its reverse map; and, by writing to
// /proc/sys/vm/compact_memory, pages that migrate. A child is forked now and then, and the maps are read with all tables. After
// every 16th move the middle of a file's mapping leaves it and comes back, while another thread makes the file's pages large
// and small, for which the kernel takes tables of every mapping of it away.
// After each move some pages of the mapping are checked, and every 256 moves every byte of it. Then other pages of it are
// present: mostly few, so that a move is short and meets its neighbours often, and every eighth time all. Standard error says
// how far it is, standard output what it did; exit code 1 if a byte was wrong.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { page = 4096, mebibyte = 1 << 20, block = 2 * mebibyte, window = 256 * 1024 };
enum { length = mebibyte + 512 * 1024, count = length / page, words = page / 8, progress = 2048 };

// Places of the mapping, in blocks from the base; each begins half a block in. From one to the next the move goes up or
// down, by one block, so that source and destination overlap when expanded, by several, or into another 1 GiB.
static const long places[] = { 64, 63, 66, 62, 65, 64 + 512, 70 };
enum { place_count = sizeof places / sizeof *places, lowest = 60, highest = 72, second_area = 512 };

static char *base;
static int file;
static atomic_bool stopping;
static char *parted, *view;
static int large_file;
static atomic_ulong moved, truncated, disturbances, collapses; // rounds of the threads
static atomic_ulong collapsed, touched, discarded, compacted, forked, tables_made, wrong;

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

// Whoever runs ahead waits, so that what the other threads do for each move is about as much on a slow kernel as on a fast one.
static void wait_for_moves(unsigned long *seen, unsigned long more)
{
	while (!stopping && moved - *seen < more)
		usleep(200);
	*seen = moved;
}

static void wait_for_others(void)
{
	while (touched < 4 * moved || 4 * truncated < moved || 128 * disturbances < moved || 64 * collapses < moved)
		usleep(200);
}

static char *place_at(long number)
{
	return base + number * block + mebibyte;
}

static uint64_t stamp(unsigned index)
{
	return 0x9e3779b97f4a7c15u * (index + 1);
}

static void count_wrong(const char *where, unsigned long at)
{
	if (atomic_fetch_add(&wrong, 1) < 10)
		printf("wrong byte in %s at %#lx\n", where, at);
}

static int open_counter(const char *event, const char *filter)
{
	char path[128];
	long number = -1;
	snprintf(path, sizeof path, "/sys/kernel/tracing/events/%s/id", event);
	FILE *id = fopen(path, "r");
	if (!id || fscanf(id, "%ld", &number) != 1)
		return -1;
	fclose(id);
	struct perf_event_attr attribute = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof attribute, .config = (uint64_t)number };
	int counter = (int)syscall(SYS_perf_event_open, &attribute, 0, -1, -1, 0);
	if (counter >= 0 && ioctl(counter, PERF_EVENT_IOC_SET_FILTER, filter) != 0)
		return -1;
	return counter;
}

// The tables that this thread makes: pages that are zeroed (0x100) and can't be moved.
static int open_table_counter(void)
{
	return open_counter("kmem/mm_page_alloc", "gfp_flags&0x100&&migratetype==0");
}

static uint64_t read_counter(int counter)
{
	uint64_t value = 0;
	if (counter >= 0 && read(counter, &value, sizeof value) != sizeof value)
		die("read");
	return value;
}

// A neighbour: the mapping covers the upper half of a block and the first quarter of the next. Each block has in its second
// quarter, which no place reaches into, [512 KiB, 768 KiB) of private memory and [768 KiB, 1 MiB) of the file.
static char *neighbour(uint64_t *state, int *is_file)
{
	long number = lowest + (long)(next(state) % (highest - lowest));
	*is_file = number & 1;
	if (next(state) % 4 == 0)
		number += second_area;
	return base + number * block + (*is_file ? 768 * 1024 : 512 * 1024);
}

static void *work(void *seed)
{
	uint64_t state = (uint64_t)(uintptr_t)seed;
	// Without the rule a table that neighbours share never leaves them. With it they need another whenever it does.
	int tables = open_table_counter();
	while (!stopping) {
		int is_file;
		char *at = neighbour(&state, &is_file) + next(&state) % (window / page) * page;
		if (is_file) {
			// It may be truncated meanwhile: only by calls that report that instead of a signal.
			uint64_t value = (uint64_t)(uintptr_t)at;
			struct { void *start; size_t length; } from = { &value, sizeof value }, to = { at, sizeof value };
			(void)syscall(SYS_process_vm_writev, getpid(), &from, 1, &to, 1, 0);
			if (next(&state) % 4 == 0)
				madvise(at, page, MADV_DONTNEED);
		} else {
			// Threads share these pages: what is in one is its own address, or nothing.
			volatile uint64_t *word = (volatile uint64_t *)at;
			uint64_t value = *word;
			if (value != 0 && value != (uint64_t)(uintptr_t)at)
				count_wrong("a neighbour", (unsigned long)(uintptr_t)at);
			*word = (uint64_t)(uintptr_t)at;
			// Mostly gone again at once, so that the block is found free of entries.
			if (next(&state) % 8 != 0)
				madvise((void *)((uintptr_t)at & ~(uintptr_t)(window - 1)), window, MADV_DONTNEED);
			atomic_fetch_add(&discarded, 1);
		}
		atomic_fetch_add(&touched, 1);
		if (next(&state) % 16 == 0)
			usleep(next(&state) % 200);
		while (!stopping && touched > 16 * (moved + 1))
			usleep(200);
	}
	atomic_fetch_add(&tables_made, read_counter(tables));
	return NULL;
}

static void *truncate_file(void *unused)
{
	unsigned long seen = 0;
	(void)unused;
	while (!stopping) {
		if (ftruncate(file, 0) != 0 || ftruncate(file, 2L * second_area * block) != 0)
			die("ftruncate");
		truncated++;
		wait_for_moves(&seen, 1);
	}
	return NULL;
}

static void *disturb(void *unused)
{
	static char text[1 << 16];
	unsigned long seen = 0;
	(void)unused;
	while (!stopping) {
		int compact = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC);
		if (compact >= 0 && write(compact, "1", 1) == 1)
			atomic_fetch_add(&compacted, 1);
		if (compact >= 0)
			close(compact);
		int maps = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
		while (maps >= 0 && read(maps, text, sizeof text) > 0)
			;
		if (maps >= 0)
			close(maps);
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		if (child > 0 && waitpid(child, NULL, 0) == child)
			atomic_fetch_add(&forked, 1);
		disturbances++;
		wait_for_moves(&seen, 64);
	}
	return NULL;
}

// The pages of the mapping that were written since it was last thrown away.
static unsigned written[count], written_count;

static void check(const char *at, unsigned index)
{
	const volatile uint64_t *word = (const volatile uint64_t *)(at + (size_t)index * page);
	if (word[0] != stamp(index) || word[words - 1] != stamp(index))
		count_wrong("the mapping", (unsigned long)(uintptr_t)word);
}

// A page that was written has its stamp in its first and last word. All other bytes are zero, also those of the other pages.
static void check_all(const char *at)
{
	bool has_stamp[count] = { false };
	for (unsigned i = 0; i < written_count; i++) {
		check(at, written[i]);
		has_stamp[written[i]] = true;
	}
	for (unsigned index = 0; index < count; index++) {
		const volatile uint64_t *word = (const volatile uint64_t *)(at + (size_t)index * page);
		unsigned stamped = has_stamp[index] ? 1 : 0;
		for (unsigned i = stamped; i < words - stamped; i++)
			if (word[i] != 0)
				count_wrong("the mapping", (unsigned long)(uintptr_t)(word + i));
	}
}

static void write_others(char *at, uint64_t *state, unsigned long turn)
{
	if (madvise(at, length, MADV_DONTNEED) != 0)
		die("madvise");
	written_count = 0;
	for (unsigned index = 0; index < count; index++) {
		if (turn % 8 != 0 && next(state) % 16 != 0 && !(index + 1 == count && written_count == 0))
			continue;
		uint64_t *word = (uint64_t *)(at + (size_t)index * page);
		word[0] = word[words - 1] = stamp(index);
		written[written_count++] = index;
	}
}

// A hole makes a large page small; the page in its place has no stamp.
static bool is_sacrificed(unsigned index)
{
	return index % (block / page) == 300;
}

static void *collapse(void *unused)
{
	unsigned long seen = 0;
	(void)unused;
	while (!stopping) {
		for (long at = 0; at < 2L * block; at += block) {
			if (fallocate(large_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at + 300L * page, page) != 0)
				die("fallocate");
			*(volatile char *)(view + at + 300L * page) = 1;
			if (madvise(view + at, block, 25 /* MADV_COLLAPSE */) == 0)
				atomic_fetch_add(&collapsed, 1);
		}
		collapses++;
		wait_for_moves(&seen, 16);
	}
	return NULL;
}

// The file's mapping is of two blocks; its middle is half of each. Without pages beside it the tables go with it. When it comes
// back, the mappings are one again.
static void part_and_join(void)
{
	char *middle = parted + mebibyte, *away = parted + 64L * block + mebibyte;
	for (int back = 0; back < 2; back++) {
		madvise(parted, mebibyte, MADV_DONTNEED);
		madvise(parted + 3L * mebibyte, mebibyte, MADV_DONTNEED);
		char *from = back ? away : middle, *to = back ? middle : away;
		if (mremap(from, block, block, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
			die("mremap");
		for (unsigned index = mebibyte / page; index < 3 * mebibyte / page; index += 13)
			if (!is_sacrificed(index) && *(volatile uint64_t *)(to + (size_t)index * page - mebibyte) != stamp(index))
				count_wrong("the file", (unsigned long)index);
	}
}

static void map_parted(void)
{
	char *room = mmap((void *)0x180000000000, 256L * block, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	large_file = memfd_create("large", MFD_CLOEXEC);
	if (room == MAP_FAILED || large_file < 0 || ftruncate(large_file, 2L * block) != 0)
		die("the file's place");
	munmap(room, 256L * block);
	parted = mmap(room, 2L * block, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, large_file, 0);
	view = mmap(room + 128L * block, 2L * block, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, large_file, 0);
	if (parted == MAP_FAILED || view == MAP_FAILED)
		die("mmap");
	for (unsigned index = 0; index < 2 * block / page; index++)
		*(uint64_t *)(view + (size_t)index * page) = is_sacrificed(index) ? 0 : stamp(index);
}

static void map_neighbours(long number)
{
	char *at = base + number * block;
	if (mmap(at + 512 * 1024, window, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ||
	    mmap(at + 768 * 1024, window, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, number * block) == MAP_FAILED)
		die("mmap");
}

int main(int argc, char **argv)
{
	unsigned long moves = argc > 1 ? strtoul(argv[1], NULL, 0) : 100000;
	uint64_t state = (argc > 2 ? strtoul(argv[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15u | 1;
	pthread_t threads[5];
	// Nothing else within the 1 GiB blocks: reserved, then given back where something is to be.
	base = mmap((void *)0x100000000000, (2L * second_area) * block, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	file = memfd_create("neighbours", MFD_CLOEXEC);
	if (base == MAP_FAILED || file < 0 || ftruncate(file, 2L * second_area * block) != 0)
		die("the places");
	munmap(base, 2L * second_area * block);
	for (long number = lowest; number <= highest; number++) {
		map_neighbours(number);
		map_neighbours(number + second_area);
	}

	char *at = mmap(place_at(places[0]), length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (at != place_at(places[0]))
		die("mmap");
	write_others(at, &state, 0);
	map_parted();
	int tables = open_table_counter();
	int flushes = open_counter("tlb/tlb_flush", "reason==3");
	if (pthread_create(&threads[0], NULL, work, (void *)(uintptr_t)(next(&state) | 1)) ||
	    pthread_create(&threads[1], NULL, work, (void *)(uintptr_t)(next(&state) | 1)) ||
	    pthread_create(&threads[2], NULL, truncate_file, NULL) || pthread_create(&threads[3], NULL, disturb, NULL) ||
	    pthread_create(&threads[4], NULL, collapse, NULL))
		die("pthread_create");

	unsigned long without_table = 0;
	unsigned current = 0;
	uint64_t flushed = read_counter(flushes);
	time_t started = time(NULL);
	for (unsigned long move = 0; move < moves; move++) {
		unsigned to = (current + 1 + (unsigned)(next(&state) % (place_count - 1))) % place_count;
		char *target = place_at(places[to]);
		uint64_t before = read_counter(tables);
		if (mremap(at, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, target) != target)
			die("mremap");
		without_table += read_counter(tables) == before;
		moved++;
		wait_for_others();
		at = target;
		current = to;
		for (int i = 0; i < 4; i++)
			check(at, written[next(&state) % written_count]);
		if ((move + 1) % 16 == 0)
			part_and_join();
		if ((move + 1) % 256 == 0) {
			check_all(at);
			write_others(at, &state, (move + 1) / 256);
		}
		if ((move + 1) % progress == 0)
			fprintf(stderr, "hammer: %lu of %lu moves in %ld s\n", move + 1, moves, (long)(time(NULL) - started));
	}
	flushed = read_counter(flushes) - flushed;
	check_all(at);
	stopping = true;
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	printf("hammer: %lu moves, %lu of them made no table, %lu flushes in all; neighbours touched %lu and thrown away %lu times, with %lu new "
	       "tables; %lu truncations, %lu compactions, %lu children, %lu large pages; %lu wrong\n",
	       moves, without_table, (unsigned long)flushed, touched, discarded, tables_made, truncated, compacted, forked,
	       collapsed, wrong);
	return wrong != 0;
}
