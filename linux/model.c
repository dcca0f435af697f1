// SPDX-License-Identifier: GPL-2.0-only
// Tries the functions of move_whole_entries.h on a model of page tables with four entries each, against moving page by page.
//   cc -o model linux/model.c && ./model [MOVES [SEED]]
// Random layouts: pages of the move, pages of others in the same blocks, empty tables, large pages, and now and then an allocation
// that fails. After each move every page must be where it belongs: all of the move at its new place or, after a failure, as many as
// were reported; all others where they were. No table may be lost or reached twice. Locks are counted, and must be let go.
// Prints how many moves went whole at each level; exit code 1 with the first layout that goes wrong.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define IS_ENABLED(option) 1
#define ARRAY_SIZE(array) ((int)(sizeof(array) / sizeof(*(array))))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define SLOTS 4
#define PAGE_SIZE 4096ul
#define PMD_SIZE (PAGE_SIZE * SLOTS)
#define PUD_SIZE (PMD_SIZE * SLOTS)
#define P4D_SIZE (PUD_SIZE * SLOTS)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PUD_MASK (~(PUD_SIZE - 1))
#define P4D_MASK (~(P4D_SIZE - 1))
#define SPACE (P4D_SIZE * SLOTS)
#define SINGLE_DEPTH_NESTING 1

// An entry: 0, a table's address with bit 0, or a page's number with bits 0 and 1.
typedef struct { unsigned long v; } pte_t, pmd_t, pud_t, p4d_t, pgd_t;
typedef unsigned long *pgtable_t;
typedef int spinlock_t;
struct mm_struct { pgd_t top[SLOTS]; long tables; long allocations; struct vm_area_struct *vmas; };
struct vm_area_struct { struct mm_struct *vm_mm; unsigned long vm_start, vm_end; bool locked; };
struct vma_iterator { struct vm_area_struct *at; unsigned long from; };

static int held, rmaps_held;
static long moved_whole[2], flushes, freed_empty, synchronized;

static unsigned long *new_table(struct mm_struct *mm)
{
	if (mm->allocations-- == 0)
		return NULL;
	mm->tables++;
	return calloc(SLOTS, sizeof(unsigned long));
}

static unsigned long *table_of(unsigned long v) { return (unsigned long *)(v & ~3ul); }
static bool is_table(unsigned long v) { return (v & 3) == 1; }

// What takes a table away holds the reverse map's locks.
static void need_rmap(const char *what)
{
	if (rmaps_held > 0)
		return;
	printf("model: %s without the reverse map's locks\n", what);
	exit(1);
}

#define LEVEL(name) \
	static bool name##_none(name##_t e) { return e.v == 0; } \
	static bool name##_present(name##_t e) { return e.v != 0; } \
	static bool name##_leaf(name##_t e) { return (e.v & 3) == 3; } \
	static bool name##_bad(name##_t e) { return (e.v & 1) == 0; } \
	static void name##_clear(name##_t *e) { need_rmap(#name "_clear"); e->v = 0; }
LEVEL(pmd) LEVEL(pud)
static bool pgd_none(pgd_t e) { (void)e; return false; }
static bool pgd_bad(pgd_t e) { (void)e; return false; }
static bool p4d_none(p4d_t e) { return e.v == 0; }
static bool p4d_bad(p4d_t e) { return (e.v & 1) == 0; }
static bool pte_none(pte_t e) { return e.v == 0; }
static pgd_t *pgd_offset(struct mm_struct *mm, unsigned long a) { return &mm->top[a / P4D_SIZE % SLOTS]; }
static p4d_t *p4d_offset(pgd_t *e, unsigned long a) { (void)a; return (p4d_t *)e; }
static pud_t *pud_offset(p4d_t *e, unsigned long a) { return (pud_t *)table_of(e->v) + a / PUD_SIZE % SLOTS; }
static pmd_t *pmd_offset(pud_t *e, unsigned long a) { return (pmd_t *)table_of(e->v) + a / PMD_SIZE % SLOTS; }
static pte_t *pte_offset_map(pmd_t *e, unsigned long a) { return is_table(e->v) ? (pte_t *)table_of(e->v) + a / PAGE_SIZE % SLOTS : NULL; }
static void pte_unmap(pte_t *p) { (void)p; }
static pte_t ptep_get(pte_t *p) { return *p; }
static bool fill(struct mm_struct *mm, unsigned long *e)
{
	if (*e == 0) {
		unsigned long *table = new_table(mm);
		if (!table)
			return false;
		*e = (unsigned long)table | 1;
	}
	return true;
}
static p4d_t *p4d_alloc(struct mm_struct *mm, pgd_t *e, unsigned long a) { (void)mm; (void)a; return (p4d_t *)e; }
static pud_t *pud_alloc(struct mm_struct *mm, p4d_t *e, unsigned long a) { return fill(mm, &e->v) ? pud_offset(e, a) : NULL; }
static pmd_t *pmd_alloc(struct mm_struct *mm, pud_t *e, unsigned long a) { return fill(mm, &e->v) ? pmd_offset(e, a) : NULL; }
static pgtable_t pte_alloc_one(struct mm_struct *mm) { return new_table(mm); }
static void pte_free(struct mm_struct *mm, pgtable_t table) { mm->tables--; free(table); }
static void pte_free_defer(struct mm_struct *mm, pgtable_t table) { freed_empty++; pte_free(mm, table); }
static void mm_dec_nr_ptes(struct mm_struct *mm) { (void)mm; }
static pgtable_t pmd_pgtable(pmd_t e) { return table_of(e.v); }
static pmd_t *pud_pgtable(pud_t e) { return (pmd_t *)table_of(e.v); }
static void pmd_install(struct mm_struct *mm, pmd_t *e, pgtable_t *table)
{
	(void)mm;
	if (e->v == 0) {
		e->v = (unsigned long)*table | 1;
		*table = NULL;
	}
}
static void pmd_populate(struct mm_struct *mm, pmd_t *e, pgtable_t table) { (void)mm; moved_whole[0]++; e->v = (unsigned long)table | 1; }
static void pud_populate(struct mm_struct *mm, pud_t *e, pmd_t *table) { (void)mm; moved_whole[1]++; e->v = (unsigned long)table | 1; }
static pmd_t pmdp_collapse_flush(struct vm_area_struct *vma, unsigned long a, pmd_t *e) { pmd_t was = *e; (void)vma; (void)a; pmd_clear(e); return was; }
static void pmdp_get_lockless_sync(void) { }
static void tlb_remove_table_sync_one(void) { synchronized++; }
static void flush_tlb_range(struct vm_area_struct *vma, unsigned long from, unsigned long to) { (void)vma; flushes += from < to; }
static spinlock_t one_lock;
static spinlock_t *pmd_lock(struct mm_struct *mm, pmd_t *e) { (void)mm; (void)e; held++; return &one_lock; }
static spinlock_t *pmd_lockptr(struct mm_struct *mm, pmd_t *e) { (void)mm; (void)e; return &one_lock; }
static spinlock_t *pte_lockptr(struct mm_struct *mm, pmd_t *e) { (void)mm; (void)e; return &one_lock; }
static spinlock_t *pud_lock(struct mm_struct *mm, pud_t *e) { (void)mm; (void)e; held++; return &one_lock; }
static spinlock_t *pud_lockptr(struct mm_struct *mm, pud_t *e) { (void)mm; (void)e; return &one_lock; }
static void spin_lock_nested(spinlock_t *lock, int nesting) { (void)lock; (void)nesting; held++; }
static void spin_unlock(spinlock_t *lock) { (void)lock; held--; }
static void take_rmap_locks(struct vm_area_struct *vma) { (void)vma; held++; rmaps_held++; }
static void drop_rmap_locks(struct vm_area_struct *vma) { (void)vma; held--; rmaps_held--; }
static bool is_vm_hugetlb_page(struct vm_area_struct *vma) { (void)vma; return false; }
static void vma_start_write(struct vm_area_struct *vma) { vma->locked = true; }
static void cond_resched(void) { }
static bool arch_supports_page_table_move(void) { return true; }
static struct vm_area_struct *next_vma(struct vma_iterator *i, unsigned long to)
{
	while (i->at->vm_mm && i->at->vm_end <= i->from)
		i->at++;
	return i->at->vm_mm && i->at->vm_start < to ? i->at++ : NULL;
}
#define VMA_ITERATOR(name, mm, a) struct vma_iterator name = { (mm)->vmas, a }
#define for_each_vma_range(i, vma, to) while (((vma) = next_vma(&(i), to)))

#include "move_whole_entries.h"

static uint64_t state;
static unsigned long pick(unsigned long below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned long)(state >> 11) % below;
}

static unsigned long look(struct mm_struct *mm, unsigned long a)
{
	pmd_t *pmd = whole_pmd(mm, a);
	if (!pmd || pmd->v == 0)
		return 0;
	if (pmd_leaf(*pmd))
		return (pmd->v >> 2) * SLOTS + a / PAGE_SIZE % SLOTS + 1000000;
	return pte_offset_map(pmd, a)->v;
}

static bool put(struct mm_struct *mm, unsigned long a, unsigned long v)
{
	pmd_t *pmd = whole_pmd_alloc(mm, a);
	if (!pmd || !fill(mm, &pmd->v))
		return false;
	pte_offset_map(pmd, a)->v = v;
	return true;
}

static long count_tables(unsigned long *table, int level, bool dispose)
{
	long count = 0;
	for (int i = 0; level > 0 && i < SLOTS; i++) {
		if (is_table(table[i]))
			count += 1 + count_tables(table_of(table[i]), level - 1, dispose);
		if (is_table(table[i]) && dispose)
			free(table_of(table[i]));
	}
	return count;
}

// One step of the loop without the rule: page by page, up to the next PMD boundary on either side. False when memory is out.
static bool step(struct mm_struct *mm, unsigned long old, unsigned long end, unsigned long new, unsigned long *extent)
{
	*extent = min(end - old, min(PMD_SIZE - (old & ~PMD_MASK), PMD_SIZE - (new & ~PMD_MASK)));
	pmd_t *from = whole_pmd(mm, old);
	if (!from || from->v == 0)
		return true;
	pmd_t *to = whole_pmd_alloc(mm, new);
	if (!to)
		return false;
	if (pmd_leaf(*from)) {
		if (*extent == PMD_SIZE && to->v == 0) {
			*to = *from;
			from->v = 0;
			return true;
		}
		// Split: its table is there already, as with Linux.
		unsigned long first = (from->v >> 2) * SLOTS + 1000000;
		long left = mm->allocations;
		mm->allocations = -1;
		from->v = (unsigned long)new_table(mm) | 1;
		mm->allocations = left;
		for (int i = 0; i < SLOTS; i++)
			table_of(from->v)[i] = first + (unsigned long)i;
	}
	if (!fill(mm, &to->v))
		return false;
	for (unsigned long i = 0; i < *extent; i += PAGE_SIZE) {
		pte_t *a = pte_offset_map(from, old + i), *b = pte_offset_map(to, new + i);
		if (a->v == 0)
			continue;
		if (b->v != 0) {
			printf("a page is written over at %#lx\n", new + i);
			exit(1);
		}
		*b = *a;
		a->v = 0;
	}
	return true;
}

static bool try_one(unsigned long number)
{
	enum { pages = SPACE / PAGE_SIZE };
	static unsigned long before[pages];
	struct vm_area_struct vmas[4] = { 0 };
	struct mm_struct mm = { .allocations = -1, .vmas = vmas };
	unsigned long length = (1 + pick(pick(2) ? 12 : 60)) * PAGE_SIZE, old, new;
	unsigned long unit = pick(4) == 0 ? PAGE_SIZE : pick(2) ? PMD_SIZE : PUD_SIZE;
	unsigned long density = pick(4), id = 1;

	do {
		old = pick(pages) * PAGE_SIZE;
		new = (old % unit) + pick(SPACE / unit) * unit;
		if (pick(2)) // close by: there the expanded places overlap
			new = old % unit + (old / unit + pick(9) - 4) * unit;
	} while (old + length > SPACE || new > SPACE || new + length > SPACE || (old < new + length && new < old + length));
	vmas[0] = (struct vm_area_struct){ &mm, min(old, new), min(old, new) + length, false };
	vmas[1] = (struct vm_area_struct){ &mm, max(old, new), max(old, new) + length, false };
	// Large pages first, within the source; then pages, more or fewer; then tables that stay empty.
	for (unsigned long a = (old + PMD_SIZE - 1) & PMD_MASK; a + PMD_SIZE <= old + length; a += PMD_SIZE) {
		pmd_t *pmd;
		if (pick(8) == 0 && (pmd = whole_pmd_alloc(&mm, a)))
			pmd->v = id++ << 2 | 3;
	}
	for (unsigned long a = 0; a < SPACE; a += PAGE_SIZE) {
		bool mine = a >= old && a < old + length, theirs = a >= new && a < new + length;
		pmd_t *pmd = whole_pmd(&mm, a);
		if ((pmd && pmd_leaf(*pmd)) || theirs)
			continue;
		if (mine ? pick(3) != 0 : pick(density == 0 ? 1000000 : density == 1 ? 60 : 12) == 0)
			put(&mm, a, id++ << 2 | 3);
	}
	for (int i = 0; i < 6; i++) {
		unsigned long a = pick(pages) * PAGE_SIZE;
		pmd_t *pmd = pick(3) ? NULL : whole_pmd_alloc(&mm, a);
		if (pmd && pick(2))
			fill(&mm, &pmd->v);
	}
	for (unsigned long a = 0; a < SPACE; a += PAGE_SIZE)
		before[a / PAGE_SIZE] = look(&mm, a);

	struct whole_entries whole;
	unsigned long old_addr = old, old_end = old + length, new_addr = new, extent;
	mm.allocations = pick(4) == 0 ? (long)pick(6) : -1;
	plan_whole_entries(&whole, &vmas[old > new], &vmas[old < new], old_addr, old_end, new_addr, true);
	old_end = move_last_block_first(&whole);
	for (; old_addr < old_end; old_addr += extent, new_addr += extent) {
		extent = move_whole_entries(&whole, old_addr);
		if (!extent && !step(&mm, old_addr, old_end, new_addr, &extent))
			break;
	}
	synchronized = 0;
	drain_neighbour_rmaps(&whole);
	if (synchronized != whole.expands_pud) {
		printf("move %lu: a PUD was expanded, and lockless walks were not waited for\n", number);
		return false;
	}
	unsigned long done = length + old_addr - old_end;

	for (unsigned long a = 0; a < SPACE; a += PAGE_SIZE) {
		bool came = a >= new && a < new + done, left = a >= old && a < old + done;
		unsigned long right = came ? before[(a - new + old) / PAGE_SIZE] : left ? 0 : before[a / PAGE_SIZE];
		if (look(&mm, a) != right) {
			printf("move %lu: [%#lx, +%#lx) to %#lx, %#lx done: %#lx has %lu, expected %lu\n", number, old, length, new, done, a, look(&mm, a), right);
			return false;
		}
	}
	long counted = count_tables((unsigned long *)mm.top, 3, true);
	if (counted != mm.tables || held != 0) {
		printf("move %lu: [%#lx, +%#lx) to %#lx: %ld tables reached of %ld; %d locks held\n", number, old, length, new, counted, mm.tables, held);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long moves = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000000;
	state = (argc > 2 ? strtoul(argv[2], NULL, 0) : 1) * 0x9e3779b97f4a7c15u | 1;
	for (unsigned long number = 0; number < moves; number++) {
		if (!try_one(number))
			return 1;
	}
	printf("model: %lu moves, %ld PMDs and %ld PUDs moved whole, %ld flushes for them, %ld empty tables freed; every page where it belongs\n",
	       moves, moved_whole[0], moved_whole[1], flushes, freed_empty);
	return 0;
}
