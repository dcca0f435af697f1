/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moves page tables by whole entries, at both ends of a move, at the PMD and the PUD level.
 *
 * A block is what one entry of a level covers. A block that the move covers only in part moves whole when no entry lives
 * in it outside the move, and none lives in the destination's block but those of the move. Entries decide, not mappings.
 * The README of the folder this file comes from says why that is safe, and in which order things happen here.
 *
 * Included by mm/mremap.c before move_page_tables(), which calls plan_whole_entries() before the invalidation of the
 * source is announced, move_last_block_first() after it, move_whole_entries() for each step of its loop, and
 * drain_neighbour_rmaps() at its end.
 */

struct whole_entries {
	struct vm_area_struct *vma;
	struct vm_area_struct *new_vma;
	unsigned long old_start;	/* what the caller moves: [old_start, old_end) */
	unsigned long old_end;
	unsigned long shift;		/* destination - source, modulo the word */
	bool may_move_tables;
	unsigned long start_size;	/* the largest block to which the start can be expanded, or 0 */
	unsigned long end_size;		/* the same for the end */
	bool expands_pud;		/* one of them is a PUD's */
	unsigned long drain_from;	/* with what was added to the source at both ends */
	unsigned long drain_to;
};

static const unsigned long whole_sizes[] = { PUD_SIZE, PMD_SIZE };

static pud_t *whole_pud(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	return pud_offset(p4d, addr);
}

static bool pud_is_table(pud_t pud)
{
	return pud_present(pud) && !pud_leaf(pud) && !pud_bad(pud);
}

static bool pmd_is_table(pmd_t pmd)
{
	return pmd_present(pmd) && !pmd_leaf(pmd) && !pmd_bad(pmd);
}

static pmd_t *whole_pmd(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = whole_pud(mm, addr);

	return pud && pud_is_table(*pud) ? pmd_offset(pud, addr) : NULL;
}

static pud_t *whole_pud_alloc(struct mm_struct *mm, unsigned long addr)
{
	p4d_t *p4d = p4d_alloc(mm, pgd_offset(mm, addr), addr);

	return p4d ? pud_alloc(mm, p4d, addr) : NULL;
}

static pmd_t *whole_pmd_alloc(struct mm_struct *mm, unsigned long addr)
{
	pud_t *pud = whole_pud_alloc(mm, addr);

	if (!pud || !(pud_none(*pud) || pud_is_table(*pud)))
		return NULL;
	return pmd_alloc(mm, pud, addr);
}

/* Does an entry of any kind live in [from, to), which is within one PMD entry's span? */
static bool lives_in_pmd(pmd_t *pmd, unsigned long from, unsigned long to)
{
	pte_t *first, *pte;
	bool lives = false;

	if (pmd_none(*pmd))
		return false;
	if (!pmd_is_table(*pmd))
		return true;
	first = pte_offset_map(pmd, from);
	if (!first)
		return !pmd_none(*pmd);
	for (pte = first; !lives && from < to; pte++, from += PAGE_SIZE)
		lives = !pte_none(ptep_get(pte));
	pte_unmap(first);
	return lives;
}

/*
 * Does an entry of any kind live in [from, to)? Nothing appears there meanwhile when every mapping that reaches into it is
 * write-locked: what works on page tables without one of the locks takes entries away or replaces them.
 */
static bool lives_in(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	unsigned long next;
	pud_t *pud;

	for (; from < to; from = next) {
		next = min(to, (from | ~PUD_MASK) + 1);
		pud = whole_pud(mm, from);
		if (!pud || pud_none(*pud))
			continue;
		if (!pud_is_table(*pud))
			return true;
		next = min(to, (from | ~PMD_MASK) + 1);
		if (lives_in_pmd(pmd_offset(pud, from), from, next))
			return true;
	}
	return false;
}

/* Keeps faults out of [from, to) until the mmap lock is let go. */
static bool write_lock_mappings(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	struct vm_area_struct *neighbour;
	VMA_ITERATOR(vmi, mm, from);

	for_each_vma_range(vmi, neighbour, to) {
		/* Its tables are walked under locks of its own. */
		if (is_vm_hugetlb_page(neighbour))
			return false;
		vma_start_write(neighbour);
		cond_resched();
	}
	return true;
}

/* Does anything live around the move in the block, or around what the move will have taken away in its destination? */
static bool block_is_shared(struct whole_entries *w, unsigned long block, unsigned long size)
{
	struct mm_struct *mm = w->vma->vm_mm;
	unsigned long to = block + w->shift;

	return lives_in(mm, block, min(w->old_start, block + size)) ||
	       lives_in(mm, max(w->old_end, block), block + size) ||
	       lives_in(mm, to, min(to + size, max(to, w->old_start))) ||
	       lives_in(mm, max(to, min(w->old_end, to + size)), to + size);
}

static bool can_expand(struct whole_entries *w, unsigned long block, unsigned long size)
{
	struct mm_struct *mm = w->vma->vm_mm;

	/* A first look without the locks: most often something lives there, and nobody needs to be kept out. */
	return !block_is_shared(w, block, size) &&
	       write_lock_mappings(mm, block, block + size) &&
	       write_lock_mappings(mm, block + w->shift, block + w->shift + size) &&
	       !block_is_shared(w, block, size);
}

static bool moves_at(struct whole_entries *w, unsigned long size)
{
	if (size == PUD_SIZE ? !IS_ENABLED(CONFIG_HAVE_MOVE_PUD) : !IS_ENABLED(CONFIG_HAVE_MOVE_PMD))
		return false;
	return w->may_move_tables && !(w->shift & (size - 1));
}

static void plan_at(struct whole_entries *w, unsigned long size)
{
	unsigned long first = w->old_start & ~(size - 1);
	unsigned long last = (w->old_end - 1) & ~(size - 1);
	bool cuts_start = first != w->old_start;
	bool cuts_end = last + size != w->old_end;

	if (!moves_at(w, size))
		return;
	if (cuts_start && w->start_size < size && can_expand(w, first, size)) {
		w->start_size = size;
		w->expands_pud |= size == PUD_SIZE;
		w->drain_from = min(w->drain_from, first);
	}
	if (!cuts_end || w->end_size >= size)
		return;
	/* One block that holds both ends moves whole or not at all, and was looked at already. */
	if (first == last && cuts_start ? w->start_size >= size : can_expand(w, last, size)) {
		w->end_size = size;
		w->expands_pud |= size == PUD_SIZE;
		w->drain_to = max(w->drain_to, last + size);
	}
}

/*
 * Finds out how far both ends can be expanded, and keeps faults out of what is added. Called before the invalidation of the
 * source is announced, because it waits for faults, which may wait for an invalidation to end.
 */
static void plan_whole_entries(struct whole_entries *w, struct vm_area_struct *vma, struct vm_area_struct *new_vma,
			       unsigned long old_addr, unsigned long old_end, unsigned long new_addr, bool may_move_tables)
{
	*w = (struct whole_entries) {
		.vma = vma,
		.new_vma = new_vma,
		.old_start = old_addr,
		.old_end = old_end,
		.shift = new_addr - old_addr,
		.may_move_tables = may_move_tables && arch_supports_page_table_move(),
		.drain_from = old_addr,
		.drain_to = old_end,
	};
	plan_at(w, PUD_SIZE);
	plan_at(w, PMD_SIZE);
}

/*
 * Frees the table in a slot that entries are about to move to, if nothing lives in it: it is what is left of pages that
 * have been moved or thrown away. A walk that has just found it ends in a table without entries, whose memory stays until
 * all walks under RCU have ended. retract_page_tables() frees such a table as well, without another look at the slot once it
 * has the slot's lock: the file's lock keeps it out. It comes for blocks that one mapping covers, here the new one.
 */
static bool free_empty_table(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *pmd_ptl, *pte_ptl;
	pmd_t table;
	bool freed;

	if (lives_in_pmd(pmd, addr, addr + PMD_SIZE))
		return false;
	take_rmap_locks(vma);
	pmd_ptl = pmd_lock(mm, pmd);
	table = *pmd;
	if (!pmd_is_table(table)) {
		spin_unlock(pmd_ptl);
		drop_rmap_locks(vma);
		return pmd_none(table);
	}
	pte_ptl = pte_lockptr(mm, pmd);
	if (pte_ptl != pmd_ptl)
		spin_lock_nested(pte_ptl, SINGLE_DEPTH_NESTING);
	freed = !lives_in_pmd(pmd, addr, addr + PMD_SIZE);
	if (freed) {
		table = pmdp_collapse_flush(vma, addr, pmd);
		pmdp_get_lockless_sync();
	}
	if (pte_ptl != pmd_ptl)
		spin_unlock(pte_ptl);
	spin_unlock(pmd_ptl);
	drop_rmap_locks(vma);
	if (!freed)
		return false;
	mm_dec_nr_ptes(mm);
	pte_free_defer(mm, pmd_pgtable(table));
	return true;
#else
	return pmd_none(*pmd);
#endif
}

/* Moves entries of one PMD table to another, or within one, from the lowest up. Returns how many slots are done. */
static unsigned long move_pmd_run(struct whole_entries *w, unsigned long block, pmd_t *old_pmd, pmd_t *new_pmd,
				  unsigned long slots)
{
	struct mm_struct *mm = w->vma->vm_mm;
	spinlock_t *old_ptl, *new_ptl;
	unsigned long done, moved = 0;
	pmd_t pmd;

	take_rmap_locks(w->vma);
	old_ptl = pmd_lock(mm, old_pmd);
	new_ptl = pmd_lockptr(mm, new_pmd);
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	for (done = 0; done < slots; done++) {
		pmd = old_pmd[done];
		if (pmd_none(pmd))
			continue;
		if (!pmd_is_table(pmd) || !pmd_none(new_pmd[done]))
			break;
		pmd_clear(&old_pmd[done]);
		pmd_populate(mm, &new_pmd[done], pmd_pgtable(pmd));
		moved++;
	}
	/* One for all of them: no reverse map leads to the pages before the locks are dropped. */
	if (moved)
		flush_tlb_range(w->vma, block, block + done * PMD_SIZE);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
	drop_rmap_locks(w->vma);
	return done;
}

static unsigned long move_pud_run(struct whole_entries *w, unsigned long block, pud_t *old_pud, pud_t *new_pud,
				  unsigned long slots)
{
	struct mm_struct *mm = w->vma->vm_mm;
	spinlock_t *old_ptl, *new_ptl;
	unsigned long done, moved = 0;
	pud_t pud;

	take_rmap_locks(w->vma);
	old_ptl = pud_lock(mm, old_pud);
	new_ptl = pud_lockptr(mm, new_pud);
	if (new_ptl != old_ptl)
		spin_lock_nested(new_ptl, SINGLE_DEPTH_NESTING);
	for (done = 0; done < slots; done++) {
		pud = old_pud[done];
		if (pud_none(pud))
			continue;
		if (!pud_is_table(pud) || !pud_none(new_pud[done]))
			break;
		pud_clear(&old_pud[done]);
		pud_populate(mm, &new_pud[done], pud_pgtable(pud));
		moved++;
	}
	if (moved)
		flush_tlb_range(w->vma, block, block + done * PUD_SIZE);
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
	drop_rmap_locks(w->vma);
	return done;
}

/*
 * How many slots from the block on can move together: they are covered by the move or were found expandable, and neither
 * place leaves its table. The start of the move may be cut only in the first.
 */
static unsigned long slots_together(struct whole_entries *w, unsigned long block, unsigned long size, unsigned long table_size)
{
	unsigned long last = (w->old_end - 1) & ~(size - 1);
	unsigned long slots = (table_size - (block & (table_size - 1))) / size;

	slots = min(slots, (table_size - ((block + w->shift) & (table_size - 1))) / size);
	if (last + size == w->old_end || w->end_size >= size)
		last += size;
	return block < last ? min(slots, (last - block) / size) : 0;
}

static unsigned long move_pmds(struct whole_entries *w, unsigned long block)
{
	pmd_t *old_pmd = whole_pmd(w->vma->vm_mm, block), *new_pmd;
	unsigned long slots = slots_together(w, block, PMD_SIZE, PUD_SIZE), ready, present = 0;
	unsigned long to = block + w->shift;

	if (!old_pmd)
		return 0;
	for (ready = 0; ready < slots; ready++) {
		if (pmd_is_table(old_pmd[ready]))
			present++;
		else if (!pmd_none(old_pmd[ready]))
			break;
	}
	if (!present)
		return ready;
	new_pmd = whole_pmd_alloc(w->vma->vm_mm, to);
	if (!new_pmd)
		return 0;
	slots = ready;
	for (ready = 0; ready < slots; ready++, to += PMD_SIZE) {
		/* What stands there now is of the same run, and leaves before. */
		if (new_pmd < old_pmd && new_pmd + ready >= old_pmd)
			continue;
		if (pmd_none(old_pmd[ready]) || pmd_none(new_pmd[ready]))
			continue;
		if (!free_empty_table(w->new_vma, new_pmd + ready, to))
			break;
	}
	return ready ? move_pmd_run(w, block, old_pmd, new_pmd, ready) : 0;
}

static unsigned long move_puds(struct whole_entries *w, unsigned long block)
{
	pud_t *old_pud = whole_pud(w->vma->vm_mm, block), *new_pud;
	unsigned long slots = slots_together(w, block, PUD_SIZE, P4D_SIZE), ready, present = 0;

	if (!old_pud)
		return 0;
	for (ready = 0; ready < slots; ready++) {
		if (pud_is_table(old_pud[ready]))
			present++;
		else if (!pud_none(old_pud[ready]))
			break;
	}
	if (!present)
		return ready;
	new_pud = whole_pud_alloc(w->vma->vm_mm, block + w->shift);
	return new_pud ? move_pud_run(w, block, old_pud, new_pud, ready) : 0;
}

/* Makes the tables for what moves to below dest_end, whose entries are of the given size. */
static bool make_destination_tables(struct whole_entries *w, unsigned long dest_end, unsigned long size)
{
	struct mm_struct *mm = w->vma->vm_mm;
	unsigned long table_mask = size == PUD_SIZE ? P4D_MASK : PUD_MASK;
	unsigned long to;
	pud_t *pud;

	for (to = w->old_start + w->shift; to < dest_end; to = (to | ~table_mask) + 1) {
		pud = whole_pud(mm, to - w->shift);
		if (!pud || (size == PMD_SIZE && pud_none(*pud)))
			continue;
		if (size == PUD_SIZE ? !whole_pud_alloc(mm, to) : !whole_pmd_alloc(mm, to))
			return false;
	}
	return true;
}

static bool move_last_at(struct whole_entries *w, unsigned long first, unsigned long last, unsigned long size)
{
	struct mm_struct *mm = w->vma->vm_mm;
	bool start_is_whole = first == w->old_start || w->start_size >= size;
	pgtable_t table = NULL;
	bool moved;

	if (size == PUD_SIZE && !start_is_whole)
		return false;
	if (!make_destination_tables(w, last + w->shift, size))
		return false;
	if (!start_is_whole) {
		table = pte_alloc_one(mm);
		if (!table)
			return false;
	}
	moved = size == PUD_SIZE ? move_puds(w, last) : move_pmds(w, last);
	/* The pages of the start arrive where the last table was. */
	if (moved && table)
		pmd_install(mm, whole_pmd(mm, last), &table);
	if (table)
		pte_free(mm, table);
	return moved;
}

/*
 * Expansion can make source and destination overlap by one block, although what was asked for does not overlap. Moving down,
 * the source's first block has left when the last arrives there. Moving up, the last block has to leave before the first
 * arrives. After that nothing may fail, because what is done is counted from the start: so everything else that the move
 * needs is made before. Returns the end of what is left to be moved.
 */
static unsigned long move_last_block_first(struct whole_entries *w)
{
	unsigned long size, first, last;
	int i;

	if ((long)w->shift < 0)
		return w->old_end;
	for (i = 0; i < ARRAY_SIZE(whole_sizes); i++) {
		size = whole_sizes[i];
		first = w->old_start & ~(size - 1);
		last = (w->old_end - 1) & ~(size - 1);
		if (w->end_size < size || !moves_at(w, size) || first + w->shift != last)
			continue;
		if (move_last_at(w, first, last, size)) {
			w->end_size = 0;
			w->old_end = last;
			break;
		}
		/* Pages of the start will stand in the last block's table: it can't move whole any more. */
		w->end_size = size == PUD_SIZE ? PMD_SIZE : 0;
	}
	return w->old_end;
}

/*
 * Moves as much from old_addr on as whole entries of one table can take. Returns how many bytes of the move that was; 0
 * leaves the step to the caller.
 */
static unsigned long move_whole_entries(struct whole_entries *w, unsigned long old_addr)
{
	unsigned long size, block, done;
	int i;

	for (i = 0; i < ARRAY_SIZE(whole_sizes); i++) {
		size = whole_sizes[i];
		block = old_addr & ~(size - 1);
		if (!moves_at(w, size))
			continue;
		if (block != old_addr && (old_addr != w->old_start || w->start_size < size))
			continue;
		done = size == PUD_SIZE ? move_puds(w, block) : move_pmds(w, block);
		if (done)
			return min(block + done * size, w->old_end) - old_addr;
	}
	return 0;
}

/*
 * A reverse map of a neighbour may have found a table under the neighbour's address before the table moved. There is
 * nothing of the neighbour in it, and nothing can be put there before the mmap lock is let go; after that, something can.
 * So such walks have to end before: each holds one of these locks. get_user_pages_fast() holds none and has interrupts off. It
 * looks at the PMD again, but not at the PUD, and not every flush waits for it.
 */
static void drain_neighbour_rmaps(struct whole_entries *w)
{
	struct vm_area_struct *neighbour;
	VMA_ITERATOR(vmi, w->vma->vm_mm, w->drain_from);

	if (w->expands_pud)
		tlb_remove_table_sync_one();
	for_each_vma_range(vmi, neighbour, w->drain_to) {
		if (neighbour == w->vma || neighbour == w->new_vma)
			continue;
		take_rmap_locks(neighbour);
		drop_rmap_locks(neighbour);
		cond_resched();
	}
}
