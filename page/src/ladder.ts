// The ladder: a bar for each policy, and for a congruent place. Bars are linear and show their parts; a short one is shown magnified too, with how much.
// A rung chooses what is drawn.

import { Cost, Data, entriesOf, levelEntries, LevelNames, Levels } from './data';
import { by, fillLegend, make } from './dom';
import { Chosen } from './state';
import { count, entries, joined, number, size, toOne } from './words';

type Metric = 'entries' | 'slotsVisited' | 'tablesAllocated' | 'tablesFreed' | 'tlbFlushes' | 'tableBytes';

const Summed = ['p4d', 'pud', 'pmd', 'pte', 'slotsVisited', 'slotsInspected', 'tablesAllocated', 'tablesFreed', 'tlbFlushes', 'tableBytes'] as const;

/** A bar shorter than this part of the longest is magnified. */
const Short = 0.04;

/** A smaller ratio is not worth a number. */
const Telling = 1.05;

interface Rung {
    variants: number[];
    cost: Cost;
}

export class Ladder {
    private readonly scope = by<HTMLSelectElement>('ladder-scope');
    private readonly metric = by<HTMLSelectElement>('ladder-metric');
    private readonly box = by('ladder');
    private readonly totals: Cost[];

    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        this.totals = sumOf(data);
        by('ladder-section').hidden = data.moves.length === 0;
        if (data.moves.length > 1) {
            this.scope.options[1].textContent = `all ${count(data.moves.length, 'move')}`;
            this.scope.value = 'all';
        }
        else {
            this.scope.parentElement!.hidden = true;
        }
        for (const control of [this.scope, this.metric])
            control.addEventListener('change', () => this.draw());
        chosen.listen(changed => {
            if (changed.has('move') || changed.has('variant'))
                this.draw();
        });
        this.draw();
    }

    draw(): void {
        const move = this.data.moves[this.chosen.move];
        if (move === undefined)
            return;
        const isAll = this.scope.value === 'all';
        const costs = isAll ? this.totals : this.data.variants.map((_, i) => this.data.variant(move, i).policy);
        const metric = this.metric.value as Metric;
        const rungs = this.fold(costs, metric);
        const value = (cost: Cost): number => metric === 'entries' ? entriesOf(cost) : cost[metric];
        const most = Math.max(1, ...rungs.map(rung => value(rung.cost)));
        const hadFocus = this.box.contains(document.activeElement);
        this.box.querySelectorAll('.rung').forEach(rung => rung.remove());
        this.box.append(...rungs.map(rung => this.rung(rung, metric, value(rung.cost), most)));
        if (hadFocus)
            this.box.querySelector<HTMLInputElement>('input:checked')?.focus();
        fillLegend('ladder-legend', metric !== 'entries' ? [] : Levels.map((level, i) => ({ name: `${LevelNames[i]} entries`, colour: level, level: i }))
            .filter(item => costs.some(cost => levelEntries(cost, item.level) > 0)));
    }

    /** Neighbours that cost the same for the same reason share a rung. */
    private fold(costs: Cost[], metric: Metric): Rung[] {
        const rungs: Rung[] = [];
        costs.forEach((cost, i) => {
            const last = rungs[rungs.length - 1];
            const isPlaced = this.data.variants[i].placed !== undefined;
            if (last !== undefined && !isPlaced && isSame(last.cost, cost, metric))
                last.variants.push(i);
            else
                rungs.push({ variants: [i], cost });
        });
        return rungs;
    }

    private rung({ variants, cost }: Rung, metric: Metric, value: number, most: number): HTMLElement {
        const names = variants.map(i => this.data.variants[i].name);
        const figure = metric === 'entries' ? entries(cost) + (cost.warned ? ', warns' : '') : metric === 'tableBytes' ? size(value) : number(value);
        const ratio = value > 0 && most / value >= Telling ? toOne(most / value) : '';
        const rung = make('label', '', 'rung');
        rung.dataset.variants = names.join(' | ');
        const input = make('input');
        input.type = 'radio';
        input.name = 'policy';
        input.checked = variants.includes(this.chosen.variant);
        input.setAttribute('aria-label', `Draw ${names.join(', ')}: ${figure}${ratio === '' ? '' : `, ${ratio}`}`);
        input.addEventListener('change', () => this.chosen.set({ variant: variants[variants.length - 1] }));
        const top = make('span', '', 'top');
        top.append(make('span', nameOf(names, this.data.policies.length), 'name'), make('span', joined(figure), 'figure'));
        rung.append(input, top, barOf(cost, metric, value, most), make('span', ratio, 'ratio'));
        return rung;
    }
}

/** A bar with its parts, and where it is short the same bar magnified. */
function barOf(cost: Cost, metric: Metric, value: number, most: number): HTMLElement {
    const rail = make('span', '', 'rail');
    rail.setAttribute('aria-hidden', 'true');
    const parts = (name: string): HTMLElement => {
        const bar = make('span', '', name);
        const shown = metric === 'entries' ? [...Levels.keys()].reverse().filter(level => levelEntries(cost, level) > 0) : [-1];
        bar.append(...shown.map(level => {
            const part = make('i');
            const share = level < 0 ? value : levelEntries(cost, level);
            part.style.flexGrow = String(share / value);
            part.style.setProperty('--c', `var(--${level < 0 ? 'live' : Levels[level]})`);
            part.dataset.part = level < 0 ? metric : Levels[level];
            return part;
        }));
        return bar;
    };
    if (value === 0)
        return rail;
    const bar = parts('sum');
    bar.style.width = `${(value / most) * 100}%`;
    rail.append(bar);
    if (value / most < Short) {
        const lens = make('span', '', 'lens');
        lens.append(parts('sum'), make('span', 'magnified', 'hint'));
        rail.append(lens);
    }
    return rail;
}

/** "linux-4.20 … 5.11", "linux-6.7, pageshift" or "every policy". */
function nameOf(names: string[], policies: number): string {
    if (names.length === policies && policies > 1)
        return 'every policy';
    const linux = names.filter(name => name !== 'pageshift');
    const parts = linux.length > 1 ? [`${linux[0]} … ${linux[linux.length - 1].replace('linux-', '')}`] : [...linux];
    return [...parts, ...names.filter(name => name === 'pageshift')].join(', ');
}

function isSame(a: Cost, b: Cost, metric: Metric): boolean {
    return (metric === 'entries' ? entries(a) === entries(b) && a.warned === b.warned : a[metric] === b[metric])
        && (a as { reason?: string }).reason === (b as { reason?: string }).reason;
}

function sumOf(data: Data): Cost[] {
    return data.variants.map(({ name }, i): Cost => {
        const total: Cost = { policy: name, pgd: 0, p4d: 0, pud: 0, pmd: 0, pte: 0, slotsVisited: 0, slotsInspected: 0, tablesAllocated: 0, tablesFreed: 0, tlbFlushes: 0, tableBytes: 0, warned: false };
        for (const move of data.moves) {
            const { policy } = data.variant(move, i);
            for (const figure of Summed)
                total[figure] += policy[figure];
            total.pgd! += policy.pgd ?? 0;
            total.warned ||= policy.warned;
        }
        return total;
    });
}
