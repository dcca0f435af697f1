// The tables of a move, drawn: slots of the level at which it moves, the tables that hang from them, and what travels.

import { Data, entriesOf, LevelNames, Levels } from './data';
import { by, fillLegend } from './dom';
import { geometry, spanOf, tableEntries } from './geometry';
import { Chosen } from './state';
import { cellsPerRow, Piece, Slot, Travel, travelOf } from './travel';
import { count, entries, hex, number } from './words';

const Namespace = 'http://www.w3.org/2000/svg';
const Gap = 16;
const Entry = 24; // height of the entry above its table
const Link = 8; // between them
const Slack = 12; // below a row of tables
const Head = 40; // above a group of slots
const Duration = 1800;
const Narrowest = 96; // of a table
const Widest = 208;
const Smallest = 2; // a cell with a gap beside it
const Small = 480; // a drawing narrower than this shows fewer slots

interface Place {
    x: number;
    y: number;
}

interface Traveller {
    element: SVGElement;
    from: Place;
    to: Place;
    begins: number;
}

export class TableView {
    private readonly box = by('tables');
    private readonly play = by<HTMLButtonElement>('play');
    private readonly slider = by<HTMLInputElement>('progress');
    private travellers: Traveller[] = [];
    private frame = 0;
    private cell = 4;
    private cellsPerRow = 1;
    private rows = 1;

    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        this.play.addEventListener('click', () => this.run());
        this.slider.addEventListener('input', () => {
            this.stop();
            this.place();
        });
        chosen.listen(changed => {
            if (changed.has('move') || changed.has('variant')) {
                this.slider.value = '0';
                this.layOut();
            }
        });
    }

    /** Draws everything anew, in the width that there is. */
    layOut(): void {
        this.stop();
        const move = this.data.moves[this.chosen.move];
        if (move === undefined)
            return;
        const { policy, new: place, plan: index } = this.data.variant(move, this.chosen.variant);
        const plan = this.data.plan(this.chosen.move, index);
        const obstacles = move.policies.flatMap(p => p.boundaries).filter(b => b.outcome.startsWith('entry') && b.obstacle !== undefined).map(b => Number(b.obstacle));
        const travel = travelOf(move, Number(place), plan, obstacles, this.box.clientWidth < Small ? 1 : 2);
        const svg = element('svg', {});
        this.travellers = [];
        this.draw(svg, travel);
        svg.dataset.move = `${move.old} ${place}`;
        this.box.replaceChildren(svg);
        this.place();
        const [name, below] = [LevelNames[travel.level], LevelNames[travel.level - 1]];
        by('tables-text').textContent = `${this.data.variants[this.chosen.variant].name}: ${entries(policy)} from ${move.old} to ${place}; ${policy.reason}. `
            + `${count(travel.tables.length, 'whole table')} and ${count(travel.pieces.length, 'group')} of single entries are drawn.`;
        fillLegend('tables-legend', [
            { name: `a ${name} entry with its table of ${number(tableEntries(travel.level - 1))} ${below} entries, which moves whole`, colour: Levels[travel.level] },
            { name: `${below} entries, which move one by one`, colour: Levels[travel.level - 1] },
            ...(obstacles.length > 0 ? [{ name: 'something else that lives there', colour: 'ink' }] : []),
        ].filter((_, i) => (i !== 0 || travel.tables.length > 0) && (i !== 1 || travel.pieces.length > 0)));
        this.note(travel, plan.runCount > plan.runs.length);
    }

    private note(travel: Travel, isCut: boolean): void {
        const parts: string[] = [];
        if (travel.hidden > 0)
            parts.push(`${count(travel.hidden, `more ${LevelNames[travel.level]} slot`)} between those shown ${travel.hidden === 1 ? 'does' : 'do'} the same.`);
        if (isCut)
            parts.push('The pages are scattered: only the first 64 runs are drawn.');
        if (parts.length > 0)
            this.box.append(Object.assign(document.createElement('p'), { className: 'note', textContent: parts.join(' ') }));
    }

    private draw(svg: SVGElement, travel: Travel): void {
        const width = this.box.clientWidth || 600;
        const most = Math.max(...groupsOf(travel).map(group => group.length));
        const row = this.cellsPerRow = cellsPerRow(travel);
        this.rows = tableEntries(travel.level - 1) / row;
        const room = Math.floor((2 * (width - (most - 1) * Gap)) / most / row) / 2;
        this.cell = Math.min((width < Small ? Widest / 2 : Widest) / row, Math.max(Narrowest / row, room));
        const table = this.width;
        const fit = Math.max(1, Math.floor((width + Gap) / (table + Gap)));
        const places = new Map<number, Place>();
        let y = 0;
        for (const group of groupsOf(travel)) {
            this.drawHead(svg, travel.level, group, y, width);
            y += Head;
            const perRow = Math.ceil(group.length / Math.ceil(group.length / fit)); // rows of one length
            group.forEach((slot, i) => {
                const column = i % perRow;
                if (i > 0 && column === 0)
                    y += this.height + Slack + 18;
                const place = { x: column * (table + Gap), y };
                places.set(slot.index, place);
                this.drawSlot(svg, travel, slot, place, i < group.length - 1 && group[i + 1].index !== slot.index + 1);
            });
            y += this.height + Slack + 20;
        }
        svg.setAttribute('viewBox', `0 0 ${width} ${Math.max(1, y - 8)}`);
        svg.setAttribute('height', String(Math.max(1, y - 8)));
        for (const item of travel.tables.sort((a, b) => a.order - b.order))
            this.addTable(svg, travel, travel.slots.get(item.from)!, places.get(item.from)!, places.get(item.to)!, item.to);
        for (const piece of travel.pieces.sort((a, b) => a.order - b.order))
            this.addPiece(svg, piece, places.get(piece.from)!, places.get(piece.to)!);
        this.travellers.forEach((traveller, i) => {
            traveller.begins = this.travellers.length === 1 ? 0 : (i / (this.travellers.length - 1)) * 0.55;
        });
    }

    private get width(): number {
        return this.cellsPerRow * this.cell;
    }

    private get tableHeight(): number {
        return this.rows * this.cell;
    }

    private get height(): number {
        return Entry + Link + this.tableHeight;
    }

    /** The way from the root to the table whose slots follow. */
    private drawHead(svg: SVGElement, level: number, slots: Slot[], y: number, width: number): void {
        const address = slots[0].index * spanOf(level);
        const path: string[] = [];
        for (let above = geometry.levels - 1; above > level; above--)
            path.push(`${LevelNames[above]} ${Math.floor(address / spanOf(above)) % tableEntries(above)}`);
        const text = element('text', { x: 0, y: y + 16, class: 'head' });
        text.textContent = path.length === 0 ? `${LevelNames[level]} table, the root` : `${path.join(' › ')} › ${LevelNames[level]} table`;
        // Where a table has both places, the slots say which is which when they move.
        const place = slots.every(slot => slot.before.length === 0) ? 'new place' : slots.every(slot => slot.after.length === 0) ? 'old place' : '';
        const side = element('text', { x: width, y: y + 16, class: 'head', 'text-anchor': 'end' });
        side.textContent = place;
        svg.append(text, side, element('line', { x1: 0, x2: width, y1: y + 26, y2: y + 26, class: 'rule' }));
    }

    private drawSlot(svg: SVGElement, travel: Travel, slot: Slot, place: Place, isBeforeGap: boolean): void {
        const table = this.width;
        const group = element('g', { transform: `translate(${place.x} ${place.y})`, class: 'slot' });
        group.append(element('line', { x1: table / 2, x2: table / 2, y1: -18, y2: 0, class: 'rule' }));
        group.append(element('rect', { x: 0.5, y: 0.5, width: table - 1, height: Entry - 1, rx: 4, class: 'empty' }));
        const label = element('text', { x: table / 2, y: this.height + 14, class: 'label', 'text-anchor': 'middle' });
        label.textContent = hex(slot.index * spanOf(travel.level));
        if (isBeforeGap) {
            const gap = element('text', { x: table + Gap / 2, y: Entry / 2 + 4, class: 'label', 'text-anchor': 'middle' });
            gap.textContent = '…';
            group.append(gap);
        }
        const name = element('text', { x: table / 2, y: 16, class: 'label', 'text-anchor': 'middle' });
        name.textContent = `${LevelNames[travel.level]} ${slot.index % tableEntries(travel.level)}`;
        group.append(label, name);
        const hasPieces = travel.pieces.some(piece => piece.from === slot.index || piece.to === slot.index);
        if (hasPieces || slot.others.length > 0) {
            group.append(element('path', { d: `M${table / 2} ${Entry}V${Entry + Link}`, class: 'rule' }));
            group.append(element('rect', { x: 0.5, y: Entry + Link + 0.5, width: table - 1, height: this.tableHeight - 1, rx: 2, class: 'table' }));
        }
        else {
            group.append(element('rect', { x: 0.5, y: Entry + Link + 0.5, width: table - 1, height: this.tableHeight - 1, rx: 2, class: 'nothing' }));
        }
        for (const cell of slot.others)
            group.append(this.cells(cell, 1, 'others'));
        svg.append(group);
    }

    /** An entry, and below it its table with what belongs to the move. */
    private addTable(svg: SVGElement, travel: Travel, slot: Slot, from: Place, to: Place, target: number): void {
        const table = this.width;
        const group = element('g', { class: `traveller l-${Levels[travel.level]}`, 'data-from': slot.index, 'data-to': target });
        group.append(element('rect', { x: 0.5, y: 0.5, width: table - 1, height: Entry - 1, rx: 4, class: 'entry' }));
        const name = element('text', { x: table / 2, y: 16, class: 'entry-label', 'text-anchor': 'middle' });
        name.textContent = `${LevelNames[travel.level]} → table`;
        group.append(name, element('path', { d: `M${table / 2} ${Entry}V${Entry + Link}`, class: 'bond' }));
        group.append(element('rect', { x: 0.5, y: Entry + Link + 0.5, width: table - 1, height: this.tableHeight - 1, rx: 2, class: 'moved-table' }));
        for (const [first, cells] of slot.before)
            group.append(this.cells(first, cells, 'live'));
        svg.append(group);
        this.travellers.push({ element: group, from, to, begins: 0 });
    }

    private addPiece(svg: SVGElement, piece: Piece, from: Place, to: Place): void {
        const at = (place: Place, cell: number): Place => ({
            x: place.x + (cell % this.cellsPerRow) * this.cell, y: place.y + Entry + Link + Math.floor(cell / this.cellsPerRow) * this.cell,
        });
        const group = element('g', { class: `traveller l-${Levels[piece.level]}`, 'data-from': piece.from, 'data-to': piece.to });
        const path = element('path', { d: cellsPath(0, piece.cells, this.cell, this.cellsPerRow), class: 'live' });
        group.append(path);
        svg.append(group);
        this.travellers.push({ element: group, from: at(from, piece.fromCell), to: at(to, piece.toCell), begins: 0 });
    }

    private cells(first: number, count: number, name: string): SVGElement {
        return element('path', { d: cellsPath(first, count, this.cell, this.cellsPerRow), class: name, transform: `translate(0 ${Entry + Link})` });
    }

    private run(): void {
        if (this.frame !== 0) {
            this.stop();
            return;
        }
        if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
            this.slider.value = Number(this.slider.value) >= 1000 ? '0' : '1000';
            this.place();
            return;
        }
        const from = Number(this.slider.value) >= 1000 ? 0 : Number(this.slider.value);
        let begun = -1;
        const step = (time: number): void => {
            if (begun < 0)
                begun = time;
            const now = Math.min(1000, from + ((time - begun) / Duration) * 1000);
            this.slider.value = String(now);
            this.place();
            if (now >= 1000)
                this.stop();
            else
                this.frame = requestAnimationFrame(step);
        };
        this.play.textContent = 'Pause';
        this.frame = requestAnimationFrame(step);
    }

    private stop(): void {
        cancelAnimationFrame(this.frame);
        this.frame = 0;
        this.play.textContent = Number(this.slider.value) >= 1000 ? 'Again' : 'Play';
    }

    /** Puts everything where it is at the slider's moment. */
    private place(): void {
        const now = Number(this.slider.value) / 1000;
        let arrived = 0;
        for (const { element, from, to, begins } of this.travellers) {
            const part = now === 1 ? 1 : Math.min(1, Math.max(0, (now - begins) / 0.45));
            const eased = part * part * (3 - 2 * part);
            arrived += part === 1 ? 1 : 0;
            const lift = Math.sin(Math.PI * eased) * (from.y === to.y ? 12 : 0);
            element.setAttribute('transform', `translate(${from.x + (to.x - from.x) * eased} ${from.y + (to.y - from.y) * eased - lift})`);
        }
        const move = this.data.moves[this.chosen.move];
        const { policy } = this.data.variant(move, this.chosen.variant);
        const total = entriesOf(policy);
        const share = this.travellers.length === 0 ? 0 : arrived / this.travellers.length;
        by('moved').textContent = share === 1 ? `${entries(policy)} moved` : `${number(Math.floor(share * total))} of ${number(total)} moved`;
        if (this.frame === 0)
            this.play.textContent = now >= 1 ? 'Again' : 'Play';
        this.box.dataset.progress = String(now);
    }
}

/** Slots that stand in one table, lowest first. */
function groupsOf(travel: Travel): Slot[][] {
    const groups: Slot[][] = [];
    const entries = tableEntries(travel.level);
    for (const slot of [...travel.slots.values()].sort((a, b) => a.index - b.index)) {
        const last = groups[groups.length - 1];
        if (last !== undefined && Math.floor(last[0].index / entries) === Math.floor(slot.index / entries))
            last.push(slot);
        else
            groups.push([slot]);
    }
    return groups;
}

/** Cells as one path: a square each, with a hair's breadth between them; where they are too small for that, what stands beside each other in a row is one. */
function cellsPath(first: number, cells: number, cell: number, perRow: number): string {
    let path = '';
    const gap = cell > 4 ? 1 : cell > Smallest ? 0.7 : 0;
    for (let i = first, step = 1; i < first + cells; i += step) {
        step = gap > 0 ? 1 : Math.min(first + cells, i + perRow - (i % perRow)) - i;
        const [width, height] = [step * cell - gap, cell - gap];
        path += `M${(i % perRow) * cell + gap / 2} ${Math.floor(i / perRow) * cell + gap / 2}h${width}v${height}h-${width}z`;
    }
    return path;
}

function element(name: string, attributes: Record<string, string | number>): SVGElement {
    const made = document.createElementNS(Namespace, name);
    for (const [key, value] of Object.entries(attributes))
        made.setAttribute(key, String(value));
    return made;
}
