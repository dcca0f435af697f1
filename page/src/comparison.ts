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
        const rail = make('div', '', 'rail');
        rail.setAttribute('aria-hidden', 'true');
        const bar = make('span', '', 'sum');
        bar.style.width = `${(value / Math.max(1, most)) * 100}%`;
        bar.append(...partsOf(text, value));
        rail.append(...value === 0 ? [] : [bar]);
        cell.prepend(rail);
    }
    return cell;
}

/** The parts of a bar: entries of several levels in their colours, all else as one. */
function partsOf(text: string, value: number): HTMLElement[] {
    const levels = [...text.matchAll(/([\d,]+) (PTE|PMD|PUD|P4D|PGD)/g)].map(([, figure, name]) => ({ colour: name.toLowerCase(), value: Number(figure.replaceAll(',', '')) }));
    return (levels.length === 0 ? [{ colour: 'live', value }] : levels).map(part => {
        const made = make('i');
        made.style.flexGrow = String(part.value / value);
        made.style.setProperty('--c', `var(--${part.colour})`);
        return made;
    });
}
