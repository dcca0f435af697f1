// Where the processor time went: a bar for each part, linear, from nothing to all.

import { Data, Share } from './data';
import { by, dropEmptyColumns, make } from './dom';
import { count, duration, percent } from './words';

/** A memory call that takes less has no row of its own. */
const Least = 0.001;

export function drawUsage(data: Data): void {
    const usage = data.report.usage;
    by('usage-section').hidden = usage === undefined;
    if (usage === undefined)
        return;
    by('usage-note').textContent = usage.whyNotSampled === undefined ? `${duration(usage.nanoseconds)} by the clock` : `Where the rest went is not known: ${usage.whyNotSampled}.`;
    by('usage').querySelector('tbody')!.replaceChildren(...folded(usage.shares).map(share => {
        const row = make('tr');
        const name = make('th', share.name);
        name.scope = 'row';
        const rail = make('div', '', 'rail thin');
        const bar = make('i', '', share.name === 'moves' ? 'moves' : '');
        bar.style.width = share.part ? `max(2px, ${Math.min(1, share.part) * 100}%)` : '0';
        rail.append(bar);
        const cell = make('td', '', 'b');
        if (share.part !== undefined)
            cell.append(rail);
        row.append(
            name, cell, make('td', share.part === undefined ? '' : percent(share.part), 'n'), make('td', share.nanoseconds === undefined ? '' : duration(share.nanoseconds), 'n'),
            make('td', share.calls === undefined ? share.name === 'page faults' ? count(usage.minorFaults + usage.majorFaults, 'fault') : '' : count(share.calls, share.name === 'moves' ? 'move' : 'call'), 'n'));
        return row;
    }));
    dropEmptyColumns(by<HTMLTableElement>('usage'));
}

/** Calls that take next to nothing share a row. */
function folded(shares: Share[]): Share[] {
    const isSmall = (share: Share): boolean => share.calls !== undefined && share.name !== 'moves' && !(share.part !== undefined && share.part >= Least);
    const small = shares.filter(isSmall);
    if (small.length < 2)
        return shares;
    const sum = (value: (share: Share) => number | undefined): number | undefined =>
        small.some(share => value(share) === undefined) ? undefined : small.reduce((total, share) => total + value(share)!, 0);
    const together: Share = { name: 'other memory calls', nanoseconds: sum(s => s.nanoseconds), part: sum(s => s.part), calls: sum(s => s.calls) };
    const rest = shares.filter(share => !isSmall(share));
    const at = rest.findIndex(share => share.name === 'other system calls');
    rest.splice(at < 0 ? rest.length : at, 0, together);
    return rest;
}
