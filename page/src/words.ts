// Numbers and sizes in words. The reasons come with the data.

import { Cost, entriesOf, Level, levelEntries, LevelNames, Levels } from './data';
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

export function entries(policy: Cost): string {
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

/** A time to three digits, in the words of the tool. */
export function duration(nanoseconds: number): string {
    const steps = [[1e9, 's'], [1e6, 'ms'], [1e3, 'us']] as const;
    const [unit, name] = steps.find(([least]) => nanoseconds >= least) ?? [1, 'ns'];
    const value = nanoseconds / unit;
    return `${value.toFixed(unit === 1 || value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${name}`;
}

/** Keeps a number and its unit on one line. */
export const joined = (text: string): string => text.replace(/(\d) (PTE|PMD|PUD|P4D|PGD|[KMGTP]iB|%|[mnu]?s)\b/g, '$1\u00a0$2');

/** A ratio, in the words of the tool. */
export function toOne(ratio: number): string {
    return `${number(ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 10) / 10)} to 1`;
}

/** The entries of the policy that moves most. */
export const worst = (policies: Cost[]): number => Math.max(0, ...policies.map(entriesOf));
