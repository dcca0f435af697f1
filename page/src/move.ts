// The chosen move in words: what moves, the reason of each policy, what was decided at its ends, and a better place where one is known.

import { Data, Levels, Move, timeOf } from './data';
import { by, make } from './dom';
import { spanOf } from './geometry';
import { Chosen } from './state';
import { congruence, duration, entries, hex, number, size } from './words';

export class MoveView {
    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        by('policies').append(...data.policies.map((name, i) => {
            const label = make('label');
            const input = make('input');
            input.type = 'radio';
            input.name = 'policy';
            input.value = name;
            input.checked = i === chosen.policy;
            input.addEventListener('change', () => chosen.set({ policy: i }));
            label.append(input, name);
            return label;
        }));
        chosen.listen(changed => {
            if (changed.has('move') || changed.has('policy'))
                this.draw();
        });
        this.draw();
    }

    draw(): void {
        const index = this.chosen.move;
        const move = this.data.moves[index];
        by('move-body').hidden = move === undefined;
        if (move === undefined) {
            by('move-note').textContent = 'No call moved a mapping.';
            return;
        }
        by('move-h').textContent = this.data.moves.length === 1 ? 'The move' : `Move ${number(index + 1)} of ${number(this.data.moves.length)}`;
        by('move-note').textContent = whereOf(move);
        by('move-lead').textContent = `${move.call} moves ${size(move.length)} from ${move.old} to ${move.new}, ${congruence(move.congruent)}`
            + (move.presentPages === undefined ? '.' : `; ${number(move.presentPages)} pages were present.`);
        const policy = move.policies[this.chosen.policy];
        by('reason').replaceChildren(make('strong', entries(policy)), `: ${policy.reason}. Tables +${number(policy.tablesAllocated)}/−${number(policy.tablesFreed)}, `
            + `${number(policy.tlbFlushes)} TLB ${policy.tlbFlushes === 1 ? 'flush' : 'flushes'}.`);
        this.drawBoundaries(move);
        this.drawPlacement(move);
    }

    private drawBoundaries(move: Move): void {
        const { boundaries, ends = [] } = move.policies[this.chosen.policy];
        const rows = boundaries.map(boundary => {
            const end = Number(boundary.block) + spanOf(Levels.indexOf(boundary.level));
            return rowOf(`${boundary.end}, ${boundary.level.toUpperCase()}`, `${boundary.block} to ${hex(end)}`, boundary.reason, boundary.remedy);
        });
        by('boundaries').hidden = boundaries.length + ends.length === 0;
        by('boundaries').querySelector('tbody')!.replaceChildren(...rows, ...ends.map(end => rowOf(end.end, '', end.reason, end.remedy)));
    }

    private drawPlacement(move: Move): void {
        const parts: HTMLElement[] = [];
        const better = move.congruentPlacement;
        if (better !== undefined) {
            const costs = better.policies.map(policy => `${policy.policy} ${entries(policy)}`).join(', ');
            parts.push(make('h3', 'At a congruent destination'), make('p', `At ${better.new}, ${congruence(better.congruent)}, the same move would cost: ${costs}.`, 'lead'));
        }
        if (move.kernel !== undefined) {
            const { kernel } = move;
            const counted = kernel.extents === undefined ? kernel.reason ?? 'it could not be counted'
                : `${number(kernel.extents)} extents, ${number(kernel.tablesAllocated ?? 0)} tables allocated, ${number(kernel.tlbFlushes ?? 0)} flushes`;
            parts.push(make('h3', 'On the running kernel'), make('p', `${counted}; ${kernel.verdict} with ${kernel.predictedBy}`
                + (kernel.nanoseconds === undefined ? '.' : `, in ${duration(kernel.nanoseconds)}.`), 'lead'));
        }
        if (move.remedy !== undefined && better === undefined)
            parts.push(make('p', `What would change it under every policy: ${move.remedy}.`, 'lead'));
        by('placement').replaceChildren(...parts);
    }
}

function rowOf(end: string, block: string, reason: string, remedy = ''): HTMLElement {
    const row = make('tr');
    row.append(make('td', end), make('td', block, 'a'), make('td', reason), make('td', remedy));
    return row;
}

function whereOf(move: Move): string {
    const parts: string[] = [];
    if (move.line !== undefined)
        parts.push(`line ${number(move.line)}`);
    if (move.thread !== 0)
        parts.push(`thread ${move.thread}`);
    if (move.site !== undefined)
        parts.push(move.site);
    if (move.nanoseconds !== undefined)
        parts.push(duration(timeOf(move)));
    return parts.join(', ');
}
