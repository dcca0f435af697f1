// The timeline: all calls from left to right. Below the line what each call does, above it what the moves cost.

import { scaleSymlog } from 'd3-scale';
import { Data, entriesOf, Groups } from './data';
import { by, colour, fillLegend, prepare } from './dom';
import { Chosen } from './state';
import { count, number, worst } from './words';

const Colours = ['map', 'unmap', 'remap', 'protect', 'memory', 'process', 'other'];
const Band = 26; // pixels of the band of calls
const Margin = 6;

export class Timeline {
    private readonly canvas = by<HTMLCanvasElement>('timeline');
    private readonly slider = by<HTMLInputElement>('call');
    private readonly most: Float64Array;
    private readonly highest: number;

    constructor(private readonly data: Data, private readonly chosen: Chosen, private readonly choose: (call: number) => void) {
        this.most = Float64Array.from(data.moves, move => worst(move.policies));
        this.highest = this.most.reduce((highest, value) => Math.max(highest, value), 1);
        const calls = data.calls.length;
        by('calls-note').textContent = `${count(data.report.calls, 'call')}, ${count(data.moves.length, 'move')}`;
        const counts = new Array<number>(Groups.length).fill(0);
        for (const call of data.calls)
            counts[call[2]]++;
        fillLegend('timeline-legend', [
            ...Groups.map((name, i) => ({ name: `${name} ${number(counts[i])}`, colour: Colours[i] })).filter((_, i) => counts[i] > 0),
            ...(data.moves.length > 0 ? [{ name: 'entries, the policy that moves most', colour: 'pte', mark: 'ring' }, { name: 'entries, last policy', colour: 'pmd', mark: 'ring' }] : []),
        ]);
        by('timeline-text').textContent = Groups.map((name, i) => `${number(counts[i])} ${name}`).join(', ');
        this.slider.max = String(Math.max(1, calls));
        this.slider.addEventListener('input', () => choose(Number(this.slider.value) - 1));
        const pick = (event: PointerEvent): void => {
            const box = this.canvas.getBoundingClientRect();
            const part = (event.clientX - box.left - Margin) / (box.width - 2 * Margin);
            choose(Math.min(calls - 1, Math.max(0, Math.floor(part * calls))));
        };
        this.canvas.addEventListener('pointerdown', event => {
            this.canvas.setPointerCapture(event.pointerId);
            pick(event);
        });
        this.canvas.addEventListener('pointermove', event => {
            if (event.buttons !== 0)
                pick(event);
        });
        by('next-move').addEventListener('click', () => this.step(1));
        by('previous-move').addEventListener('click', () => this.step(-1));
        chosen.listen(changed => {
            if (changed.has('call'))
                this.draw();
        });
    }

    draw(): void {
        const calls = this.data.calls.length;
        this.slider.value = String(this.chosen.call + 1);
        by('call-number').textContent = calls === 0 ? '' : `${number(this.chosen.call + 1)} of ${number(calls)}`;
        const move = this.chosen.move;
        by<HTMLButtonElement>('previous-move').disabled = this.nextMove(-1) < 0;
        by<HTMLButtonElement>('next-move').disabled = this.nextMove(1) < 0;
        const area = prepare(this.canvas);
        if (area === null || calls === 0)
            return;
        const { context, width, height } = area;
        const inner = width - 2 * Margin;
        const x = (call: number): number => Margin + (call / calls) * inner;
        const base = height - Band - 8;
        this.drawBand(context, x, base + 4, inner);
        context.fillStyle = colour('line');
        context.fillRect(Margin, base, inner, 1);
        this.drawMoves(context, x, base, inner / calls, move);
        const at = x(this.chosen.call);
        context.fillStyle = colour('ink');
        context.fillRect(Math.min(at + inner / calls / 2, width - Margin) - 0.75, 4, 1.5, height - 8);
    }

    private step(direction: number): void {
        const next = this.nextMove(direction);
        if (next >= 0)
            this.choose(this.data.callOfMove[next]);
    }

    /** The nearest move after or before the chosen call; -1 when there is none. */
    private nextMove(direction: number): number {
        const at = this.chosen.call;
        const first = this.data.firstMove;
        const move = direction > 0 ? first[Math.min(at + 1, this.data.calls.length)] : first[at] - 1;
        return move >= 0 && move < this.data.moves.length && this.data.callOfMove[move] >= 0 ? move : -1;
    }

    private drawBand(context: CanvasRenderingContext2D, x: (call: number) => number, top: number, inner: number): void {
        const { calls } = this.data;
        const colours = Colours.map(colour);
        if (calls.length <= inner) {
            const gap = inner / calls.length > 4 ? 1 : 0;
            for (let i = 0; i < calls.length; i++) {
                context.fillStyle = colours[calls[i][2]];
                context.globalAlpha = calls[i][3] === 1 ? 1 : 0.35;
                context.fillRect(x(i), top, Math.max(1, x(i + 1) - x(i) - gap), Band);
            }
            context.globalAlpha = 1;
            return;
        }
        // Several calls in each pixel: their shares, one above the other.
        for (let column = 0; column < inner; column++) {
            const from = Math.floor((column / inner) * calls.length);
            const to = Math.max(from + 1, Math.floor(((column + 1) / inner) * calls.length));
            const counts = new Array<number>(Groups.length).fill(0);
            for (let i = from; i < to && i < calls.length; i++)
                counts[calls[i][2]]++;
            let y = top;
            for (let group = 0; group < counts.length; group++) {
                const share = (counts[group] / (to - from)) * Band;
                context.fillStyle = colours[group];
                context.fillRect(Margin + column, y, 1, share);
                y += share;
            }
        }
    }

    private drawMoves(context: CanvasRenderingContext2D, x: (call: number) => number, base: number, step: number, chosen: number): void {
        const { moves, callOfMove } = this.data;
        if (moves.length === 0)
            return;
        const y = scaleSymlog().constant(1).domain([0, this.highest]).range([base - 3, 12]);
        const [high, low, line] = [colour('pte'), colour('pmd'), colour('line')];
        const radius = moves.length > 2000 ? 1.5 : moves.length > 200 ? 2.5 : 4.5;
        if (moves.length > 2 * step * this.data.calls.length) {
            this.drawManyMoves(context, x, y, base, step);
            return;
        }
        for (let i = 0; i < moves.length; i++) {
            if (callOfMove[i] < 0)
                continue;
            const at = x(callOfMove[i]) + step / 2;
            const policies = moves[i].policies;
            const ours = policies[policies.length - 1];
            const top = y(this.most[i]);
            context.fillStyle = line;
            context.fillRect(at - 0.5, top, 1, base - top);
            dot(context, at, top, i === chosen ? radius + 1.5 : radius, high);
            dot(context, at, y(entriesOf(ours)), i === chosen ? radius + 1.5 : radius, low);
        }
    }

    /** More moves than pixels: of those in a pixel the largest. */
    private drawManyMoves(context: CanvasRenderingContext2D, x: (call: number) => number, y: (entries: number) => number, base: number, step: number): void {
        const { moves, callOfMove } = this.data;
        const columns = Math.ceil(x(this.data.calls.length));
        const most = new Float64Array(columns + 1);
        const ours = new Float64Array(columns + 1);
        for (let i = 0; i < moves.length; i++) {
            if (callOfMove[i] < 0)
                continue;
            const column = Math.floor(x(callOfMove[i]) + step / 2);
            most[column] = Math.max(most[column], this.most[i]);
            ours[column] = Math.max(ours[column], entriesOf(moves[i].policies[moves[i].policies.length - 1]));
        }
        const [high, low] = [colour('pte'), colour('pmd')];
        for (let column = 0; column <= columns; column++) {
            if (most[column] === 0)
                continue;
            context.fillStyle = high;
            context.fillRect(column, y(most[column]), 1, base - y(most[column]));
            context.fillStyle = low;
            context.fillRect(column, y(ours[column]), 1, base - y(ours[column]));
        }
    }
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string): void {
    context.fillStyle = fill;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
}
