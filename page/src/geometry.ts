// The page tables' shape: levels, and entries of a table. x86-64's, unless the run was told another.

export const Page = 4096;

/** Set once, when the data is read. */
export const geometry = {
    levels: 4,
    bits: 9,

    /** The size of the space: a power of two. */
    whole: 2 ** 47,

    /** Entries of a table. */
    get entries(): number {
        return 2 ** this.bits;
    },

    /** Cells in a row when a table is drawn as a grid. */
    get cellsPerRow(): number {
        return 2 ** Math.ceil(this.bits / 2);
    },
};

/** The bytes that an entry of a level covers. */
export const spanOf = (level: number): number => Page * geometry.entries ** level;
