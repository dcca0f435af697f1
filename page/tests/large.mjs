// What a page of many calls and moves costs: bytes of the file, nodes in the document, and work for each frame. Times are printed, and decide nothing.

const MostBytes = 5_000_000;
const MostNodes = 4000; // elements in the document, of whatever number of calls and moves
const MostRows = 40; // rows of the list that are in the document, and that one frame of scrolling may make
const MostStrokes = 4000; // calls of the canvases for one choice

export function checksOfLargePages({ open, textOf, bytesOf, assert }) {
    const nodes = page => page.evaluate(() => document.querySelectorAll('*').length);
    /** Counts what the canvases are asked to draw, and the elements that come into the document. */
    const count = page => page.evaluate(() => {
        globalThis.strokes = 0;
        globalThis.made = 0;
        for (const name of ['fillRect', 'strokeRect', 'fillText', 'strokeText', 'fill', 'stroke', 'drawImage']) {
            const real = CanvasRenderingContext2D.prototype[name];
            CanvasRenderingContext2D.prototype[name] = function (...all) {
                globalThis.strokes++;
                return real.apply(this, all);
            };
        }
        new MutationObserver(changes => {
            for (const change of changes)
                globalThis.made += change.addedNodes.length;
        }).observe(document.body, { childList: true, subtree: true });
    });
    /** Gives what tells the seconds that the page's thread has used since then, whatever else the machine does. */
    const processorTime = async page => {
        const session = await page.context().newCDPSession(page);
        await session.send('Performance.enable', { timeDomain: 'threadTicks' });
        const used = async () => (await session.send('Performance.getMetrics')).metrics.find(metric => metric.name === 'ThreadTime').value;
        const before = await used();
        return async () => await used() - before;
    };
    const taken = page => page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => setTimeout(() => {
        resolve({ strokes: globalThis.strokes, made: globalThis.made });
        globalThis.strokes = globalThis.made = 0;
    }))));
    return {
        async a_thousand_moves_and_a_hundred_thousand_calls_stay_small() {
            const bytes = await bytesOf('large');
            assert.ok(bytes < MostBytes, `${bytes} bytes`);
            const { page, close } = await open('large');
            assert.equal(await textOf(page, 'calls-note'), '100,000 calls, 1,000 moves');
            assert.ok(await nodes(page) < MostNodes, `${await nodes(page)} elements`);
            const first = await page.evaluate(() => performance.getEntriesByName('first screen')[0].startTime);
            console.error(`a page of 100,000 calls and 1,000 moves: ${bytes} bytes, first screen after ${Math.round(first)} ms`);
            await close();
        },
        async the_first_screen_does_not_wait_for_the_calls() {
            const { page, close } = await open('large');
            const order = await page.evaluate(() => performance.getEntriesByType('mark').map(mark => mark.name));
            assert.deepEqual(order, ['first screen', 'calls']);
            await close();
        },
        async a_frame_of_scrolling_makes_only_rows_in_sight() {
            const { page, close } = await open('large');
            await count(page);
            const since = await processorTime(page);
            const Frames = 30;
            for (let i = 0; i < Frames; i++) {
                await page.locator('#call-list').evaluate((list, top) => {
                    list.scrollTop = top;
                }, i * 80_000);
                const { strokes, made } = await taken(page);
                assert.equal(strokes, 0, 'scrolling draws nothing anew');
                assert.ok(made <= 2 * MostRows, `${made} elements in a frame`);
                assert.ok(await page.locator('.option').count() <= MostRows, 'only rows in sight are in the document');
            }
            const used = await since();
            console.error(`a frame of scrolling: ${(used * 1000 / Frames).toFixed(1)} ms of processor time, with what the test adds`);
            assert.ok(await nodes(page) < MostNodes);
            await close();
        },
        async a_choice_draws_a_bounded_number_of_strokes() {
            const { page, close } = await open('large');
            await count(page);
            for (const call of [1, 50_000, 99_999, 100_000, 3]) {
                await page.locator('#call').evaluate((slider, to) => {
                    slider.value = to;
                    slider.dispatchEvent(new Event('input'));
                }, String(call));
                const { strokes } = await taken(page);
                assert.ok(strokes < MostStrokes, `${strokes} strokes for call ${call}`);
                assert.equal(await textOf(page, 'call-number'), `${call.toLocaleString('en-US')} of 100,000`);
            }
            await close();
        },
        async twenty_thousand_moves_load_and_answer() {
            const { page, close } = await open('many');
            assert.equal(await textOf(page, 'calls-note'), '100,000 calls, 20,000 moves');
            await page.locator('#call-list').press('Home');
            assert.equal(await textOf(page, 'call-number'), '1 of 100,000');
            await page.locator('#call-list').press('End');
            assert.equal(await textOf(page, 'call-number'), '100,000 of 100,000');
            assert.ok(await page.locator('.option').count() < MostRows, 'only rows in sight are in the document');
            await close();
        },
    };
}
