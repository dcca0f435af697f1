// Two runs of one program side by side: each figure with its two bars, on one scale that begins at nothing.

import { Data } from './data';
import { by, make } from './dom';

export function drawComparison(data: Data): void {
    const figures = data.head.comparison;
    by('comparison-section').hidden = figures === undefined;
    by('comparison').querySelector('tbody')!.replaceChildren(...(figures ?? []).map(figure => {
        const row = make('tr');
        const name = make('th', figure.name.trim(), figure.name.startsWith(' ') ? 'part' : '');
        name.scope = 'row';
        const most = Math.max(figure.asItIsValue ?? 0, figure.congruentValue ?? 0);
        row.append(name, cellOf(figure.asItIs, figure.asItIsValue, most), cellOf(figure.congruent, figure.congruentValue, most));
        return row;
    }));
}

function cellOf(text: string, value: number | undefined, most: number): HTMLElement {
    const cell = make('td');
    cell.append(make('span', text, 'mono'));
    if (value !== undefined) {
        const rail = make('div', '', 'rail thin');
        const bar = make('i');
        bar.style.width = value === 0 ? '0' : `max(2px, ${(value / most) * 100}%)`;
        rail.append(bar);
        cell.append(rail);
    }
    return cell;
}
