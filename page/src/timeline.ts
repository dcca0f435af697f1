// The timeline: all calls from left to right, a lane for each kind of call, and above them what the moves cost.

import { scaleSymlog } from 'd3-scale';
import { Data, entriesOf, Groups, Remap } from './data';
import { by, colour, fillLegend, prepare } from './dom';
import { Chosen } from './state';
import { count, number, worst } from './words';

const Lane = 13; // pixels, with the space below it
const Names = 92; // pixels, of the names of the lanes
const Margin = 6;
const Top = 66; // pixels for the moves

export class Timeline {
    private readonly canvas = by<HTMLCanvasElement>('timeline');
    private readonly slider = by<HTMLInputElement>('call');
    private readonly most: Float64Array;
    private readonly highest: number;
    private readonly counts = new Array<number>(Groups.length).fill(0);
    private readonly lanes: number[];

    /** What does not depend on the chosen call, drawn once for each size and theme. */
    private drawn: { key: string; picture: HTMLCanvasElement } | null = null;

    constructor(private readonly data: Data, private readonly chosen: Chosen, private readonly choose: (call: number) => void) {
        this.most = Float64Array.from(data.moves, move => worst(move.policies));
        this.highest = this.most.reduce((highest, value) => Math.max(highest, value), 1);
        const calls = data.calls.length;
        let leftOut = 0;
        for (const call of data.calls) {
            this.counts[call[2]]++;
            leftOut += call[3] === 1 ? 0 : 1;
        }
        this.lanes = [...Groups.keys()].filter(group => this.counts[group] > 0);
        this.canvas.style.height = `${(data.moves.length > 0 ? Top : Margin) + this.lanes.length * Lane + Margin}px`;
        by('calls-note').textContent = `${count(calls, 'call')}, ${count(data.moves.length, 'move')}${leftOut === 0 ? '' : `; ${number(leftOut)} left out`}`;
        fillLegend('timeline-legend', data.moves.length === 0 ? [] : [
            { name: 'entries that a move takes under the policy that moves most', colour: 'move', mark: 'ring' }, { name: 'in the best way that is known', colour: 'move', mark: 'dot' },
        ]);
        by('timeline-text').textContent = Groups.map((name, i) => `${number(this.counts[i])} ${name}`).join(', ');
        this.slider.max = String(Math.max(1, calls));
        this.slider.addEventListener('input', () => choose(Number(this.slider.value) - 1));
        const pick = (event: PointerEvent): void => {
            const box = this.canvas.getBoundingClientRect();
            const part = (event.clientX - box.left - this.left) / (box.width - this.left - Margin);
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
        by<HTMLButtonElement>('previous-move').disabled = this.nextMove(-1) < 0;
        by<HTMLButtonElement>('next-move').disabled = this.nextMove(1) < 0;
        const area = prepare(this.canvas);
        if (area === null || calls === 0)
            return;
        const { context, width, height } = area;
        context.drawImage(this.background(width, height), 0, 0, width, height);
        const inner = width - this.left - Margin;
        const at = this.left + ((this.chosen.call + 0.5) / calls) * inner;
        context.fillStyle = colour('ink');
        context.fillRect(at - 0.75, 4, 1.5, height - 8);
    }

    private get left(): number {
        return Names;
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

    private background(width: number, height: number): HTMLCanvasElement {
        const ratio = window.devicePixelRatio || 1;
        const key = [width, height, ratio, colour('ink'), colour('slot')].join(' ');
        if (this.drawn?.key === key)
            return this.drawn.picture;
        const picture = document.createElement('canvas');
        picture.width = Math.round(width * ratio);
        picture.height = Math.round(height * ratio);
        const context = picture.getContext('2d')!;
        context.scale(ratio, ratio);
        const inner = width - this.left - Margin;
        this.lanes.forEach((group, lane) => this.drawLane(context, group, height - Margin - (this.lanes.length - lane) * Lane, inner));
        if (this.data.moves.length > 0)
            this.drawMoves(context, inner);
        this.drawn = { key, picture };
        return picture;
    }

    /** The calls of one kind: a tick for each, as dark as there are many in a pixel. */
    private drawLane(context: CanvasRenderingContext2D, group: number, top: number, inner: number): void {
        const { calls } = this.data;
        context.font = `11px ${colour('text')}`;
        context.textAlign = 'left';
        context.fillStyle = colour('soft');
        context.fillText(`${Groups[group].replace('other memory', 'memory')} ${number(this.counts[group])}`, Margin, top + Lane - 4);
        context.fillStyle = colour('line');
        context.fillRect(this.left, top + Lane - 2, inner, 0.5);
        const columns = Math.max(1, Math.floor(inner));
        const inPixel = new Uint32Array(columns);
        for (let i = 0; i < calls.length; i++) {
            if (calls[i][2] === group)
                inPixel[Math.floor(((i + 0.5) / calls.length) * columns)]++;
        }
        const usual = Math.max(1, calls.length / columns);
        const wide = Math.max(1, inner / calls.length - (inner / calls.length > 3 ? 2 : 0)); // a call fills its column
        context.fillStyle = colour(group === Remap ? 'move' : 'live');
        inPixel.forEach((found, column) => {
            if (found === 0)
                return;
            context.globalAlpha = Math.min(1, 0.35 + 0.65 * (found / usual));
            context.fillRect(this.left + column + 0.5 - wide / 2, top + 2, wide, Lane - 5);
        });
        context.globalAlpha = 1;
    }

    /** Of the moves in a pixel the largest: its entries under the policy that moves most, and in the best way. */
    private drawMoves(context: CanvasRenderingContext2D, inner: number): void {
        const { moves, callOfMove, calls, variants } = this.data;
        const y = scaleSymlog().constant(1).domain([0, this.highest]).range([Top - 6, 14]);
        context.fillStyle = colour('line');
        context.font = `11px ${colour('mono')}`;
        context.textAlign = 'left';
        let lowest = 1;
        while (lowest * 1000 < this.highest)
            lowest *= 10;
        for (const tick of new Set([0, lowest > 1 ? Math.round(Math.sqrt(this.highest)) : 0, this.highest])) {
            context.fillStyle = colour('line');
            context.fillRect(this.left, y(tick), inner, 0.5);
        }
        context.fillStyle = colour('soft');
        context.fillText(number(this.highest), Margin, y(this.highest) + 4);
        context.fillText('0', Margin, y(0) + 4);
        const columns = Math.max(1, Math.floor(inner));
        const most = new Float64Array(columns).fill(-1);
        const best = new Float64Array(columns);
        moves.forEach((move, i) => {
            if (callOfMove[i] < 0)
                return;
            const column = Math.floor(((callOfMove[i] + 0.5) / calls.length) * columns);
            if (this.most[i] > most[column]) {
                most[column] = this.most[i];
                best[column] = entriesOf(this.data.variant(move, variants.length - 1).policy);
            }
        });
        const radius = moves.length > 400 ? 1.5 : moves.length > 100 ? 2.5 : 4;
        context.fillStyle = context.strokeStyle = colour('move');
        for (let column = 0; column < columns; column++) {
            if (most[column] < 0)
                continue;
            const x = this.left + column + 0.5;
            context.globalAlpha = 0.45;
            context.fillRect(x - 0.5, y(most[column]), 1, y(best[column]) - y(most[column]));
            context.globalAlpha = 1;
            dot(context, x, y(most[column]), radius, true);
            dot(context, x, y(best[column]), radius, false);
        }
    }
}

function dot(context: CanvasRenderingContext2D, x: number, y: number, radius: number, isRing: boolean): void {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    if (!isRing || radius < 2) {
        context.fill();
        return;
    }
    context.lineWidth = 1.5;
    context.stroke();
}
