// A program that is traced on booted kernels: it makes the calls that a release has or has not, and calls whose places and errors
// differ from release to release. What comes of them does not matter to it.
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { page = 4096, large = 2 << 20, droppable = 8, populate_read = 22, populate_write = 23, collapse = 25, guard_install = 102, guard_remove = 103, seal = 462 };

static char *map(void *at, size_t length, int flags)
{
	return mmap(at, length, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

int main(void)
{
	// Places that are aligned, or are not.
	map(NULL, page, MAP_PRIVATE);
	for (int i = 0; i < 3; i++) {
		char *memory = map(NULL, 2 * large, MAP_PRIVATE);
		if (memory != MAP_FAILED)
			memset(memory, 1, page);
		map(NULL, page, MAP_PRIVATE);
	}

	// A hole between two mappings; shared memory that stays; a shrinking fixed move.
	char *from = (char *)(64L << 30), *to = (char *)(65L << 30);
	map(from, 3 * page, MAP_PRIVATE | MAP_FIXED);
	munmap(from + page, page);
	(void)mremap(from, 3 * page, 3 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	char *shared = map(from + large, 2 * page, MAP_SHARED | MAP_FIXED);
	shared[0] = 1;
	(void)mremap(shared, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to + large);
	char *shrunk = map(from + 2 * large, 4 * page, MAP_PRIVATE | MAP_FIXED);
	memset(shrunk, 1, 4 * page);
	(void)mremap(shrunk, 4 * page, page, MREMAP_MAYMOVE | MREMAP_FIXED, to + 2 * large);

	// Advice and calls that are newer than some kernels.
	char *memory = map(from + 4 * large, large, MAP_PRIVATE | MAP_FIXED);
	madvise(memory, page, populate_read);
	madvise(memory + page, page, populate_write);
	madvise(memory, large, collapse);
	madvise(memory + 2 * page, page, guard_install);
	madvise(memory + 2 * page, page, guard_remove);
	map(NULL, page, droppable);
	syscall(seal, memory, page, 0);
	munmap(memory, page);
	return 0;
}
