// The figures on the page are those of the JSON.

const Names = ['pgd', 'p4d', 'pud', 'pmd', 'pte'];
const number = value => value.toLocaleString('en-US');
const entriesOf = policy => Names.reduce((sum, name) => sum + (policy[name] ?? 0), 0);
const wordsOf = policy => Names.filter(name => policy[name]).map(name => `${number(policy[name])} ${name.toUpperCase()}`).join(', ') || 'nothing';

function sumOf(policies) {
    const sum = { warned: policies.some(policy => policy.warned) };
    for (const name of [...Names, 'slotsVisited', 'tablesAllocated', 'tablesFreed', 'tlbFlushes', 'tableBytes'])
        sum[name] = policies.reduce((total, policy) => total + (policy[name] ?? 0), 0);
    return sum;
}

export function checksOfFigures({ open, reportOf, textOf, draw, assert }) {
    const ladderOf = (page, scope, metric) => page.evaluate(([wantedScope, wantedMetric]) => {
        for (const [id, value] of [['ladder-scope', wantedScope], ['ladder-metric', wantedMetric]]) {
            document.getElementById(id).value = value;
            document.getElementById(id).dispatchEvent(new Event('change'));
        }
        return [...document.querySelectorAll('#ladder .rung')].flatMap(rung => rung.dataset.variants.split(' | ')
            .map(name => [name, rung.querySelector('.figure').textContent.replaceAll('\u00a0', ' ')]));
    }, [scope, metric]);
    return {
        async the_ladder_is_the_jsons() {
            for (const name of ['linus-2023', 'stack', 'neighbour', 'one-level-up', 'realloc']) {
                const report = await reportOf(name);
                const { page, close } = await open(name);
                for (const scope of report.moves.length > 1 ? ['move', 'all'] : ['move']) {
                    // Each policy, and then what a congruent place would make of two of them, where it is better.
                    const names = report.moves[0].policies.map(({ policy }) => ({ policy }));
                    if (report.moves.some(move => move.congruentPlacement !== undefined))
                        names.push({ policy: 'linux-6.7', isPlaced: true }, { policy: 'pageshift', isPlaced: true });
                    const under = (policies, name) => policies?.find(({ policy }) => policy === name);
                    const costOf = (move, { policy, isPlaced }) => {
                        const [made, there] = [under(move.policies, policy), under(move.congruentPlacement?.policies, policy)];
                        return isPlaced && there !== undefined && entriesOf(there) < entriesOf(made) ? there : made;
                    };
                    const largest = report.moves.reduce((best, move) => entriesOf(move.policies[0]) > entriesOf(best.policies[0]) ? move : best);
                    const costs = names.map(name => scope === 'all' ? sumOf(report.moves.map(move => costOf(move, name))) : costOf(largest, name));
                    for (const metric of ['entries', 'slotsVisited', 'tablesAllocated', 'tablesFreed', 'tlbFlushes']) {
                        const expected = costs.map((cost, i) => [
                            `${names[i].policy}${names[i].isPlaced ? ', congruent' : ''}`,
                            metric === 'entries' ? wordsOf(cost) + (cost.warned ? ', warns' : '') : number(cost[metric])]);
                        assert.deepEqual(await ladderOf(page, scope, metric), expected, `${name}, ${scope}, ${metric}`);
                    }
                }
                await close();
            }
        },
        async a_bar_is_as_long_as_its_number_and_shows_its_parts() {
            for (const name of ['one-level-up', 'linus-2023', 'mixed']) {
                const report = await reportOf(name);
                const { page, close } = await open(name);
                const rungs = await page.locator('#ladder .rung').evaluateAll(all => all.map(rung => {
                    const bar = rung.querySelector('.rail > .sum');
                    return {
                        name: rung.dataset.variants.split(' | ')[0], length: bar.getBoundingClientRect().width / rung.querySelector('.rail').getBoundingClientRect().width,
                        parts: Object.fromEntries([...bar.querySelectorAll('i')].map(part => [part.dataset.part, Number(part.style.flexGrow)])),
                        colours: [...bar.querySelectorAll('i')].map(part => getComputedStyle(part).backgroundColor), isMagnified: rung.querySelector('.lens') !== null,
                        ratio: rung.querySelector('.ratio').textContent,
                    };
                }));
                const costs = rungs.map(rung => report.moves[0].policies.find(policy => policy.policy === rung.name));
                const most = Math.max(...costs.map(entriesOf));
                rungs.forEach((rung, i) => {
                    const [total, what] = [entriesOf(costs[i]), `${name}, ${rung.name}`];
                    assert.ok(Math.abs(rung.length - total / most) < 0.02, `${what}: ${rung.length}`);
                    assert.deepEqual(Object.keys(rung.parts), Names.filter(level => costs[i][level]), what);
                    assert.equal(new Set(rung.colours).size, rung.colours.length, what);
                    for (const [level, part] of Object.entries(rung.parts))
                        assert.ok(Math.abs(part - costs[i][level] / total) < 1e-6, what);
                    assert.equal(rung.isMagnified, total / most < 0.04, what);
                    const ratio = most / total;
                    assert.equal(rung.ratio, total === most ? '' : `${number(ratio >= 10 ? Math.round(ratio) : Math.round(ratio * 10) / 10)} to 1`, what);
                });
                await close();
            }
        },
        async pages_and_tables_of_other_processors_are_drawn_as_they_are() {
            // The way to the table of the new place, entries of a table of PTEs, page, whole space, and a call as the log has it.
            const machines = {
                'arm64-16k': ['P4D 1 › PUD 2047 › PMD table', '2,048', '0x4000', '256 TiB', 'mremap(0xffffa8000000, 67108864, 67108864,'],
                'arm64-64k': ['PUD 63 › PMD table', '8,192', '0x10000', '256 TiB', 'mremap(0xffff20000000, 1610612736, 1610612736,'],
                'ppc64': ['P4D 255 › PUD 510 › PMD table', '32', '0x10000', '128 TiB', 'mremap(0x7fffb7800000, 4194304, 4194304,'],
                's390x': ['PUD 2047 › PMD table', '256', '0x1000', '4 TiB', 'mremap(0x3ffa5e00000, 2097152, 2097152,'],
            };
            for (const [name, [head, entries, step, whole, call]] of Object.entries(machines)) {
                const { moves: [move] } = await reportOf(name);
                const { page, close } = await open(name);
                await draw(page, 'pageshift');
                assert.equal(await page.locator('#tables .head').first().textContent(), head, name);
                assert.equal(await textOf(page, 'tables-legend'), `a PMD entry with its table of ${entries} PTE entries, which moves whole`, name);
                await page.locator('#fit-page').click();
                const [from, to] = [move.new, `0x${(Number(move.new) + Number(step)).toString(16)}`];
                assert.ok((await textOf(page, 'space-window')).startsWith(`${from} to ${to};`), `${name}: ${await textOf(page, 'space-window')}`);
                await page.locator('#fit-all').click();
                assert.equal(await textOf(page, 'zoom-size'), whole, name);
                const mappings = await page.locator('#mappings tbody tr').evaluateAll(rows => rows.map(row => row.cells[0].textContent));
                assert.ok(mappings.includes(move.new), `${name}: ${mappings}`);
                assert.ok((await page.locator('.option[aria-selected=true]').textContent()).includes(call), `${name}: ${await page.locator('.option[aria-selected=true]').textContent()}`);
                await close();
            }
        },
        async the_list_of_moves_is_the_jsons() {
            const report = await reportOf('realloc');
            const { page, close } = await open('realloc');
            await page.getByRole('button', { name: 'line', exact: true }).click();
            const rows = await page.locator('#moves tbody tr').evaluateAll(all => all.map(row => [...row.cells].map(cell => cell.textContent)));
            assert.equal(rows.length, report.moves.length);
            report.moves.forEach((move, i) => {
                const [theirs, ours] = ['linux-6.7', 'pageshift'].map(name => wordsOf(move.policies.find(policy => policy.policy === name)));
                assert.deepEqual(rows[i].slice(0, 4), [String(i + 1), String(move.line), move.old, move.new]);
                assert.deepEqual(rows[i].slice(5, 7), [theirs, ours]);
            });
            await close();
        },
        async calls_and_mappings_are_those_of_the_log() {
            const report = await reportOf('linus-2023');
            const { page, close } = await open('linus-2023');
            assert.equal(await textOf(page, 'calls-note'), `${report.calls} calls, ${report.moves.length} move`);
            assert.equal(await page.locator('.option').count(), report.calls);
            const mappings = () => page.locator('#mappings tbody tr').evaluateAll(rows => rows.map(row => [...row.cells].map(cell => cell.textContent)));
            assert.deepEqual(await mappings(), [['0x7f00000', '0x8100000', '2 MiB', 'rw-p', 'private memory']]);
            await page.locator('#call-list').press('Home');
            assert.deepEqual(await mappings(), [['0x8100000', '0x8300000', '2 MiB', 'rw-p', 'private memory']]);
            assert.equal(await textOf(page, 'space-note'), 'after call 1: 1 mapping, 2 MiB');
            await close();
        },
        async the_ends_are_explained_as_the_json_says() {
            const report = await reportOf('neighbour');
            const { page, close } = await open('neighbour');
            for (const policy of report.moves[0].policies) {
                await draw(page, policy.policy);
                const rows = await page.locator('#boundaries tbody tr').evaluateAll(all => all.map(row => [...row.cells].map(cell => cell.textContent)));
                const ends = policy.ends ?? [];
                assert.deepEqual(rows.map(row => row[0]), [...policy.boundaries.map(b => `${b.end}, ${b.level.toUpperCase()}`), ...ends.map(e => e.end)]);
                policy.boundaries.forEach((b, i) => assert.ok(rows[i][1].startsWith(b.block), rows[i][1]));
                assert.deepEqual(rows.map(row => row.slice(2)), [...policy.boundaries, ...ends].map(found => [found.reason, found.remedy ?? '']));
                assert.ok((await textOf(page, 'reason')).replaceAll('\u00a0', ' ').startsWith(`${wordsOf(policy)}: ${policy.reason}. `));
            }
            await close();
        },
    };
}
