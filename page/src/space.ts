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
                this.kept.push({ call: i, state: copyOf(this.current) });
                for (const mappings of this.current.values())
                    cost += mappings.length;
            }
        }
    }

    /** The mappings of a space after a call, lowest first. */
    after(call: number, space: number): Mapping[] {
        if (call < this.at) {
            const from = this.kept.findLast(kept => kept.call <= call) ?? { call: -1, state: new Map() as State };
            this.current = copyOf(from.state);
            this.at = from.call;
        }
        else {
            const nearest = this.kept.findLast(kept => kept.call <= call);
            if (nearest !== undefined && nearest.call > this.at) {
                this.current = copyOf(nearest.state);
                this.at = nearest.call;
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
            this.current.set(space, [...this.current.get(change[1] as number) ?? []]);
            return;
        }
        const [from, to] = [change[1] as number, change[2] as number];
        const list = this.current.get(space) ?? [];
        const added: Mapping[] = [];
        for (let i = 3; i < change.length; i += 4) {
            const start = change[i] as number;
            added.push({ start, end: start + (change[i + 1] as number), kind: change[i + 2] as number, protection: change[i + 3] as string });
        }
        const first = lowerBound(list, from);
        let last = first;
        while (last < list.length && list[last].start < to)
            last++;
        list.splice(first, last - first, ...added);
        this.current.set(space, list);
    }
}

const copyOf = (state: State): State => new Map([...state].map(([space, mappings]) => [space, [...mappings]]));

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
