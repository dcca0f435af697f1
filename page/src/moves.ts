// All moves as a table, those of one place if one is chosen.

import { Data, entriesOf, Levels, Move } from './data';
import { by, make } from './dom';
import { SiteTable } from './sites';
import { Column, SortedTable } from './sorted';
import { Chosen } from './state';
import { congruence, count, duration, entries, number, size } from './words';

const Rows = 50;

export class MoveTable {
    constructor(data: Data, chosen: Chosen, sites: SiteTable) {
        by('moves-section').hidden = data.moves.length < 2; // one move is above already
        if (data.moves.length === 0)
            return;
        const columns = columnsOf(data);
        const asNow = data.policies.indexOf('linux-6.7');
        const first = columns.findIndex(column => column.name === data.policies[asNow >= 0 ? asNow : Math.max(0, data.policies.length - 2)]);
        const table = new SortedTable<Move>('moves', data.moves, columns, data.moves.length > 1 ? Math.max(0, first) : 0, Rows, 'move', (row, index) => {
            if (index === chosen.move)
                row.setAttribute('aria-current', 'true');
        });
        const note = (): void => {
            by('site-filter').hidden = chosen.site < 0;
            by('moves-note').textContent = chosen.site < 0 ? `${count(data.moves.length, 'move')}. A row leads to its explanation.` : `Only those from ${sites.nameOf(chosen.site)}.`;
        };
        chosen.listen(changed => {
            if (changed.has('site'))
                table.filter(chosen.site < 0 ? () => true : index => sites.of(data.moves[index]) === chosen.site);
            else if (changed.has('move'))
                table.draw();
            note();
        });
        note();
    }
}

function columnsOf(data: Data): Column<Move>[] {
    const hasLines = data.moves.some(move => move.line !== undefined);
    const isTimed = data.moves.some(move => move.nanoseconds !== undefined);
    const link = (index: number): Node => {
        const made = make('a', number(index + 1));
        made.href = `#move-${index + 1}`;
        made.setAttribute('aria-label', `Move ${number(index + 1)}: explanation`);
        return made;
    };
    const columns: Column<Move>[] = [{ name: 'move', value: (_, i) => i, show: (_, i) => link(i), className: 'n', descends: false }];
    if (hasLines)
        columns.push({ name: 'line', value: move => move.line!, show: move => number(move.line!), className: 'n wide', descends: false });
    columns.push(
        { name: 'from', value: move => Number(move.old), show: move => move.old, className: 'a wide', descends: false },
        { name: 'to', value: move => Number(move.new), show: move => move.new, className: 'a wide', descends: false },
        { name: 'length', value: move => move.length, show: move => size(move.length), className: 'n', descends: true });
    const from = Math.max(0, data.policies.length - 2);
    for (let i = from; i < data.variants.length; i++) {
        const cost = (move: Move): ReturnType<Data['variant']>['policy'] => data.variant(move, i).policy;
        columns.push({
            name: data.variants[i].name, value: move => entriesOf(cost(move)), show: move => entries(cost(move)), className: i < data.policies.length || i === data.variants.length - 1 ? 'n' : 'n wide',
            descends: true,
        });
    }
    if (data.moves.some(move => move.kernel?.tlbFlushes !== undefined)) {
        columns.push({
            name: 'measured flushes/tables', value: move => move.kernel?.tlbFlushes ?? -1,
            show: ({ kernel }) => kernel?.tlbFlushes === undefined ? '-' : `${number(kernel.tlbFlushes)}/${number(kernel.tablesAllocated!)}${kernel.verdict === 'disagreement' ? ' (differs)' : ''}`,
            className: 'n', descends: true,
        });
    }
    if (data.moves.some(move => move.congruent !== 'pte')) {
        columns.push({
            name: 'congruent', value: move => Levels.indexOf(move.congruent), show: move => congruence(move.congruent).replace('congruent modulo ', '').replace(/^not .*/, 'no'),
            className: 'wide', descends: true,
        });
    }
    if (isTimed)
        columns.push({ name: 'time', value: move => data.timeOf(move, 1), show: move => duration(data.timeOf(move, 1)), className: 'n wide', descends: true });
    return columns;
}
