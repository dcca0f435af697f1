// The chosen move in words: what moves, the reason of the way that is drawn, what was decided at its ends, and what the kernel did.

import { Data, Levels, Move, Policy } from './data';
import { by, dropEmptyColumns, make } from './dom';
import { spanOf } from './geometry';
import { placeOf } from './sites';
import { Chosen } from './state';
import { congruence, count, duration, entries, hex, joined, number, size } from './words';

export class MoveView {
    constructor(private readonly data: Data, private readonly chosen: Chosen, private readonly costliest: number) {
        by('move').hidden = data.moves.length === 0;
        chosen.listen(changed => {
            if (changed.has('move') || changed.has('variant'))
                this.draw();
        });
        this.draw();
    }

    draw(): void {
        const index = this.chosen.move;
        const move = this.data.moves[index];
        if (move === undefined)
            return;
        const { policy, new: place, congruent, plan } = this.data.variant(move, this.chosen.variant);
        by('move-h').textContent = this.data.moves.length === 1 ? 'The move' : `Move ${number(index + 1)} of ${number(this.data.moves.length)}`;
        by('move-note').textContent = this.whereOf(move, index);
        by('move-lead').textContent = joined(`${move.call.replace(/\(.*/s, '')} moves ${size(move.length)} from ${move.old} to ${place}, ${congruence(congruent)}`
            + (move.presentPages === undefined ? '.' : `; ${number(move.presentPages)} pages were present.`));
        by('reason').replaceChildren(make('strong', joined(entries(policy))), `: ${policy.reason}. Tables +${number(policy.tablesAllocated)}/−${number(policy.tablesFreed)}, `
            + `${number(policy.tlbFlushes)} TLB ${policy.tlbFlushes === 1 ? 'flush' : 'flushes'}.`);
        by('drawn').textContent = this.data.variants[this.chosen.variant].name;
        this.drawBoundaries(policy);
        this.drawKernel(move);
        const isPlaced = plan >= this.data.policies.length; // the advice has been taken
        by('remedy').textContent = move.remedy === undefined ? '' : `What would change it under every policy: ${move.remedy}.`;
        by('remedy').hidden = move.remedy === undefined || isPlaced;
    }

    private drawBoundaries({ boundaries, ends = [] }: Policy): void {
        const rows = boundaries.map(boundary => {
            const end = Number(boundary.block) + spanOf(Levels.indexOf(boundary.level));
            return rowOf(`${boundary.end}, ${boundary.level.toUpperCase()}`, `${boundary.block} to ${hex(end)}`, boundary.reason, boundary.remedy);
        });
        by('ends').hidden = boundaries.length + ends.length === 0;
        by('boundaries').querySelector('tbody')!.replaceChildren(...rows, ...ends.map(end => rowOf(end.end, '', end.reason, end.remedy)));
        dropEmptyColumns(by<HTMLTableElement>('boundaries'));
    }

    /** What the running kernel did, beside what the policy that fits it predicts. */
    private drawKernel(move: Move): void {
        const { kernel } = move;
        by('kernel').hidden = kernel === undefined;
        if (kernel === undefined)
            return;
        const predicted = move.policies.find(policy => policy.policy === kernel.predictedBy);
        const counts: [string, string, string][] = kernel.extents === undefined ? [] : [
            ['entries', predicted === undefined ? '' : entries(predicted), count(kernel.extents, 'extent')],
            ['tables allocated', predicted === undefined ? '' : number(predicted.tablesAllocated), number(kernel.tablesAllocated ?? 0)],
            ['TLB flushes', predicted === undefined ? '' : number(predicted.tlbFlushes), number(kernel.tlbFlushes ?? 0)],
        ];
        const time = kernel.nanoseconds ?? (move.nanoseconds === undefined ? undefined : this.data.timeOf(move, 1));
        if (time !== undefined)
            counts.push(['time of the call', '', duration(time)]);
        by('kernel-note').textContent = kernel.text;
        by('kernel-policy').textContent = kernel.predictedBy;
        by('measured').querySelector('tbody')!.replaceChildren(...counts.map(cells => {
            const row = make('tr');
            const head = make('th', cells[0]);
            head.scope = 'row';
            row.append(head, make('td', cells[1]), make('td', cells[2]));
            return row;
        }));
        by('measured').hidden = counts.length === 0;
        dropEmptyColumns(by<HTMLTableElement>('measured'));
    }

    private whereOf(move: Move, index: number): string {
        const parts: string[] = [];
        if (index === this.costliest && this.data.moves.length > 1)
            parts.push('the costliest');
        if (move.line !== undefined)
            parts.push(`line ${number(move.line)}`);
        if (move.thread !== 0)
            parts.push(`thread ${move.thread}`);
        if (move.site !== undefined)
            parts.push(`from ${placeOf(move).replace(/ \(.*/, '')}`);
        if (move.nanoseconds !== undefined)
            parts.push(duration(this.data.timeOf(move, 1)));
        return parts.join(', ');
    }
}

function rowOf(end: string, block: string, reason: string, remedy = ''): HTMLElement {
    const row = make('tr');
    row.append(make('td', end), make('td', block, 'a'), make('td', reason), make('td', remedy));
    return row;
}
