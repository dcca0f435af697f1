// The data that the tool puts into the page, and what the page computes from it once.

import { setGeometry } from './geometry';

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

/** A place on a stack. */
export interface Frame {
    function?: string;
    place: string;
    source?: string;
    line?: number;
}

/** The moves that were made at one place. */
export interface Site {
    site: string;
    caller?: string;
    stack?: Frame[];
    moves: number;
    congruentMoves: number;
    entriesLinux67: number;
    entriesPageShift: number;
    entriesCongruent: number;
    nanoseconds: number;
    processorNanoseconds?: number;
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
    stack?: Frame[];
    kernel?: { verdict: string; extents?: number; tablesAllocated?: number; tlbFlushes?: number; nanoseconds?: number; reason?: string; predictedBy: string; text: string };
}

export interface Report {
    schema: number;
    file?: string;
    command?: string[];
    exitCode?: number;
    calls: number;
    divergenceCount: number;
    log?: { populate: string; inferredMappings: number };
    following?: { baselineNanoseconds: number; baselineProcessorNanoseconds?: number };
    sites?: Site[];
    moves: Move[];
}

/** A figure of two runs. */
export interface Compared {
    name: string;
    asItIs: string;
    congruent: string;
    asItIsValue?: number;
    congruentValue?: number;
}

/** What a move costs in one way to make it: under a policy, to its own destination or to a congruent one. */
export interface Variant {
    policy: Policy;
    new: string;
    congruent: Level;

    /** Where its plan stands among those of the move. */
    plan: number;
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

/** The group of the calls that move. */
export const Remap = 2;

export function entriesOf(policy: Cost): number {
    return (policy.pgd ?? 0) + policy.p4d + policy.pud + policy.pmd + policy.pte;
}

export function levelEntries(policy: Cost, level: number): number {
    return policy[Levels[level]] ?? 0;
}

/** Takes an element's data out of the page and unpacks it. */
async function read<T>(id: string): Promise<T> {
    const element = document.getElementById(id)!;
    const packed = Uint8Array.from(atob(element.textContent!.trim()), character => character.charCodeAt(0));
    element.textContent = ''; // its text is not needed a second time, and may be large
    return await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).json() as T;
}

interface Head {
    title: string;
    headline?: string;
    facts: string[];
    advice: string[];
    notes: string[];
    shown?: number;
    geometry: number[];
    comparison?: Compared[];
    usage?: { note: string; rows: { name: string; time: string; share: string; words: string; part?: number }[] };
    plans: number[][][];
}

export class Data {
    calls: CallRow[] = [];
    spaces = 0;

    /** For each call the number of its first move. */
    firstMove = new Uint32Array(1);

    /** For each move the number of its call; -1 where the calls do not say. */
    readonly callOfMove: Int32Array;

    /** The names of the policies, oldest first. */
    readonly policies: string[];

    /** The ways to make a move that are compared: the policies, then those that a congruent place was planned for. */
    readonly variants: { name: string; policy: number; placed?: number }[];

    private constructor(readonly report: Report, readonly head: Head) {
        setGeometry(head.geometry);
        this.callOfMove = new Int32Array(report.moves.length).fill(-1);
        this.policies = report.moves.length === 0 ? [] : report.moves[0].policies.map(p => p.policy);
        this.variants = this.policies.map((name, policy) => ({ name, policy }));
        const helped = report.moves.find(move => move.congruentPlacement !== undefined && isBetter(move, move.congruentPlacement.policies.length - 1));
        helped?.congruentPlacement!.policies.forEach((policy, placed) => {
            this.variants.push({ name: `${policy.policy}, congruent`, policy: this.policies.indexOf(policy.policy), placed });
        });
    }

    /** Reads what the first screen needs. */
    static async read(): Promise<Data> {
        const [report, head] = await Promise.all([read<Report>('report'), read<Head>('plans')]);
        return new Data(report, head);
    }

    /** Reads the calls, of which there may be many. */
    async readCalls(): Promise<void> {
        const { spaces, calls } = await read<{ spaces: number; calls: CallRow[] }>('calls');
        this.spaces = spaces;
        this.calls = calls;
        this.firstMove = new Uint32Array(calls.length + 1);
        for (let i = 0, move = 0; i < calls.length; i++) {
            for (let k = 0; k < calls[i][5]; k++) {
                if (move + k < this.callOfMove.length)
                    this.callOfMove[move + k] = i;
            }
            move += calls[i][5];
            this.firstMove[i + 1] = move;
        }
    }

    get moves(): Move[] {
        return this.report.moves;
    }

    /** A move in one of the ways that are compared. A congruent place that is no better, or that there is not, leaves it as it was made. */
    variant(move: Move, index: number): Variant {
        const { policy, placed } = this.variants[index];
        const place = move.congruentPlacement;
        if (placed === undefined || place === undefined || !isBetter(move, placed))
            return { policy: move.policies[policy], new: move.new, congruent: move.congruent, plan: policy };
        return { policy: place.policies[placed], new: place.new, congruent: place.congruent, plan: this.policies.length + placed };
    }

    plan(move: number, index: number): Plan {
        const row = this.head.plans[move][index];
        const runs: Run[] = [];
        for (let i = 1; i < row.length; i += 5)
            runs.push({ level: row[i], source: row[i + 1], destination: row[i + 2], slots: row[i + 3], entries: row[i + 4] });
        return { runCount: row[0], runs };
    }

    /** The thread's processor time in calls, where the kernel told it, without what tracing adds to each. */
    timeOf(times: { nanoseconds?: number; processorNanoseconds?: number }, calls: number): number {
        const { baselineNanoseconds = 0, baselineProcessorNanoseconds } = this.report.following ?? {};
        if (times.processorNanoseconds !== undefined && baselineProcessorNanoseconds !== undefined)
            return Math.max(0, times.processorNanoseconds - calls * baselineProcessorNanoseconds);
        return Math.max(0, (times.nanoseconds ?? 0) - calls * baselineNanoseconds);
    }
}

/** Whether a congruent place makes a move cheaper under the policy that it was planned under. */
function isBetter(move: Move, placed: number): boolean {
    const there = move.congruentPlacement!;
    const made = move.policies.find(policy => policy.policy === there.policies[placed].policy);
    return made !== undefined && Levels.indexOf(there.congruent) > Levels.indexOf(move.congruent) && entriesOf(there.policies[placed]) < entriesOf(made);
}
