// The calls as text: of any number of rows only those in sight are in the document.

import { Data, Remap } from './data';
import { by, make } from './dom';
import { Chosen } from './state';
import { count, number } from './words';

const Row = 26;

export class CallList {
    private readonly box = by('call-list');
    private readonly inner = make('div');
    private readonly find = by<HTMLInputElement>('find');
    private readonly onlyMoves = by<HTMLInputElement>('only-moves');

    /** The calls that the search leaves; null for all. */
    private rows: Uint32Array | null = null;

    constructor(private readonly data: Data, private readonly chosen: Chosen, private readonly choose: (call: number) => void) {
        this.box.append(this.inner);
        this.box.addEventListener('scroll', () => this.draw());
        this.box.addEventListener('keydown', event => this.key(event));
        this.box.addEventListener('click', event => {
            const row = (event.target as HTMLElement).closest<HTMLElement>('.option');
            if (row !== null)
                choose(Number(row.dataset.call));
        });
        let waiting = 0;
        const search = (): void => {
            clearTimeout(waiting);
            waiting = window.setTimeout(() => this.search(), 60);
        };
        this.find.addEventListener('input', search);
        this.onlyMoves.addEventListener('change', search);
        chosen.listen(changed => {
            if (!changed.has('call'))
                return;
            this.reveal();
            this.draw();
        });
        this.search();
        this.reveal();
    }

    private get length(): number {
        return this.rows === null ? this.data.calls.length : this.rows.length;
    }

    draw(): void {
        this.box.style.height = `${Math.min(8, Math.max(3, this.length)) * Row + 2}px`;
        this.inner.style.height = `${this.length * Row}px`;
        const from = Math.max(0, Math.floor(this.box.scrollTop / Row) - 4);
        const to = Math.min(this.length, from + Math.ceil(this.box.clientHeight / Row) + 8);
        const rows: HTMLElement[] = [];
        for (let i = from; i < to; i++)
            rows.push(this.row(i));
        this.inner.replaceChildren(...rows);
        const selected = rows.find(row => row.getAttribute('aria-selected') === 'true');
        if (selected === undefined)
            this.box.removeAttribute('aria-activedescendant');
        else
            this.box.setAttribute('aria-activedescendant', selected.id);
    }

    private row(place: number): HTMLElement {
        const call = this.callAt(place);
        const [line, thread, group, executed, text] = this.data.calls[call];
        const row = make('div', '', `option${executed === 1 ? '' : ' out'}${group === Remap ? ' remap' : ''}`);
        row.id = `call-${call + 1}`;
        row.dataset.call = String(call);
        row.role = 'option';
        row.style.top = `${place * Row}px`;
        row.setAttribute('aria-selected', String(call === this.chosen.call));
        row.setAttribute('aria-posinset', String(place + 1));
        row.setAttribute('aria-setsize', String(this.length));
        row.title = `line ${line}${thread === 0 ? '' : `, thread ${thread}`}${executed === 1 ? '' : ', left out'}`;
        row.append(make('span', number(call + 1)), text);
        return row;
    }

    private callAt(place: number): number {
        return this.rows === null ? place : this.rows[place];
    }

    private placeOf(call: number): number {
        return this.rows === null ? call : this.rows.indexOf(call);
    }

    private search(): void {
        const wanted = this.find.value.trim().toLowerCase();
        if (wanted === '' && !this.onlyMoves.checked) {
            this.rows = null;
            by('found').textContent = '';
        }
        else {
            const rows: number[] = [];
            this.data.calls.forEach((call, i) => {
                if ((!this.onlyMoves.checked || call[5] > 0) && call[4].toLowerCase().includes(wanted))
                    rows.push(i);
            });
            this.rows = Uint32Array.from(rows);
            by('found').textContent = `${count(rows.length, 'call')} found`;
        }
        this.draw();
    }

    private reveal(): void {
        const place = this.placeOf(this.chosen.call);
        if (place < 0)
            return;
        const top = place * Row;
        if (top < this.box.scrollTop || top + Row > this.box.scrollTop + this.box.clientHeight)
            this.box.scrollTop = top - (this.box.clientHeight - Row) / 2;
    }

    private key(event: KeyboardEvent): void {
        const page = Math.floor(this.box.clientHeight / Row);
        const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
        const step = steps[event.key];
        if (step === undefined || this.length === 0)
            return;
        event.preventDefault();
        const place = this.placeOf(this.chosen.call);
        this.choose(this.callAt(Math.min(this.length - 1, Math.max(0, (place < 0 ? 0 : place) + step))));
    }
}
