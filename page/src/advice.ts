// What the tool says of all moves: the headline, what it costs, what to do. The words are the tool's.

import { Data } from './data';
import { by, make } from './dom';
import { joined } from './words';

/** Facts that stand below the headline; the others come with the advice. */
const First = 2;

export class Advice {
    constructor(data: Data) {
        const { title, headline, facts, advice, notes } = data.head;
        by('title').textContent = title;
        document.title = `${title} · PageShift`;
        by('headline').replaceChildren(...wholeNames(joined(headline ?? '')));
        by('headline').hidden = headline === undefined;
        by('facts').replaceChildren(...facts.slice(0, First).map(fact => itemOf(`${joined(fact)} `)));
        by('more-facts').replaceChildren(...[...facts.slice(First), ...notes].map(fact => itemOf(joined(fact), 'apart')));
        by('advice').replaceChildren(...paragraphsOf(advice));
        by('advice-section').hidden = facts.length <= First && notes.length === 0 && advice.length === 0;
        by('advice-h').textContent = advice.length > 0 ? 'What to do' : 'More about these moves';
        by('footer').textContent = 'Made by pageshift --html. The report itself is in this page, as JSON.';
    }
}

function itemOf(text: string, className = ''): HTMLElement {
    const item = make('li', '', className);
    item.append(...wholeNames(text));
    return item;
}

/** Text in which the name of a policy does not break at its hyphen. */
function wholeNames(text: string): (string | HTMLElement)[] {
    return text.split(/(linux-\d+\.\d+)/).map((part, i) => i % 2 === 1 ? make('span', part, 'whole') : part);
}

/** Sentences as paragraphs, and the lines of code after each as one block. */
function paragraphsOf(lines: string[]): HTMLElement[] {
    const made: HTMLElement[] = [];
    for (const line of lines) {
        const last = made[made.length - 1];
        if (!line.startsWith(' '))
            made.push(make('p', line));
        else if (last?.tagName === 'PRE')
            last.append(`\n${line.slice(2)}`);
        else
            made.push(blockOf(line.slice(2)));
    }
    return made;
}

function blockOf(text: string): HTMLElement {
    const block = make('pre', text);
    block.tabIndex = 0; // it may have to be scrolled
    return block;
}
