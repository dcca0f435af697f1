// Short names for what every part does with the document.

export const by = <T extends HTMLElement = HTMLElement>(id: string): T => document.getElementById(id) as T;

export function make<K extends keyof HTMLElementTagNameMap>(name: K, text = '', className = ''): HTMLElementTagNameMap[K] {
    const element = document.createElement(name);
    if (text !== '')
        element.textContent = text;
    if (className !== '')
        element.className = className;
    return element;
}

/** Hides the columns in which no row says anything. */
export function dropEmptyColumns(table: HTMLTableElement): void {
    const rows = [...table.tBodies[0].rows];
    [...table.tHead!.rows[0].cells].forEach((head, column) => {
        const isEmpty = rows.every(row => row.cells[column].childElementCount === 0 && row.cells[column].textContent === '');
        for (const cell of [head, ...rows.map(row => row.cells[column])])
            cell.hidden = isEmpty;
    });
}

/** The colour that the theme gives a name. */
export function colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function fillLegend(id: string, items: { name: string; colour: string; mark?: string }[]): void {
    by(id).replaceChildren(...items.map(item => {
        const entry = make('li');
        const mark = make('i', '', item.mark ?? '');
        mark.style.setProperty('--c', `var(--${item.colour})`);
        entry.append(mark, item.name);
        return entry;
    }));
}

/** Sets a canvas to its size on the page, in the screen's pixels. Null while it is not shown. */
export function prepare(canvas: HTMLCanvasElement): { context: CanvasRenderingContext2D; width: number; height: number } | null {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (width === 0)
        return null;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext('2d')!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width, height };
}
