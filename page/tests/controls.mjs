// Each control does what it says.

export function checksOfControls({ open, textOf, draw, assert }) {
    const chosenCall = page => textOf(page, 'call-number');
    const positions = page => page.locator('#tables .traveller').evaluateAll(all => all.map(e => e.getAttribute('transform')));
    const setRange = (page, id, value) => page.locator(`#${id}`).evaluate((slider, to) => {
        slider.value = to;
        slider.dispatchEvent(new Event('input'));
    }, String(value));
    const shownSize = page => textOf(page, 'zoom-size');
    return {
        async the_slider_the_list_and_the_timeline_choose_a_call() {
            const { page, close } = await open('realloc');
            assert.equal(await chosenCall(page), '80 of 85');
            await setRange(page, 'call', 12);
            assert.equal(await chosenCall(page), '12 of 85');
            assert.equal(await page.locator('.option[aria-selected=true]').getAttribute('id'), 'call-12');
            await page.locator('#call-list').press('ArrowDown');
            assert.equal(await chosenCall(page), '13 of 85');
            await page.locator('#call-15').click();
            assert.equal(await chosenCall(page), '15 of 85');
            const box = await page.locator('#timeline').boundingBox();
            await page.mouse.click(box.x + box.width - 8, box.y + box.height - 8);
            assert.equal(await chosenCall(page), '85 of 85');
            await close();
        },
        async the_buttons_go_from_move_to_move() {
            const { page, close } = await open('realloc');
            assert.ok(await page.locator('#next-move').isDisabled());
            assert.equal(await textOf(page, 'move-h'), 'Move 8 of 8');
            await page.locator('#previous-move').click();
            assert.equal(await textOf(page, 'move-h'), 'Move 7 of 8');
            for (let i = 0; i < 6; i++)
                await page.locator('#previous-move').click();
            assert.equal(await textOf(page, 'move-h'), 'Move 1 of 8');
            assert.ok(await page.locator('#previous-move').isDisabled());
            await page.locator('#next-move').click();
            assert.equal(await textOf(page, 'move-h'), 'Move 2 of 8');
            await close();
        },
        async the_search_and_the_box_leave_what_they_say() {
            const { page, close } = await open('realloc');
            await page.locator('#only-moves').check();
            await page.waitForFunction(() => document.getElementById('found').textContent === '8 calls found');
            assert.equal(await page.locator('.option').count(), 8);
            await page.locator('#only-moves').uncheck();
            await page.locator('#find').fill('MPROTECT');
            await page.waitForFunction(() => document.getElementById('found').textContent === '6 calls found');
            assert.ok((await page.locator('.option').allTextContents()).every(text => text.includes('mprotect(')));
            await page.locator('#find').fill('');
            await page.waitForFunction(() => document.getElementById('found').textContent === '');
            await close();
        },
        async the_space_zooms_from_all_of_it_to_one_page() {
            const { page, close } = await open('linus-2023');
            await page.locator('#fit-all').click();
            assert.equal(await shownSize(page), '128 TiB');
            assert.equal(await textOf(page, 'space-window'), '0x0 to 0x800000000000');
            await page.locator('#fit-page').click();
            assert.equal(await shownSize(page), '4 KiB');
            assert.ok((await textOf(page, 'space-window')).startsWith('0x7f00000 to 0x7f01000;'), await textOf(page, 'space-window'));
            await page.locator('#fit-move').click();
            assert.equal(await shownSize(page), '6 MiB');
            await setRange(page, 'zoom', 30);
            assert.equal(await shownSize(page), '1 GiB');
            await page.locator('#fit-mappings').click();
            assert.equal(await shownSize(page), '2.5 MiB');
            await close();
        },
        async the_page_tables_of_the_run_are_those_of_the_page() {
            const four = await open('linus-2023');
            assert.equal(await four.page.locator('#tables .head').first().textContent(), 'P4D 0 › PUD 0 › PMD table', 'the words of explain');
            await four.close();
            const five = await open('five-levels');
            assert.equal(await five.page.locator('#tables .head').first().textContent(), 'PGD 0 › P4D 0 › PUD 0 › PMD table');
            await five.page.locator('#fit-all').click();
            assert.equal(await shownSize(five.page), '64 PiB');
            await five.page.locator('#fit-page').click();
            assert.ok((await textOf(five.page, 'space-window')).startsWith('0x7f00000 to 0x7f01000;'), await textOf(five.page, 'space-window'));
            await five.close();
            const small = await open('small');
            assert.ok((await textOf(small.page, 'move-lead')).endsWith('congruent modulo 64\u00a0KiB.'));
            await small.page.locator('#fit-all').click();
            assert.equal(await shownSize(small.page), '256 KiB');
            assert.equal(await small.page.locator('#tables .traveller').count(), 1);
            await small.close();
        },
        async the_space_follows_buttons_keys_and_the_wheel() {
            const { page, close } = await open('linus-2023');
            const low = async () => Number((await textOf(page, 'space-window')).split(' ')[0]);
            const before = await low();
            await page.locator('#pan-right').click();
            assert.ok(await low() > before);
            await page.locator('#pan-left').click();
            assert.ok(Math.abs(await low() - before) < 4096);
            await page.locator('#space').press('+');
            assert.equal(await shownSize(page), '3 MiB');
            await page.locator('#space').press('-');
            assert.equal(await shownSize(page), '6 MiB');
            await page.locator('#space').press('ArrowRight');
            assert.ok(await low() > before);
            await page.locator('#space').hover();
            await page.mouse.wheel(0, 400);
            await page.waitForFunction(() => document.getElementById('zoom-size').textContent !== '6 MiB');
            await page.locator('#space').press('0');
            assert.equal(await shownSize(page), '128 TiB');
            await close();
        },
        async the_drawing_of_the_space_shows_the_move_and_earlier_ones() {
            const { page, close } = await open('realloc');
            const pixels = () => page.locator('#space').evaluate(canvas => canvas.toDataURL());
            const without = await pixels();
            await page.locator('#all-arcs').check();
            assert.notEqual(await pixels(), without);
            await page.locator('#all-arcs').uncheck();
            assert.equal(await pixels(), without);
            await close();
        },
        async entries_travel_from_their_old_slots_to_the_new_ones() {
            const { page, close } = await open('linus-2023');
            const before = await positions(page);
            assert.equal(before.length, 2);
            await setRange(page, 'progress', 250);
            const between = await positions(page);
            await setRange(page, 'progress', 1000);
            const after = await positions(page);
            assert.ok(before.every((at, i) => at !== after[i]) && between.some((at, i) => at !== before[i] && at !== after[i]));
            assert.equal(after[1], before[0], 'the second table goes where the first was');
            assert.equal(await textOf(page, 'moved'), '2 PMD moved');
            await draw(page, 'linux-6.7');
            assert.equal(await textOf(page, 'moved'), '0 of 512 moved');
            assert.ok((await positions(page)).length >= 16);
            await close();
        },
        async play_runs_to_the_end_and_can_be_paused() {
            const { page, close } = await open('stack');
            await page.clock.install(); // time is what this check makes it, on a busy machine too
            await page.clock.pauseAt(Date.now() + 60_000);
            await page.locator('#play').click();
            await page.clock.runFor(300);
            await page.locator('#play').click();
            const paused = await page.locator('#progress').inputValue();
            assert.ok(Number(paused) > 50 && Number(paused) < 1000, paused);
            await page.clock.runFor(1000);
            assert.equal(await page.locator('#progress').inputValue(), paused);
            await page.locator('#play').click();
            await page.clock.runFor(60_000);
            assert.equal(await textOf(page, 'play'), 'Again');
            assert.equal(await textOf(page, 'moved'), '2 PMD moved');
            await close();
        },
        async without_motion_play_jumps_to_the_end() {
            const { page, close } = await open('stack', { reducedMotion: 'reduce' });
            await page.locator('#play').click();
            assert.equal(await page.locator('#progress').inputValue(), '1000');
            assert.equal(await textOf(page, 'moved'), '2 PMD moved');
            await close();
        },
        async columns_sort_both_ways_and_rows_lead_to_their_explanation() {
            const { page, close } = await open('realloc');
            const first = () => page.locator('#moves tbody tr').first().locator('td').first().textContent();
            assert.equal(await first(), '8');
            assert.equal(await page.locator('#moves th[aria-sort=descending]').textContent(), 'linux-6.7');
            await page.locator('#moves th button', { hasText: /^linux-6\.7$/ }).click();
            assert.equal(await first(), '1');
            await page.locator('#moves th button', { hasText: 'length' }).click();
            assert.equal(await first(), '8');
            await page.locator('#moves a', { hasText: '3' }).click();
            await page.waitForFunction(() => document.getElementById('move-h').textContent === 'Move 3 of 8');
            assert.equal(await page.evaluate(() => document.activeElement.id), 'move-h');
            assert.equal(await page.locator('#moves tr[aria-current=true] td').first().textContent(), '3');
            assert.equal(await chosenCall(page), '52 of 85');
            await close();
        },
        async an_address_with_a_move_opens_it() {
            const { page, close } = await open('realloc', {}, '#move-2');
            assert.equal(await textOf(page, 'move-h'), 'Move 2 of 8');
            await close();
        },
        async the_theme_is_the_systems_until_it_is_chosen() {
            const { page, close } = await open('stack', { colorScheme: 'dark' });
            const back = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
            const dark = await back();
            await page.locator('#theme').click();
            const light = await back();
            assert.notEqual(light, dark);
            assert.equal(await textOf(page, 'theme'), 'Dark');
            const reloaded = async () => {
                await page.reload();
                await page.waitForSelector('html[data-ready]', { state: 'attached' });
                return back();
            };
            // The browser keeps what was chosen in another process, to which it comes a moment later.
            let kept = await reloaded();
            for (let tries = 0; kept !== light && tries < 100; tries++) {
                await page.waitForTimeout(100);
                kept = await reloaded();
            }
            assert.equal(kept, light);
            await page.evaluate(() => localStorage.clear());
            await close();
        },
        async a_keyboard_reaches_every_control() {
            const { page, close } = await open('realloc');
            const wanted = await page.evaluate(() => [...document.querySelectorAll('button, input:not([type=radio]), select, summary, [tabindex="0"], a[href]')]
                .filter(e => !e.disabled && e.checkVisibility()).length);
            const reached = new Set();
            for (let i = 0; i < wanted + 8; i++) {
                await page.keyboard.press('Tab');
                reached.add(await page.evaluate(() => {
                    const e = document.activeElement;
                    if (e === document.body || e.type === 'radio')
                        return '';
                    return e.dataset.reached ??= String(document.querySelectorAll('[data-reached]').length + 1);
                }));
            }
            reached.delete('');
            assert.ok(reached.size >= wanted, `${reached.size} of ${wanted}`);
            await close();
        },
    };
}
