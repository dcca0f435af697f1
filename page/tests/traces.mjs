// The pages of traced programs: congruent places, call sites, what the time went to, two runs. Without the permission to trace there are none.

/** A check that could not be made. */
export class Skipped extends Error { }

export function checksOfTraces({ open, reportOf, textOf, bytesOf, draw, assert }) {
    const traced = async (name, check) => {
        await bytesOf(name).catch(() => {
            throw new Skipped('no program could be traced');
        });
        await check();
    };
    const plain = text => text.replaceAll('\u00a0', ' ');
    const entriesOf = policy => ['pgd', 'p4d', 'pud', 'pmd', 'pte'].reduce((sum, name) => sum + (policy[name] ?? 0), 0);
    return {
        the_first_screen_has_the_headline_the_drawing_and_the_ladder: () => traced('traced', async () => {
            for (const width of [1280, 400]) {
                const { page, close } = await open('traced', { width });
                const bottoms = await page.evaluate(() => ['headline', 'tables', 'ladder'].map(id => document.getElementById(id).getBoundingClientRect().bottom));
                assert.ok(bottoms.every(bottom => bottom > 0 && bottom <= 900), `${width}: ${bottoms.join(' ')}`);
                await close();
            }
        }),
        the_headline_is_what_congruent_places_would_save: () => traced('traced', async () => {
            const report = await reportOf('traced');
            const { page, close } = await open('traced');
            const sum = (policies) => policies.reduce((total, policy) => total + entriesOf(policy), 0);
            const made = sum(report.moves.map(move => move.policies.find(policy => policy.policy === 'linux-6.7')));
            const placed = sum(report.moves.map(move => {
                const own = move.policies.find(policy => policy.policy === 'linux-6.7');
                const there = move.congruentPlacement?.policies.find(policy => policy.policy === 'linux-6.7');
                return there !== undefined && move.congruent === 'pte' && entriesOf(there) < entriesOf(own) ? there : own;
            }));
            const headline = plain(await textOf(page, 'headline'));
            assert.match(headline, /^At congruent places linux-6\.7 would move .* instead of .*: [\d,.]+ to 1\.$/);
            assert.ok(headline.includes(`${made.toLocaleString('en-US')} PTE`), headline);
            const ladder = await page.locator('.rung[data-variants="linux-6.7, congruent"] .figure').textContent();
            assert.ok(headline.includes(plain(ladder)), `${headline} ${ladder}`);
            assert.equal([...plain(ladder).matchAll(/([\d,]+) P/g)].reduce((total, found) => total + Number(found[1].replaceAll(',', '')), 0), placed);
            await close();
        }),
        a_congruent_place_has_its_drawing: () => traced('traced', async () => {
            const report = await reportOf('traced');
            const { page, close } = await open('traced', {}, '#move-1');
            await draw(page, 'pageshift, congruent');
            assert.equal(await page.locator('#tables svg').getAttribute('data-move'), `${report.moves[0].old} ${report.moves[0].congruentPlacement.new}`);
            assert.ok(await page.locator('#tables .traveller.l-pmd').count() > 0);
            await draw(page, 'pageshift');
            assert.equal(await page.locator('#tables svg').getAttribute('data-move'), `${report.moves[0].old} ${report.moves[0].new}`);
            assert.equal(await page.locator('#tables .traveller.l-pmd').count(), 0);
            await close();
        }),
        the_call_sites_add_up_and_leave_only_their_moves: () => traced('traced', async () => {
            const report = await reportOf('traced');
            const { page, close } = await open('traced');
            assert.ok(report.sites.length >= 2);
            const rows = page.locator('#sites tbody tr');
            assert.equal(await rows.count(), report.sites.length);
            for (let i = 0; i < report.sites.length; i++) {
                const moves = Number((await rows.nth(i).locator('td').nth(1).textContent()).replaceAll(',', ''));
                await rows.nth(i).locator('button').click();
                assert.equal(await page.locator('#moves tbody tr').count(), moves);
                await page.locator('#site-all').click();
            }
            assert.equal(await page.locator('#moves tbody tr').count(), report.moves.length);
            await page.locator('#sites th button', { hasText: 'moves' }).click();
            const counts = await rows.evaluateAll(all => all.map(row => Number(row.cells[1].textContent.replaceAll(',', ''))));
            assert.deepEqual(counts, report.sites.map(site => site.moves).sort((a, b) => b - a));
            const withStack = report.sites.find(site => (site.stack?.length ?? 0) > 1);
            if (withStack !== undefined) {
                await page.locator('#sites details summary').first().click();
                await page.waitForFunction(() => document.querySelectorAll('#sites ol li').length > 1);
            }
            await close();
        }),
        the_time_of_the_moves_is_part_of_the_runs: () => traced('traced', async () => {
            const report = await reportOf('traced');
            const { page, close } = await open('traced');
            const moves = page.locator('#usage tbody tr', { hasText: 'moves' });
            assert.ok((await moves.textContent()).includes(`${report.moves.length} moves`));
            assert.ok((await textOf(page, 'facts')).includes(`${report.moves.length} moves took`));
            assert.ok((await textOf(page, 'advice')).includes('PageShift.Memory'), 'what the tool advises');
            await close();
        }),
        what_the_kernel_counted_stands_in_the_list: () => traced('traced', async () => {
            const report = await reportOf('traced');
            if (report.whyNotCounted !== undefined)
                throw new Skipped(report.whyNotCounted);
            const { page, close } = await open('traced');
            const column = await page.locator('#moves thead th').evaluateAll(all => all.findIndex(head => head.textContent.startsWith('measured')));
            const shown = await page.locator('#moves tbody tr').evaluateAll((rows, at) => rows.map(row => [Number(row.cells[0].textContent), row.cells[at].textContent]), column);
            assert.equal(shown.length, report.moves.length);
            for (const [move, text] of shown) {
                const { kernel } = report.moves[move - 1];
                assert.equal(text, `${kernel.tlbFlushes}/${kernel.tablesAllocated}${kernel.verdict === 'disagreement' ? ' (differs)' : ''}`);
            }
            assert.equal(await textOf(page, 'kernel-note'), report.moves[0].kernel.text);
            await close();
        }),
        traced_programs_fit_from_400_pixels_on: () => traced('compared', async () => {
            for (const name of ['traced', 'compared']) {
                const { page, close } = await open(name, { width: 400 });
                // The longest that the tool says of how often.
                await page.locator('#usage tbody tr td:last-child').first().evaluate(cell => {
                    cell.textContent = '10,610,115 faults, 12,345 from a device';
                });
                assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, name);
                await close();
            }
        }),
        two_runs_stand_in_two_columns: () => traced('compared', async () => {
            const { page, close } = await open('compared');
            const rows = await page.locator('#comparison tbody tr').evaluateAll(all => all.map(row => [...row.cells].map(cell => cell.textContent)));
            const report = await reportOf('compared');
            const [before, after] = [report.asItIs, report.congruentPlaces];
            const of = name => rows.find(row => row[0] === name).slice(1).map(text => Number(text.replaceAll(',', '')));
            assert.deepEqual(of('moves'), [before.moves, after.moves]);
            assert.deepEqual(of('of these congruent'), [before.congruentMoves, after.congruentMoves]);
            const widths = await page.locator('#comparison tbody .rail').evaluateAll(all => [...new Set(all.map(rail => Math.round(rail.getBoundingClientRect().width)))]);
            assert.equal(widths.length, 1, 'both columns have one scale');
            assert.ok(plain(await textOf(page, 'headline')).startsWith('With congruent places its moves take'));
            await close();
        }),
        what_the_kernel_did_stands_beside_the_prediction: () => traced('measured', async () => {
            const report = await reportOf('measured');
            const { page, close } = await open('measured');
            const { kernel, policies } = report.moves[0];
            const predicted = policies.find(policy => policy.policy === kernel.predictedBy);
            const row = name => page.locator('#measured tbody tr', { hasText: name }).evaluateAll(all => all.map(found => [...found.cells].slice(1).map(cell => cell.textContent)));
            if (kernel.extents === undefined) {
                assert.equal(await textOf(page, 'kernel-note'), kernel.reason);
            }
            else {
                assert.deepEqual(await row('tables allocated'), [[String(predicted.tablesAllocated), String(kernel.tablesAllocated)]]);
                assert.deepEqual(await row('TLB flushes'), [[String(predicted.tlbFlushes), String(kernel.tlbFlushes)]]);
            }
            await close();
        }),
    };
}
