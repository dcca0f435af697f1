// The chosen move in words: what moves, the reason of each policy, what was decided at its ends, and a better place where one is known.

import { Data, entriesOf, Levels, Move } from './data';
import { by, make } from './dom';
import { geometry, spanOf } from './geometry';
import { Chosen } from './state';
import { congruence, duration, entries, explainBoundary, hex, number, size } from './words';

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
        const plan = this.data.plan(index, this.chosen.policy);
        by('reason').replaceChildren(make('strong', entries(policy)), `: ${plan.reason}. Tables +${number(policy.tablesAllocated)}/−${number(policy.tablesFreed)}, `
            + `${number(policy.tlbFlushes)} TLB ${policy.tlbFlushes === 1 ? 'flush' : 'flushes'}.`);
        this.drawBoundaries(move);
        this.drawPlacement(move);
    }

    private drawBoundaries(move: Move): void {
        const policy = move.policies[this.chosen.policy];
        const isLinux = policy.policy !== 'pageshift';
        by('boundaries').hidden = policy.boundaries.length === 0;
        by('boundaries-none').textContent = policy.boundaries.length === 0
            ? isLinux && policy.policy !== 'linux-6.7' ? 'This policy never expands a move.' : 'There was nothing to decide: no boundary block is covered in part, or nothing is congruent.'
            : '';
        by('boundaries').querySelector('tbody')!.replaceChildren(...policy.boundaries.map(boundary => {
            const row = make('tr');
            const start = Number(boundary.block);
            const { decision, remedy } = explainBoundary(boundary, isLinux);
            row.append(
                make('td', `${boundary.end}, ${boundary.level.toUpperCase()}`), make('td', `${boundary.block} to ${hex(start + spanOf(Levels.indexOf(boundary.level)))}`, 'a'),
                make('td', decision), make('td', remedy));
            return row;
        }));
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
        if (move.congruent === 'pte' && better === undefined && move.policies.some(policy => entriesOf(policy) > geometry.entries))
            parts.push(make('p', `With a destination congruent modulo ${size(spanOf(1))}, whole tables could move.`, 'lead'));
        by('placement').replaceChildren(...parts);
    }
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
        parts.push(duration(move.nanoseconds));
    return parts.join(', ');
}
