import { CallList } from './calllist';
import { Data } from './data';
import { by } from './dom';
import { Ladder } from './ladder';
import { MoveTable } from './moves';
import { MoveView } from './move';
import { SpaceMap } from './spacemap';
import { Chosen } from './state';
import { TableView } from './tables';
import { startTheme } from './theme';
import { Timeline } from './timeline';
import { count, worst } from './words';

function summarise(data: Data): void {
    by('title').textContent = data.title;
    document.title = `${data.title} · PageShift`;
    let text = data.conclusion ?? `${count(data.report.calls, 'call')}, ${count(data.moves.length, 'move')}.`;
    if (data.report.divergenceCount > 0)
        text += ` ${count(data.report.divergenceCount, 'divergence')}.`;
    by('summary').textContent = text;
    by('footer').textContent = 'Made by pageshift --html. The report itself is in this page, as JSON.'
        + (data.report.log?.populate === 'all' ? ' Every private writable page is assumed to be present.' : '');
}

/** What the page opens with: the move that was asked for, or the first of those with the most entries. */
function firstShown(data: Data): number {
    const asked = data.moves.findIndex(move => move.line === data.shown);
    if (data.shown !== undefined && asked >= 0)
        return asked;
    let largest = 0;
    for (let i = 1; i < data.moves.length; i++) {
        if (worst(data.moves[i].policies) > worst(data.moves[largest].policies))
            largest = i;
    }
    return largest;
}

function start(): void {
    const data = new Data();
    summarise(data);
    const move = firstShown(data);
    const moveCall = data.moves.length > 0 ? data.callOfMove[move] : -1;
    const chosen = new Chosen({ call: Math.max(0, moveCall >= 0 ? moveCall : data.calls.length - 1), move, policy: Math.max(0, data.policies.length - 1) });

    const chooseCall = (call: number): void => {
        const first = data.firstMove[call];
        const isMove = data.calls[call][5] > 0 && first < data.moves.length;
        chosen.set(isMove ? { call, move: first } : { call });
    };
    const chooseMove = (index: number): void => {
        const call = data.callOfMove[index];
        chosen.set(call >= 0 ? { call, move: index } : { move: index });
    };
    const timeline = new Timeline(data, chosen, chooseCall);
    const list = new CallList(data, chosen, chooseCall);
    const space = new SpaceMap(data, chosen);
    new MoveView(data, chosen);
    const tables = new TableView(data, chosen);
    new Ladder(data, chosen);
    new MoveTable(data, chosen);

    const drawAll = (): void => {
        timeline.draw();
        list.draw();
        space.draw();
        tables.layOut();
    };
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
    startTheme(drawAll);
    drawAll();
    space.fitMove();
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

start();
