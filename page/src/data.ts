// The data that the tool puts into the page, and what the page computes from it once.

import { geometry } from './geometry';

export type Level = 'pte' | 'pmd' | 'pud' | 'p4d' | 'pgd';

export interface Boundary {
    end: 'start' | 'end';
    level: Level;
    block: string;
    outcome: string;
    obstacle?: string;
    reason: string;
    remedy?: string;
}

/** An end about which there was nothing to decide. */
export interface End {
    end: 'start' | 'end' | 'both';
    reason: string;
    remedy?: string;
}

/** What a move, or several together, cost under a policy. */
export interface Cost {
    policy: string;
    pgd?: number;
    p4d: number;
    pud: number;
    pmd: number;
    pte: number;
    slotsVisited: number;
    slotsInspected: number;
    tablesAllocated: number;
    tablesFreed: number;
    tlbFlushes: number;
    tableBytes: number;
    warned: boolean;
}

export interface Policy extends Cost {
    expandedOld: string;
    expandedLength: number;
    reason: string;
    boundaries: Boundary[];
    ends?: End[];
}

export interface Move {
    line?: number;
    process?: number;
    thread: number;
    call: string;
    site?: string;
    caller?: string;
    old: string;
    new: string;
    length: number;
    congruent: Level;
    remedy?: string;
    presentPages?: number;
    exact?: boolean;
    nanoseconds?: number;
    processorNanoseconds?: number;
    policies: Policy[];
    congruentPlacement?: { new: string; congruent: Level; policies: Policy[] };
    kernel?: { verdict: string; extents?: number; tablesAllocated?: number; tlbFlushes?: number; nanoseconds?: number; reason?: string; predictedBy: string };
}

export interface Report {
    schema: number;
    file?: string;
    command?: string[];
    exitCode?: number;
    calls: number;
    divergenceCount: number;
    log?: { populate: string; inferredMappings: number };
    moves: Move[];
}

export interface Run {
    level: number;
    source: number;
    destination: number;
    slots: number;
    entries: number;
}

export interface Plan {
    runCount: number;
    runs: Run[];
}

/** [line, thread, group, was executed, text, moves, changes] */
export type CallRow = [number, number, number, number, string, number, Change[]?];

/** A space is made, is made as a copy, or has a range replaced: see docs/page.md. */
export type Change = (number | string)[];

export const Levels: Level[] = ['pte', 'pmd', 'pud', 'p4d', 'pgd'];
export const LevelNames = ['PTE', 'PMD', 'PUD', 'P4D', 'PGD'];
export const Groups = ['map', 'unmap', 'remap', 'protect', 'other memory', 'process', 'other'];
export const Kinds = ['private memory', 'file', 'shared', 'code', 'reserved', 'stack'];

export function entriesOf(policy: Cost): number {
    return (policy.pgd ?? 0) + policy.p4d + policy.pud + policy.pmd + policy.pte;
}

export function levelEntries(policy: Cost, level: number): number {
    return policy[Levels[level]] ?? 0;
}

function read<T>(id: string): T {
    const element = document.getElementById(id)!;
    const value = JSON.parse(element.textContent!) as T;
    element.textContent = ''; // its text is not needed a second time, and may be large
    return value;
}

export class Data {
    readonly report: Report;
    readonly calls: CallRow[];
    readonly title: string;
    /** What there is to say of all moves, in one sentence; undefined for nothing. */
    readonly conclusion: string | undefined;
    /** The line of the call whose move is shown first; undefined for the largest. */
    readonly shown: number | undefined;
    readonly spaces: number;

    /** For each call the number of its first move. */
    readonly firstMove: Uint32Array;

    /** For each move the number of its call; -1 where the calls do not say. */
    readonly callOfMove: Int32Array;

    private readonly plans: number[][][];

    constructor() {
        this.report = read<Report>('report');
        const plans = read<{ title: string; conclusion?: string; shown?: number; geometry: [number, number, number]; plans: number[][][] }>('plans');
        const calls = read<{ spaces: number; calls: CallRow[] }>('calls');
        let limit = 0;
        [geometry.levels, geometry.bits, limit] = plans.geometry;
        geometry.whole = 2 ** Math.ceil(Math.log2(limit));
        this.title = plans.title;
        this.conclusion = plans.conclusion;
        this.shown = plans.shown;
        this.plans = plans.plans;
        this.calls = calls.calls;
        this.spaces = calls.spaces;
        this.firstMove = new Uint32Array(this.calls.length + 1);
        this.callOfMove = new Int32Array(this.report.moves.length).fill(-1);
        for (let i = 0, move = 0; i < this.calls.length; i++) {
            for (let k = 0; k < this.calls[i][5]; k++) {
                if (move + k < this.callOfMove.length)
                    this.callOfMove[move + k] = i;
            }
            move += this.calls[i][5];
            this.firstMove[i + 1] = move;
        }
    }

    get moves(): Move[] {
        return this.report.moves;
    }

    /** The names of the policies, oldest first. */
    get policies(): string[] {
        return this.moves.length === 0 ? [] : this.moves[0].policies.map(p => p.policy);
    }

    plan(move: number, policy: number): Plan {
        const row = this.plans[move][policy];
        const runs: Run[] = [];
        for (let i = 1; i < row.length; i += 5)
            runs.push({ level: row[i], source: row[i + 1], destination: row[i + 2], slots: row[i + 3], entries: row[i + 4] });
        return { runCount: row[0], runs };
    }
}

// The thread's processor time, where the kernel told it.
export function timeOf(move: Move): number {
    return move.processorNanoseconds ?? move.nanoseconds ?? 0;
}
