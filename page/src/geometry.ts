// The page tables' shape: page size, levels, and entries of each level's tables. x86-64's, unless the run was told another.

/** Set once, when the data is read. */
export const geometry = {
    /** The bytes that an entry of each level covers, the lowest level first; behind them those that the root covers. */
    spans: [12, 21, 30, 39, 48].map(shift => 2 ** shift),

    /** The size of the space: a power of two. */
    whole: 2 ** 47,

    get levels(): number {
        return this.spans.length - 1;
    },

    get page(): number {
        return this.spans[0];
    },
};

/** Takes over what the tool wrote: the end of the space, the base-2 logarithm of the page size, and for each level, the lowest first, the bits of an address that index its tables. */
export function setGeometry([limit, pageShift, ...bits]: number[]): void {
    let shift = pageShift;
    geometry.spans = [pageShift, ...bits.map(more => shift += more)].map(all => 2 ** all);
    geometry.whole = 2 ** Math.ceil(Math.log2(limit));
}

/** The bytes that an entry of a level covers. */
export const spanOf = (level: number): number => geometry.spans[level];

/** Entries of a table of a level. */
export const tableEntries = (level: number): number => spanOf(level + 1) / spanOf(level);
