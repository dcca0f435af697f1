// The ladder of policies: a bar for each, on a logarithmic scale.

import { scaleSymlog } from 'd3-scale';
import { Cost, Data, entriesOf, levelEntries, LevelNames, Levels } from './data';
import { by, fillLegend, make } from './dom';
import { Chosen } from './state';
import { count, entries, number, size } from './words';

type Metric = 'entries' | 'slotsVisited' | 'tablesAllocated' | 'tablesFreed' | 'tlbFlushes' | 'tableBytes';

const Summed = ['p4d', 'pud', 'pmd', 'pte', 'slotsVisited', 'slotsInspected', 'tablesAllocated', 'tablesFreed', 'tlbFlushes', 'tableBytes'] as const;

export class Ladder {
    private readonly scope = by<HTMLSelectElement>('ladder-scope');
    private readonly metric = by<HTMLSelectElement>('ladder-metric');
    private readonly box = by('ladder');
    private readonly totals: Cost[];

    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        this.totals = sumOf(data);
        if (data.moves.length > 1)
            this.scope.value = 'all';
        else
            this.scope.disabled = true;
        for (const control of [this.scope, this.metric])
            control.addEventListener('change', () => this.draw());
        chosen.listen(changed => {
            if (changed.has('move'))
                this.draw();
        });
        this.draw();
    }

    draw(): void {
        const isAll = this.scope.value === 'all';
        const move = this.data.moves[this.chosen.move];
        const policies = isAll ? this.totals : move?.policies ?? [];
        const metric = this.metric.value as Metric;
        const values = policies.map(policy => metric === 'entries' ? entriesOf(policy) : policy[metric]);
        const scale = scaleSymlog().constant(1).domain([0, Math.max(1, ...values)]).range([0, 100]);
        this.box.querySelector('tbody')!.replaceChildren(...policies.map((policy, i) => {
            const row = make('tr', '', policy.policy === 'pageshift' ? 'ours' : '');
            const name = make('th', policy.policy);
            name.scope = 'row';
            const rail = make('div', '', 'rail');
            const bar = make('div');
            bar.style.width = values[i] === 0 ? '0' : `max(4px, ${scale(values[i])}%)`;
            bar.style.setProperty('--c', `var(--${metric === 'entries' ? highest(policy) : 'live'})`);
            rail.append(bar);
            const cell = make('td', '', 'b');
            cell.append(rail);
            const text = metric === 'entries' ? entries(policy) + (policy.warned ? ', warns' : '') : metric === 'tableBytes' ? size(values[i]) : number(values[i]);
            row.append(name, cell, make('td', text, 'n'));
            return row;
        }), this.axis(values, scale));
        by('ladder-note').textContent = `${isAll ? `${count(this.data.moves.length, 'move')} together` : 'This move'}. The scale is logarithmic: each step of the same length is a factor of ten.`;
        const levels = Levels.map((level, i) => ({ name: `${LevelNames[i]} entries at most`, colour: level, level: i }))
            .filter(item => metric === 'entries' && policies.some(policy => highest(policy) === item.colour && entriesOf(policy) > 0));
        fillLegend('ladder-legend', levels);
    }

    /** The powers of ten, below the bars. */
    private axis(values: number[], scale: (value: number) => number): HTMLElement {
        const row = make('tr');
        row.setAttribute('aria-hidden', 'true');
        const cell = make('td', '', 'b');
        const axis = make('div', '', 'axis');
        const ticks = [0];
        for (let tick = 1; tick <= Math.max(1, ...values); tick *= 10)
            ticks.push(tick);
        // Of neighbours that would touch only the higher one stays.
        const room = Math.max(1, Math.ceil(ticks.length / (this.box.clientWidth / 90)));
        axis.append(...ticks.filter((_, i) => i === 0 || (ticks.length - 1 - i) % room === 0).map(tick => {
            const label = make('span', tick >= 1e6 ? `10${superscript(Math.round(Math.log10(tick)))}` : number(tick));
            label.style.left = `${scale(tick)}%`;
            return label;
        }));
        cell.append(axis);
        row.append(make('td'), cell);
        return row;
    }
}

const superscript = (value: number): string => [...String(value)].map(digit => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('');

/** The highest level at which a policy moves anything. */
function highest(policy: Cost): string {
    for (let level = Levels.length - 1; level > 0; level--) {
        if (levelEntries(policy, level) !== 0)
            return Levels[level];
    }
    return Levels[0];
}

function sumOf(data: Data): Cost[] {
    const totals = data.policies.map((name): Cost => ({
        policy: name, pgd: 0, p4d: 0, pud: 0, pmd: 0, pte: 0, slotsVisited: 0, slotsInspected: 0, tablesAllocated: 0, tablesFreed: 0, tlbFlushes: 0, tableBytes: 0,
        warned: false,
    }));
    for (const move of data.moves) {
        move.policies.forEach((policy, i) => {
            const total = totals[i];
            for (const name of Summed)
                total[name] += policy[name];
            total.pgd! += policy.pgd ?? 0;
            total.warned ||= policy.warned;
        });
    }
    return totals;
}
