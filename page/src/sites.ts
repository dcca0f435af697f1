// The places from which the program moved: with their stacks and what their moves cost together. A place leaves only its moves in the list.

import { Data, Frame, Move, Site } from './data';
import { by, make } from './dom';
import { Column, SortedTable } from './sorted';
import { Chosen } from './state';
import { count, duration, number } from './words';

const Rows = 10;

export class SiteTable {
    private readonly sites: Site[];
    private readonly keys = new Map<string, number>();

    constructor(private readonly data: Data, chosen: Chosen) {
        this.sites = data.report.sites ?? [];
        by('sites-section').hidden = this.sites.length === 0;
        if (this.sites.length === 0)
            return;
        this.sites.forEach((site, i) => this.keys.set(keyOf(site), i));
        by('sites-note').textContent = `${count(this.sites.length, 'place')}, ${count(data.moves.length, 'move')}`;
        const table = new SortedTable<Site>('sites', this.sites, this.columns(chosen), 0, Rows, 'place', (row, index) => {
            if (index === chosen.site)
                row.setAttribute('aria-current', 'true');
        });
        by('site-all').addEventListener('click', () => chosen.set({ site: -1 }));
        chosen.listen(changed => {
            if (changed.has('site'))
                table.draw();
        });
    }

    /** The place of a move among those that are kept apart; the last one holds what more there were. */
    of(move: Move): number {
        return this.keys.get(keyOf(move)) ?? this.keys.get(keyOf({ site: 'elsewhere' })) ?? -1;
    }

    nameOf(site: number): string {
        return placeOf(this.sites[site]);
    }

    private columns(chosen: Chosen): Column<Site>[] {
        const figure = (name: string, value: (site: Site) => number, className = 'n', show: (value: number) => string = number): Column<Site> =>
            ({ name, value, show: site => show(value(site)), className, descends: true });
        return [
            figure('time', site => this.data.timeOf(site, site.moves), 'n', duration),
            figure('moves', site => site.moves),
            figure('congruent', site => site.congruentMoves, 'n wide'),
            figure('linux-6.7', site => site.entriesLinux67),
            figure('pageshift', site => site.entriesPageShift, 'n wide'),
            figure('if congruent', site => site.entriesCongruent),
            { name: 'called from', value: (_, i) => i, show: (site, i) => this.called(site, i, chosen), className: 'called', descends: false },
        ];
    }

    private called(site: Site, index: number, chosen: Chosen): Node {
        const box = make('div');
        const button = make('button', this.nameOf(index), 'plain mono');
        button.type = 'button';
        button.title = site.site;
        button.setAttribute('aria-label', `List only the moves from ${this.nameOf(index)}`);
        button.addEventListener('click', () => {
            chosen.set({ site: index });
            by('moves-section').scrollIntoView();
        });
        box.append(button);
        const callers = site.stack ?? [];
        if (callers.length > 0) {
            const more = make('details');
            const list = make('ol', '', 'mono');
            more.append(make('summary', `the stack, ${count(callers.length, 'place')}`), list);
            // A stack is written out when it is looked at.
            more.addEventListener('toggle', () => list.replaceChildren(...(more.open ? callers.map(frame => make('li', frameText(frame))) : [])));
            box.append(more);
        }
        else if (site.caller !== undefined) {
            box.append(make('div', `called from ${site.caller}`, 'note mono'));
        }
        return box;
    }
}

/** The place in the program that made a move: the nearest one outside of the file that made the system call. */
export function placeOf({ site, caller, stack }: { site?: string; caller?: string; stack?: Frame[] }): string {
    return frameText(stack?.find(frame => frame.place === caller) ?? stack?.[0]) ?? caller ?? site ?? '';
}

/** A place on a stack, as the text writes it. */
export function frameText(frame: Frame | undefined): string | undefined {
    if (frame === undefined)
        return undefined;
    const name = frame.function ?? frame.place;
    return frame.source === undefined ? frame.function === undefined ? name : `${name} (${frame.place})` : `${name} (${frame.source}${frame.line === undefined ? '' : `:${frame.line}`})`;
}

function keyOf(place: { site?: string; caller?: string; stack?: Frame[] }): string {
    return [place.site, place.caller, ...(place.stack ?? []).map(frame => `${frame.function ?? ''}@${frame.place}`)].join('\n');
}
