// What is chosen on the page. Each part reads it, and is told when it changes.

export interface Choice {
    call: number;
    move: number;

    /** Which of the data's variants is drawn. */
    variant: number;

    /** The place whose moves are listed; -1 for all. */
    site: number;
}

type Listener = (changed: Set<keyof Choice>) => void;

export class Chosen {
    private readonly listeners: Listener[] = [];

    constructor(private choice: Choice) { }

    get call(): number { return this.choice.call; }
    get move(): number { return this.choice.move; }
    get variant(): number { return this.choice.variant; }
    get site(): number { return this.choice.site; }

    listen(listener: Listener): void {
        this.listeners.push(listener);
    }

    set(next: Partial<Choice>): void {
        const changed = new Set<keyof Choice>();
        for (const key of Object.keys(next) as (keyof Choice)[]) {
            if (next[key] !== undefined && next[key] !== this.choice[key])
                changed.add(key);
        }
        if (changed.size === 0)
            return;
        this.choice = { ...this.choice, ...next };
        for (const listener of this.listeners)
            listener(changed);
    }
}
