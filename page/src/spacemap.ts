// The address space at the chosen call: from all of it to one page, with the moves as arcs.

import { select } from 'd3-selection';
import { zoom, ZoomBehavior, ZoomTransform } from 'd3-zoom';
import { Data, Kinds, LevelNames, Move } from './data';
import { by, colour, fillLegend, make, prepare } from './dom';
import { geometry, spanOf } from './geometry';
import { lowerBound, Mapping, SpaceHistory } from './space';
import { Chosen } from './state';
import { count, hex, number, roughSize, size } from './words';

const Colours = ['anon', 'file', 'shared', 'code', 'reserved', 'stack'];
const Side = 2; // pixels beside the space
const Strip = 44; // height of the mappings
const Bottom = 34; // below them: the labels
const MostRows = 400;
const MostArcs = 500;

export class SpaceMap {
    private readonly canvas = by<HTMLCanvasElement>('space');
    private readonly slider = by<HTMLInputElement>('zoom');
    private readonly allArcs = by<HTMLInputElement>('all-arcs');
    private readonly zooming: ZoomBehavior<HTMLCanvasElement, unknown>;
    private readonly history: SpaceHistory;
    private low = 0;
    private size = geometry.whole;

    /** The width for which d3's transform holds. */
    private width = 0;
    private mappings: Mapping[] = [];

    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        this.history = new SpaceHistory(data.calls);
        const kinds = kindsIn(data);
        fillLegend('space-legend', [
            ...Kinds.map((name, i) => ({ name, colour: Colours[i] })).filter((_, i) => kinds.has(i)), ...data.moves.length === 0 ? [] : [{ name: 'where a move comes from, and where it goes', colour: 'move', mark: 'ring' }],
        ]);
        this.zooming = zoom<HTMLCanvasElement, unknown>().scaleExtent([1, geometry.whole / geometry.page]).on('zoom', event => {
            // What show() asks for is known exactly; what a gesture leads to d3 says.
            if (event.sourceEvent !== null) {
                const { k, x } = event.transform as ZoomTransform;
                this.size = geometry.whole / k;
                this.low = Math.min(geometry.whole - this.size, Math.max(0, (-x / k / this.width) * geometry.whole));
            }
            this.draw();
        });
        select(this.canvas).call(this.zooming).on('dblclick.zoom', null);
        this.slider.min = String(Math.log2(geometry.page));
        this.slider.max = String(Math.log2(geometry.whole));
        this.slider.addEventListener('input', () => {
            const center = this.low + this.size / 2;
            const wanted = 2 ** Number(this.slider.value);
            this.show(center - wanted / 2, center + wanted / 2);
        });
        const pan = (part: number): void => this.show(this.low + part * this.size, this.low + (1 + part) * this.size);
        by('pan-left').addEventListener('click', () => pan(-0.25));
        by('pan-right').addEventListener('click', () => pan(0.25));
        by('fit-all').addEventListener('click', () => this.show(0, geometry.whole));
        by('fit-mappings').addEventListener('click', () => this.fitMappings());
        by('fit-move').addEventListener('click', () => this.fitMove());
        by('fit-page').addEventListener('click', () => {
            const at = this.pageOfInterest();
            this.show(at, at + geometry.page);
        });
        this.allArcs.addEventListener('change', () => this.draw());
        this.canvas.addEventListener('keydown', event => {
            const actions: Record<string, () => void> = {
                'ArrowLeft': () => pan(-0.1), 'ArrowRight': () => pan(0.1), '+': () => this.scale(0.5), '=': () => this.scale(0.5), '-': () => this.scale(2),
                '0': () => this.show(0, geometry.whole),
            };
            if (actions[event.key] !== undefined) {
                event.preventDefault();
                actions[event.key]();
            }
        });
        chosen.listen(changed => {
            if (changed.has('call'))
                this.update();
            if (changed.has('move'))
                this.fitMove();
        });
        this.update();
    }

    /** Shows the addresses from low to high, or as near as the space allows. */
    show(low: number, high: number): void {
        const length = Math.min(geometry.whole, Math.max(geometry.page, high - low));
        const from = Math.min(Math.max(0, low), geometry.whole - length);
        this.low = from;
        this.size = length;
        this.width = Math.max(1, this.canvas.clientWidth - 2 * Side);
        const k = geometry.whole / length;
        this.zooming.translateExtent([[0, 0], [this.canvas.clientWidth, this.canvas.clientHeight]]);
        select(this.canvas).call(this.zooming.transform, new ZoomTransform(k, -(from / geometry.whole) * this.width * k, 0));
    }

    fitMove(): void {
        const move = this.data.moves[this.chosen.move];
        if (move === undefined)
            return this.fitMappings();
        const [from, to] = [Number(move.old), Number(move.new)];
        const low = Math.min(from, to);
        const high = Math.max(from, to) + move.length;
        this.showRound(low - (high - low) * 0.2, high + (high - low) * 0.2);
    }

    /** Shows at least the addresses from low to high, out to round ones. */
    private showRound(low: number, high: number): void {
        const step = Math.max(geometry.page, 2 ** Math.floor(Math.log2((high - low) / 8)));
        const from = Math.max(0, Math.floor(low / step) * step);
        this.show(from, Math.min(geometry.whole, Math.ceil(high / step) * step));
    }

    update(): void {
        const call = this.chosen.call;
        const space = this.data.calls.length === 0 ? 0 : this.history.spaceOfCall[call];
        this.mappings = this.data.calls.length === 0 ? [] : this.history.after(call, space);
        const bytes = this.mappings.reduce((sum, mapping) => sum + mapping.end - mapping.start, 0);
        const which = this.data.spaces > 1 ? `space ${space + 1} of ${this.data.spaces}, ` : '';
        by('space-note').textContent = `${which}after call ${number(call + 1)}: ${count(this.mappings.length, 'mapping')}, ${roughSize(bytes)}`;
        by('mappings-summary').textContent = `The ${count(this.mappings.length, 'mapping')} as a table`;
        const rows = this.mappings.slice(0, MostRows).map(mapping => {
            const row = make('tr');
            row.append(
                make('td', hex(mapping.start), 'a'), make('td', hex(mapping.end), 'a'), make('td', size(mapping.end - mapping.start), 'n'),
                make('td', mapping.protection, 'a'), make('td', Kinds[mapping.kind]));
            return row;
        });
        if (this.mappings.length > MostRows) {
            const more = make('td', `and ${number(this.mappings.length - MostRows)} more`);
            more.colSpan = 5;
            rows.push(make('tr'));
            rows[rows.length - 1].append(more);
        }
        by('mappings').querySelector('tbody')!.replaceChildren(...rows);
        this.draw();
    }

    draw(): void {
        const area = prepare(this.canvas);
        if (area === null)
            return;
        const { context, width, height } = area;
        if (this.width !== width - 2 * Side)
            return this.show(this.low, this.low + this.size);
        const [low, length] = [this.low, this.size];
        const x = (address: number): number => Side + ((address - low) / length) * (width - 2 * Side);
        const top = height - Bottom - Strip;
        this.slider.value = String(Math.log2(length));
        by('zoom-size').textContent = roughSize(length);
        const grid = this.drawGrid(context, x, width, top);
        by('space-window').textContent = `${hex(pageBelow(low))} to ${hex(pageAbove(low + length))}${grid === '' ? '' : `; lines: every ${grid}`}`;
        context.fillStyle = colour('faint');
        context.fillRect(0, top, width, Strip);
        this.drawMappings(context, x, width, top);
        if (this.allArcs.checked)
            this.drawAllArcs(context, x, width, top);
        const move = this.data.moves[this.chosen.move];
        if (move !== undefined && this.data.callOfMove[this.chosen.move] === this.chosen.call)
            this.drawMove(context, x, width, top, move);
    }

    private scale(factor: number): void {
        const center = this.low + this.size / 2;
        this.show(center - (this.size * factor) / 2, center + (this.size * factor) / 2);
    }

    private fitMappings(): void {
        if (this.mappings.length === 0)
            return this.show(0, geometry.whole);
        const low = this.mappings[0].start;
        const high = this.mappings[this.mappings.length - 1].end;
        this.showRound(low - (high - low) * 0.04, high + (high - low) * 0.04);
    }

    private pageOfInterest(): number {
        const move = this.data.moves[this.chosen.move];
        if (move !== undefined)
            return Number(move.new);
        return this.mappings.length === 0 ? 0 : this.mappings[0].start;
    }

    /** Lines at the boundaries of the levels that are far enough apart to be seen. Returns what stands between the finest of them, in words. */
    private drawGrid(context: CanvasRenderingContext2D, x: (address: number) => number, width: number, top: number): string {
        let finest = '';
        for (let level = 0; level < geometry.levels; level++) {
            const span = spanOf(level);
            const step = (span / this.size) * width;
            if (step < 7 || span > geometry.whole)
                continue;
            if (finest === '')
                finest = `${size(span)} (one ${LevelNames[level]} entry)`;
            context.fillStyle = colour('line');
            context.globalAlpha = Math.min(1, step / 60);
            const first = Math.max(1, Math.ceil(this.low / span));
            const thickness = step > 200 ? 1.5 : 1;
            for (let i = first; i * span < this.low + this.size; i++)
                context.fillRect(Math.round(x(i * span)), 0, thickness, top + Strip + 6);
            context.globalAlpha = 1;
        }
        this.drawAxis(context, x, width, top);
        return finest;
    }

    /** Addresses below the mappings, at the roundest places that are far enough apart to be read. */
    private drawAxis(context: CanvasRenderingContext2D, x: (address: number) => number, width: number, top: number): void {
        context.font = `11px ${colour('mono')}`;
        const room = context.measureText(hex(this.low + this.size)).width + 16;
        const step = 2 ** Math.ceil(Math.log2((this.size * room * 1.5) / width)); // those at the sides need half as much again
        for (let address = Math.ceil(this.low / step) * step; address <= this.low + this.size; address += step) {
            const at = x(address);
            context.fillStyle = colour('soft');
            context.fillRect(Math.min(width - 1, Math.round(at)), top + Strip, 1, 8);
            context.textAlign = at < room / 2 ? 'left' : at > width - room / 2 ? 'right' : 'center';
            context.fillText(hex(address), Math.min(width - 2, Math.max(2, at)), top + Strip + 21);
        }
    }

    private drawMappings(context: CanvasRenderingContext2D, x: (address: number) => number, width: number, top: number): void {
        const colours = Colours.map(colour);
        const edge = colour('card');
        for (let i = lowerBound(this.mappings, this.low); i < this.mappings.length; i++) {
            const mapping = this.mappings[i];
            const from = Math.max(-2, x(mapping.start));
            if (from > width)
                break;
            const to = Math.min(width + 2, x(mapping.end));
            context.fillStyle = colours[mapping.kind];
            context.fillRect(from, top, Math.max(2, to - from), Strip);
            if (to - from > 6) {
                context.fillStyle = edge;
                context.fillRect(to - 1, top, 1, Strip);
            }
            const label = `${mapping.protection} ${roughSize(mapping.end - mapping.start)}`;
            if (to - from > 9 * label.length) {
                context.fillStyle = mapping.kind === 3 || mapping.kind === 5 ? edge : '#111';
                context.font = `12px ${colour('mono')}`;
                context.textAlign = 'left';
                context.fillText(label, Math.max(from, 0) + 8, top + Strip / 2 + 4);
            }
        }
    }

    private drawAllArcs(context: CanvasRenderingContext2D, x: (address: number) => number, width: number, top: number): void {
        const { moves, callOfMove } = this.data;
        const space = this.history.spaceOfCall[this.chosen.call];
        context.strokeStyle = colour('soft');
        context.globalAlpha = 0.35;
        context.lineWidth = 1;
        let left = MostArcs;
        for (let i = moves.length - 1; i >= 0 && left > 0; i--) {
            if (callOfMove[i] > this.chosen.call)
                continue;
            left--;
            if (callOfMove[i] >= 0 && this.history.spaceOfCall[callOfMove[i]] === space)
                arc(context, middle(moves[i].old, moves[i].length, x, width), middle(moves[i].new, moves[i].length, x, width), top - 2);
        }
        context.globalAlpha = 1;
    }

    private drawMove(context: CanvasRenderingContext2D, x: (address: number) => number, width: number, top: number, move: Move): void {
        const ink = colour('move');
        const [from, to] = [middle(move.old, move.length, x, width), middle(move.new, move.length, x, width)];
        context.strokeStyle = ink;
        context.lineWidth = 2;
        for (const [address, dashed] of [[Number(move.old), true], [Number(move.new), false]] as [number, boolean][]) {
            const left = Math.max(-4, x(address));
            const right = Math.min(width + 4, x(address + move.length));
            context.setLineDash(dashed ? [5, 4] : []);
            context.strokeRect(left, top - 1, Math.max(3, right - left), Strip + 2);
        }
        context.setLineDash([]);
        const peak = arc(context, from, to, top - 4);
        context.fillStyle = ink;
        context.beginPath();
        context.moveTo(to, top - 2);
        context.lineTo(to - 5, top - 12);
        context.lineTo(to + 5, top - 12);
        context.fill();
        const text = `${size(move.length)} ${from < to ? '→' : '←'}`;
        context.font = `600 12px ${colour('mono')}`;
        context.textAlign = 'center';
        context.lineWidth = 4;
        context.strokeStyle = colour('slot');
        const at = Math.min(width - 50, Math.max(50, (from + to) / 2));
        context.strokeText(text, at, peak - 5);
        context.fillText(text, at, peak - 5);
    }
}

/** The kinds of mappings that there ever are. */
function kindsIn(data: Data): Set<number> {
    const kinds = new Set<number>();
    for (const call of data.calls) {
        for (const change of call[6] ?? []) {
            for (let i = 5; i < change.length; i += 4)
                kinds.add(change[i] as number);
        }
    }
    return kinds;
}

/** What is said of a place between pages is said of whole ones. */
const pageBelow = (address: number): number => Math.floor(address / geometry.page) * geometry.page;
const pageAbove = (address: number): number => Math.ceil(address / geometry.page) * geometry.page;

function middle(start: string, length: number, x: (address: number) => number, width: number): number {
    return Math.min(width + 60, Math.max(-60, x(Number(start) + length / 2)));
}

/** Draws an arc from one place to another on a line, and returns how high it goes. */
function arc(context: CanvasRenderingContext2D, from: number, to: number, base: number): number {
    const rise = Math.min(base - 22, 24 + Math.abs(to - from) * 0.25);
    context.beginPath();
    context.moveTo(from, base);
    context.bezierCurveTo(from, base - rise * 1.33, to, base - rise * 1.33, to, base);
    context.stroke();
    return base - rise;
}
