// Where the processor time went: the rows of the tool's table, each with a bar, linear, from nothing to all.

import { Data } from './data';
import { by, dropEmptyColumns, make } from './dom';
import { joined } from './words';

export function drawUsage(data: Data): void {
    const { usage } = data.head;
    by('usage-section').hidden = usage === undefined;
    if (usage === undefined)
        return;
    by('usage-note').textContent = joined(usage.note);
    by('usage').querySelector('tbody')!.replaceChildren(...usage.rows.map(({ name, time, share, words, part }) => {
        const row = make('tr');
        const head = make('th', name);
        head.scope = 'row';
        const cell = make('td', '', 'b');
        if (part !== undefined) {
            const rail = make('div', '', 'rail thin');
            const bar = make('i', '', name === 'moves' ? 'moves' : '');
            bar.style.width = part > 0 ? `max(2px, ${Math.min(1, part) * 100}%)` : '0';
            rail.append(bar);
            cell.append(rail);
        }
        row.append(head, cell, make('td', share, 'n'), make('td', time, 'n'), make('td', words, 'n'));
        return row;
    }));
    dropEmptyColumns(by<HTMLTableElement>('usage'));
}
