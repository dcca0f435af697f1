// What travels when a move is made: whole tables with the entry that leads to them, and single entries; computed without drawing anything.

import { Move, Plan } from './data';
import { spanOf, tableEntries } from './geometry';

/** One slot of the level that is shown: a place for a table. */
export interface Slot {
    index: number;

    /** Parts of the table, as [first cell, cells], that belong to the move before it, and after it. */
    before: [number, number][];
    after: [number, number][];

    /** Cells of which it is known that something else lives there. */
    others: number[];
}

/** A table that moves with its entry. */
export interface Table {
    from: number;
    to: number;
    order: number;
}

/** Neighbouring cells of one row that move together. */
export interface Piece {
    from: number;
    fromCell: number;
    to: number;
    toCell: number;
    cells: number;
    level: number;
    order: number;
}

export interface Travel {
    /** The level whose slots are shown; their tables are of the level below. */
    level: number;
    slots: Map<number, Slot>;
    tables: Table[];
    pieces: Piece[];

    /** Slots of the source that are not shown. */
    hidden: number;
}

/** Computes what travels.
 * @param move The move.
 * @param to Where it goes.
 * @param plan What moves.
 * @param obstacles Addresses at which something else lives.
 * @param atEachEnd Slots that are shown at each end of a range that has more. */
export function travelOf(move: Move, to: number, plan: Plan, obstacles: number[], atEachEnd: number): Travel {
    const level = Math.max(1, ...plan.runs.map(run => run.level));
    const span = spanOf(level);
    const [old, length] = [Number(move.old), move.length];
    const slots = new Map<number, Slot>();
    const [sources, hidden] = shownSlots(old, old + length, span, atEachEnd);
    const [destinations] = shownSlots(to, to + length, span, atEachEnd);
    for (const index of [...sources, ...destinations])
        slots.set(index, { index, before: [], after: [], others: [] });
    for (const slot of slots.values()) {
        slot.before = coverage(slot.index, old, old + length, span, spanOf(level - 1));
        slot.after = coverage(slot.index, to, to + length, span, spanOf(level - 1));
    }
    for (const obstacle of obstacles) {
        const slot = slots.get(Math.floor(obstacle / span));
        const cell = Math.floor((obstacle % span) / spanOf(level - 1));
        if (slot !== undefined && !slot.others.includes(cell))
            slot.others.push(cell);
    }
    const travel: Travel = { level, slots, tables: [], pieces: [], hidden };
    plan.runs.forEach((run, order) => {
        if (run.level === level)
            addTables(travel, run.source, run.destination, run.slots, order);
        else
            addPieces(travel, run.source, run.destination, run.slots * spanOf(run.level), run.level, order);
    });
    return travel;
}

/** Cells in a row when a table below the slots is drawn as a grid. */
export const cellsPerRow = (travel: Travel): number => 2 ** Math.ceil(Math.log2(tableEntries(travel.level - 1)) / 2);

function shownSlots(start: number, end: number, span: number, atEachEnd: number): [number[], number] {
    const first = Math.floor(start / span);
    const last = Math.ceil(end / span) - 1;
    if (last - first < 2 * atEachEnd)
        return [Array.from({ length: last - first + 1 }, (_, i) => first + i), 0];
    const ends = Array.from({ length: atEachEnd }, (_, i) => i);
    return [[...ends.map(i => first + i), ...ends.map(i => last + 1 - atEachEnd + i)], last - first + 1 - 2 * atEachEnd];
}

function coverage(index: number, start: number, end: number, span: number, cell: number): [number, number][] {
    const from = Math.max(start, index * span);
    const to = Math.min(end, (index + 1) * span);
    if (from >= to)
        return [];
    const first = Math.floor((from - index * span) / cell);
    return [[first, Math.ceil((to - index * span) / cell) - first]];
}

function addTables(travel: Travel, source: number, destination: number, slots: number, order: number): void {
    const span = spanOf(travel.level);
    const delta = (destination - source) / span;
    for (const index of travel.slots.keys()) {
        if (index >= source / span && index < source / span + slots && travel.slots.has(index + delta))
            travel.tables.push({ from: index, to: index + delta, order: order + (delta > 0 ? -index : index) / 2 ** 36 });
    }
}

function addPieces(travel: Travel, source: number, destination: number, length: number, level: number, order: number): void {
    const span = spanOf(travel.level);
    const cell = spanOf(travel.level - 1);
    const row = cellsPerRow(travel);
    for (const slot of travel.slots.values()) {
        const from = Math.max(source, slot.index * span);
        const to = Math.min(source + length, (slot.index + 1) * span);
        for (let at = from; at < to;) {
            const target = destination + (at - source);
            const fromCell = Math.floor((at % span) / cell);
            const toCell = Math.floor((target % span) / cell);
            const room = row - Math.max(fromCell % row, toCell % row);
            const cells = Math.max(1, Math.min(room, Math.ceil((to - at) / cell)));
            const toSlot = Math.floor(target / span);
            if (travel.slots.has(toSlot))
                travel.pieces.push({ from: slot.index, fromCell, to: toSlot, toCell, cells, level, order: order + at / 2 ** 60 });
            at = Math.floor(at / cell) * cell + cells * cell;
        }
    }
}
