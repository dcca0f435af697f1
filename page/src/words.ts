// Numbers, sizes and reasons in words.

import { Boundary, entriesOf, Level, levelEntries, LevelNames, Levels, Policy } from './data';
import { spanOf } from './geometry';

const Units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const Grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 2 });

export const number = (value: number): string => Grouped.format(value);

export function count(value: number, noun: string): string {
    return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A size, exactly, in the largest unit in which it has at most two decimals. */
export function size(bytes: number): string {
    let unit = Units.length - 1;
    while (unit > 0 && (bytes < 1024 ** unit || !Number.isInteger((bytes / 1024 ** unit) * 100)))
        unit--;
    return `${number(bytes / 1024 ** unit)} ${Units[unit]}`;
}

/** A size to about two digits. */
export function roughSize(bytes: number): string {
    let unit = 0;
    while (unit < Units.length - 1 && bytes >= 1024 ** (unit + 1))
        unit++;
    const value = bytes / 1024 ** unit;
    return `${number(value >= 10 ? Math.round(value) : Math.round(value * 10) / 10)} ${Units[unit]}`;
}

export const hex = (address: number): string => `0x${address.toString(16)}`;

export function entries(policy: Policy): string {
    const parts: string[] = [];
    for (let level = LevelNames.length - 1; level >= 0; level--) {
        if (levelEntries(policy, level) !== 0)
            parts.push(`${number(levelEntries(policy, level))} ${LevelNames[level]}`);
    }
    return parts.length === 0 ? 'nothing' : parts.join(', ');
}

export function congruence(level: Level): string {
    return level === 'pte' ? `not congruent modulo ${size(spanOf(1))}` : `congruent modulo ${size(spanOf(Levels.indexOf(level)))}`;
}

export function duration(nanoseconds: number): string {
    if (nanoseconds < 1000)
        return `${nanoseconds} ns`;
    if (nanoseconds < 1e6)
        return `${number(Math.round(nanoseconds / 100) / 10)} µs`;
    return `${number(Math.round(nanoseconds / 1e5) / 10)} ms`;
}

/** What was decided about a block, why, and what would change it. */
export function explainBoundary(boundary: Boundary, isLinux: boolean): { decision: string; remedy: string } {
    const level = boundary.level.toUpperCase();
    const at = boundary.obstacle ?? '';
    switch (boundary.outcome) {
        case 'expanded':
            return { decision: `expanded: the whole ${level} entry moves, since nothing else lives in its block`, remedy: '' };
        case 'nothingThere':
            return { decision: 'nothing of the source is present in this block, so nothing has to move there', remedy: '' };
        case 'notCongruent':
            return { decision: `source and destination differ modulo the span of a ${level} entry`, remedy: 'a destination congruent with the source' };
        case 'notAtMappingStart':
            return { decision: 'Linux expands only from the very start of a mapping', remedy: 'moving the mapping from its start' };
        case 'tooShort':
            return { decision: `the move ends before the next ${level} boundary`, remedy: 'a longer move' };
        case 'mappingInSource':
            return { decision: `a mapping at ${at} reaches into the source's block; Linux looks at mappings, not at entries`, remedy: 'nothing mapped in the rest of that block' };
        case 'mappingInDestination':
            return { decision: `a mapping at ${at} reaches into the destination's block; Linux looks at mappings, not at entries`, remedy: 'a destination whose block is otherwise unmapped' };
        case 'entryInSource':
            return { decision: `an entry at ${at}, which does not move, lives in the source's block`, remedy: isLinux ? '' : 'no page present in the rest of that block' };
        case 'entryInDestination':
            return { decision: `an entry at ${at} lives in the destination's block and stays there`, remedy: 'a destination whose block is otherwise clear' };
        case 'leafIsCut':
            return { decision: `a large page reaches over the end of the move, and has to be split`, remedy: 'a move that ends where the large page does' };
        default:
            return { decision: boundary.outcome, remedy: '' };
    }
}

/** The entries of the policy that moves most. */
export const worst = (policies: Policy[]): number => Math.max(0, ...policies.map(entriesOf));

/** What several policies' costs are together. */
export function entriesSum(policies: Policy[]): { total: number; text: string } {
    const parts: string[] = [];
    let total = 0;
    for (let level = LevelNames.length - 1; level >= 0; level--) {
        let sum = 0;
        for (const policy of policies)
            sum += levelEntries(policy, level);
        total += sum;
        if (sum !== 0)
            parts.push(`${number(sum)} ${LevelNames[level]}`);
    }
    return { total, text: parts.length === 0 ? 'nothing' : parts.join(', ') };
}
