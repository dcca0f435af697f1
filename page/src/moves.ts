// All moves as a table, sortable, a page of rows at a time.

import { Data, entriesOf, Move, timeOf } from './data';
import { by, make } from './dom';
import { Chosen } from './state';
import { congruence, count, duration, entries, number, size } from './words';

const Rows = 50;

interface Column {
    name: string;
    value: (move: Move, index: number) => number;
    text: (move: Move, index: number) => string;
    className: string;
    descends: boolean;
}

export class MoveTable {
    private readonly columns: Column[];
    private readonly order: Uint32Array;
    private sorted: number;
    private descends = true;
    private page = 0;

    constructor(private readonly data: Data, private readonly chosen: Chosen) {
        this.columns = columnsOf(data);
        this.order = Uint32Array.from(data.moves, (_, i) => i);
        this.sorted = data.moves.length > 1 ? this.columns.findIndex(column => column.name === (data.policies.length > 1 ? data.policies[data.policies.length - 2] : data.policies[0])) : 0;
        by('moves').querySelector('thead tr')!.replaceChildren(...this.columns.map((column, i) => {
            const head = make('th', '', column.className.replace('a', ''));
            head.scope = 'col';
            const button = make('button', column.name);
            button.type = 'button';
            button.addEventListener('click', () => this.sort(i));
            head.append(button);
            return head;
        }));
        by('page-back').addEventListener('click', () => this.turn(-1));
        by('page-on').addEventListener('click', () => this.turn(1));
        chosen.listen(changed => {
            if (changed.has('move'))
                this.draw();
        });
        by('moves-note').textContent = data.moves.length === 0 ? 'No call moved a mapping.' : 'A row leads to its explanation.';
        by('moves').hidden = data.moves.length === 0;
        this.arrange();
    }

    private sort(column: number): void {
        this.descends = column === this.sorted ? !this.descends : this.columns[column].descends;
        this.sorted = column;
        this.page = 0;
        this.arrange();
    }

    private arrange(): void {
        const { value } = this.columns[this.sorted];
        const keys = Float64Array.from(this.data.moves, value);
        const sign = this.descends ? -1 : 1;
        this.order.sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
        this.draw();
    }

    private turn(pages: number): void {
        this.page = Math.min(Math.max(0, this.page + pages), Math.floor((this.order.length - 1) / Rows));
        this.draw();
    }

    private draw(): void {
        by('moves').querySelectorAll('th').forEach((head, i) => head.setAttribute('aria-sort', i !== this.sorted ? 'none' : this.descends ? 'descending' : 'ascending'));
        const from = this.page * Rows;
        const to = Math.min(this.order.length, from + Rows);
        by('moves').querySelector('tbody')!.replaceChildren(...[...this.order.subarray(from, to)].map(index => this.row(index)));
        by('pager').hidden = this.order.length <= Rows;
        by('page-range').textContent = `${number(from + 1)} to ${number(to)} of ${count(this.order.length, 'move')}`;
        by<HTMLButtonElement>('page-back').disabled = from === 0;
        by<HTMLButtonElement>('page-on').disabled = to === this.order.length;
    }

    private row(index: number): HTMLElement {
        const move = this.data.moves[index];
        const row = make('tr');
        if (index === this.chosen.move)
            row.setAttribute('aria-current', 'true');
        row.append(...this.columns.map((column, i) => {
            const cell = make('td', '', column.className);
            const text = column.text(move, index);
            if (i === 0) {
                const link = make('a', text);
                link.href = `#move-${index + 1}`;
                link.setAttribute('aria-label', `Move ${text}: explanation`);
                cell.append(link);
            }
            else {
                cell.textContent = text;
            }
            return cell;
        }));
        return row;
    }
}

function columnsOf(data: Data): Column[] {
    const hasLines = data.moves.some(move => move.line !== undefined);
    const isTimed = data.moves.some(move => move.nanoseconds !== undefined);
    const shown = data.policies.slice(-2);
    const columns: Column[] = [
        { name: 'move', value: (_, i) => i, text: (_, i) => number(i + 1), className: 'n', descends: false },
    ];
    if (hasLines)
        columns.push({ name: 'line', value: move => move.line!, text: move => number(move.line!), className: 'n wide', descends: false });
    columns.push(
        { name: 'from', value: move => Number(move.old), text: move => move.old, className: 'a wide', descends: false },
        { name: 'to', value: move => Number(move.new), text: move => move.new, className: 'a wide', descends: false },
        { name: 'length', value: move => move.length, text: move => size(move.length), className: 'n', descends: true });
    for (const name of shown) {
        const at = data.policies.indexOf(name);
        columns.push({ name, value: move => entriesOf(move.policies[at]), text: move => entries(move.policies[at]), className: 'n', descends: true });
    }
    columns.push({
        name: 'congruent', value: move => ['pte', 'pmd', 'pud', 'p4d', 'pgd'].indexOf(move.congruent), text: move => congruence(move.congruent).replace('congruent modulo ', '').replace('not 2 MiB', 'no'),
        className: 'wide', descends: true,
    });
    if (isTimed)
        columns.push({ name: 'time', value: timeOf, text: move => duration(timeOf(move)), className: 'n wide', descends: true });
    return columns;
}
