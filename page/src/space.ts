// The mappings of an address space at any call, from the changes that calls make.

import { CallRow, Change } from './data';

export interface Mapping {
    start: number;
    end: number;
    kind: number;
    protection: string;
}

type State = Map<number, Mapping[]>;

/** Calls between two states that are kept, so that going to a call repeats only a few. */
const Stride = 1024;

/** No more than this many mappings are kept in all states together. */
const MostKept = 2_000_000;

export class SpaceHistory {
    private readonly kept: { call: number; state: State }[] = [];
    private current: State = new Map();
    private at = -1;

    /** The space that each call was made in: the first one that it changed, or that of the call before it. */
    readonly spaceOfCall: Int32Array;

    constructor(private readonly calls: CallRow[]) {
        this.spaceOfCall = new Int32Array(calls.length);
        const ofThread = new Map<number, number>();
        let cost = 0;
        for (let i = 0; i < calls.length; i++) {
            this.step(i);
            const changes = calls[i][6];
            const thread = calls[i][1];
            if (changes !== undefined) {
                const change = changes.find(c => c.length > 2) ?? changes[0];
                ofThread.set(thread, change[0] as number);
            }
            this.spaceOfCall[i] = ofThread.get(thread) ?? (i === 0 ? 0 : this.spaceOfCall[i - 1]);
            if (i % Stride === Stride - 1 && cost < MostKept) {
                this.kept.push({ call: i, state: new Map(this.current) });
                for (const mappings of this.current.values())
                    cost += mappings.length;
            }
        }
    }

    /** The mappings of a space after a call, lowest first. */
    after(call: number, space: number): Mapping[] {
        if (call < this.at) {
            let from = { call: -1, state: new Map() as State };
            for (const kept of this.kept) {
                if (kept.call <= call)
                    from = kept;
            }
            this.current = new Map(from.state);
            this.at = from.call;
        }
        else {
            for (const kept of this.kept) {
                if (kept.call <= call && kept.call > this.at) {
                    this.current = new Map(kept.state);
                    this.at = kept.call;
                }
            }
        }
        while (this.at < call)
            this.step(this.at + 1);
        return this.current.get(space) ?? [];
    }

    private step(call: number): void {
        for (const change of this.calls[call][6] ?? [])
            this.apply(change);
        this.at = call;
    }

    private apply(change: Change): void {
        const space = change[0] as number;
        if (change.length === 1) {
            this.current.set(space, []);
            return;
        }
        if (change.length === 2) {
            this.current.set(space, this.current.get(change[1] as number) ?? []);
            return;
        }
        // The lists are never changed, only replaced: kept states share them.
        const [from, to] = [change[1] as number, change[2] as number];
        const old = this.current.get(space) ?? [];
        const added: Mapping[] = [];
        for (let i = 3; i < change.length; i += 4) {
            const start = change[i] as number;
            added.push({ start, end: start + (change[i + 1] as number), kind: change[i + 2] as number, protection: change[i + 3] as string });
        }
        const first = lowerBound(old, from);
        let last = first;
        while (last < old.length && old[last].start < to)
            last++;
        this.current.set(space, [...old.slice(0, first), ...added, ...old.slice(last)]);
    }
}

/** The first mapping that ends above an address. */
export function lowerBound(mappings: Mapping[], address: number): number {
    let low = 0;
    let high = mappings.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (mappings[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
