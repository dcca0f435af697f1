import { Advice } from './advice';
import { CallList } from './calllist';
import { drawComparison } from './comparison';
import { Data } from './data';
import { by } from './dom';
import { Ladder } from './ladder';
import { MoveTable } from './moves';
import { MoveView } from './move';
import { SiteTable } from './sites';
import { SpaceMap } from './spacemap';
import { Chosen } from './state';
import { TableView } from './tables';
import { startTheme } from './theme';
import { Timeline } from './timeline';
import { drawUsage } from './usage';
import { worst } from './words';

/** What the page opens with: the move that was asked for, or the first of those with the most entries. */
function firstShown(data: Data): number {
    const asked = data.moves.findIndex(move => move.line === data.head.shown);
    if (data.head.shown !== undefined && asked >= 0)
        return asked;
    let largest = 0;
    for (let i = 1; i < data.moves.length; i++) {
        if (worst(data.moves[i].policies) > worst(data.moves[largest].policies))
            largest = i;
    }
    return largest;
}

const nextFrame = (): Promise<void> => new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));

async function start(): Promise<void> {
    const data = await Data.read();
    const first = firstShown(data);
    const chosen = new Chosen({ call: 0, move: first, variant: Math.max(0, data.variants.length - 1), site: -1 });
    let later = (): void => undefined;
    new Advice(data);
    drawComparison(data);
    new MoveView(data, chosen, first);
    new Ladder(data, chosen);
    const tables = new TableView(data, chosen);
    const drawAll = (): void => {
        tables.layOut();
        later();
    };
    startTheme(drawAll);
    tables.layOut();
    performance.mark('first screen');

    // The first screen is there. What follows may have much more to read.
    await nextFrame();
    await data.readCalls();
    performance.mark('calls');
    const firstCall = data.moves.length > 0 ? data.callOfMove[first] : -1;
    chosen.set({ call: Math.max(0, firstCall >= 0 ? firstCall : data.calls.length - 1) });
    const chooseCall = (call: number): void => {
        const move = data.firstMove[call];
        const isMove = data.calls[call][5] > 0 && move < data.moves.length;
        chosen.set(isMove ? { call, move } : { call });
    };
    const chooseMove = (index: number): void => {
        const call = data.callOfMove[index];
        chosen.set(call >= 0 ? { call, move: index } : { move: index });
    };
    drawUsage(data);
    const sites = new SiteTable(data, chosen);
    new MoveTable(data, chosen, sites);
    const timeline = new Timeline(data, chosen, chooseCall);
    const list = new CallList(data, chosen, chooseCall);
    const space = new SpaceMap(data, chosen);
    later = (): void => {
        timeline.draw();
        list.draw();
        space.draw();
    };
    later();
    space.fitMove();
    const follow = (): void => {
        const found = /^#(move|call)-(\d+)$/.exec(location.hash);
        if (found === null)
            return;
        const index = Number(found[2]) - 1;
        if (found[1] === 'call' && index >= 0 && index < data.calls.length)
            chooseCall(index);
        if (found[1] === 'move' && index >= 0 && index < data.moves.length) {
            chooseMove(index);
            by('move').scrollIntoView();
            by('move-h').focus({ preventScroll: true });
        }
    };
    let width = window.innerWidth;
    window.addEventListener('resize', () => {
        if (window.innerWidth !== width)
            drawAll();
        width = window.innerWidth;
    });
    window.addEventListener('hashchange', follow);
    follow();
    document.documentElement.dataset.ready = 'true';
}

start().catch((error: unknown) => {
    by('headline').textContent = 'This browser can\'t unpack the data of this page.';
    throw error;
});
