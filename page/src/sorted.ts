// A table that can be sorted by each column, a page of rows at a time: of any number of rows only a page is in the document.

import { by, make } from './dom';
import { count, number } from './words';

export interface Column<T> {
    name: string;
    value: (item: T, index: number) => number;
    show: (item: T, index: number) => string | Node;
    className: string;
    descends: boolean;
}

export class SortedTable<T> {
    private order: Uint32Array;
    private descends: boolean;
    private page = 0;
    private isKept: (index: number) => boolean = () => true;

    constructor(private readonly id: string, private readonly items: T[], private readonly columns: Column<T>[], private sorted: number, private readonly rows: number,
        private readonly noun: string, private readonly finish: (row: HTMLTableRowElement, index: number) => void) {
        this.descends = columns[sorted].descends;
        this.order = new Uint32Array(0);
        by(id).querySelector('thead tr')!.replaceChildren(...columns.map((column, i) => {
            const head = make('th', '', column.className.replace(/\ba\b/, ''));
            head.scope = 'col';
            const button = make('button', column.name);
            button.type = 'button';
            button.addEventListener('click', () => this.sort(i));
            head.append(button);
            return head;
        }));
        const pager = by(`${id}-pager`);
        const [back, on] = pager.querySelectorAll('button');
        back.addEventListener('click', () => this.turn(-1));
        on.addEventListener('click', () => this.turn(1));
        this.arrange();
    }

    /** Leaves only some rows. */
    filter(isKept: (index: number) => boolean): void {
        this.isKept = isKept;
        this.page = 0;
        this.arrange();
    }

    draw(): void {
        by(this.id).querySelectorAll('th').forEach((head, i) => head.setAttribute('aria-sort', i !== this.sorted ? 'none' : this.descends ? 'descending' : 'ascending'));
        const from = this.page * this.rows;
        const to = Math.min(this.order.length, from + this.rows);
        by(this.id).querySelector('tbody')!.replaceChildren(...[...this.order.subarray(from, to)].map(index => this.row(index)));
        const pager = by(`${this.id}-pager`);
        pager.hidden = this.order.length <= this.rows;
        const [back, on] = pager.querySelectorAll('button');
        pager.querySelector('span')!.textContent = `${number(from + 1)} to ${number(to)} of ${count(this.order.length, this.noun)}`;
        back.disabled = from === 0;
        on.disabled = to === this.order.length;
    }

    private sort(column: number): void {
        this.descends = column === this.sorted ? !this.descends : this.columns[column].descends;
        this.sorted = column;
        this.page = 0;
        this.arrange();
    }

    private arrange(): void {
        const { value } = this.columns[this.sorted];
        const keys = Float64Array.from(this.items, value);
        const sign = this.descends ? -1 : 1;
        this.order = Uint32Array.from(this.items.keys()).filter(index => this.isKept(index)).sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
        this.draw();
    }

    private turn(pages: number): void {
        this.page = Math.min(Math.max(0, this.page + pages), Math.floor((this.order.length - 1) / this.rows));
        this.draw();
    }

    private row(index: number): HTMLTableRowElement {
        const row = make('tr');
        row.append(...this.columns.map(column => {
            const cell = make('td', '', column.className);
            cell.append(column.show(this.items[index], index));
            return cell;
        }));
        this.finish(row, index);
        return row;
    }
}
