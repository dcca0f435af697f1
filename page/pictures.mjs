// Makes the pictures of the documents from pages that the tool wrote: docs/page.png, and docs/move.png for the README.
// Called as: node pictures.mjs BROWSER PAGE, where PAGE is what 'pageshift run samples/linus-2023.strace --html PAGE' wrote.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [program, file] = process.argv.slice(2);
const docs = new URL('../docs/', import.meta.url);
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });

/** Opens the page at its first screen, under a policy, with a part of the move done. */
async function open(width, policy, progress, scale) {
    const page = await browser.newPage({ viewport: { width, height: width > 1000 ? 640 : 900 }, deviceScaleFactor: scale, colorScheme: 'light' });
    await page.goto(pathToFileURL(resolve(file)).href);
    await page.waitForSelector('html[data-ready]', { state: 'attached' });
    await page.locator('#ladder .rung').evaluateAll((rungs, wanted) => rungs.find(rung => rung.dataset.variants.split(' | ').includes(wanted)).querySelector('input').click(), policy);
    await page.locator('#progress').evaluate((slider, value) => {
        slider.value = value;
        slider.dispatchEvent(new Event('input'));
    }, progress);
    return page;
}

/** What is between the tops of two elements, as a picture. */
async function between(page, from, to) {
    const [first, last] = await Promise.all([from, to].map(name => page.locator(name).evaluate(element => {
        const { left, top, bottom, width } = element.getBoundingClientRect();
        return { x: left + scrollX, y: top + scrollY, bottom: bottom + scrollY, width };
    })));
    return page.screenshot({ fullPage: true, clip: { x: first.x, y: first.y, width: first.width, height: last.bottom - first.y } });
}

const drawn = picture => `<img src="data:image/png;base64,${picture.toString('base64')}">`;

// The first screen, and the move under two policies side by side.
const whole = await open(1120, 'pageshift', 300, 1);
await writeFile(new URL('page.png', docs), await whole.screenshot());
const theirs = await between(await open(580, 'linux-6.7', 620, 2), '.reason', '#tables');
const ours = await between(await open(580, 'pageshift', 300, 2), '.reason', '#tables');
const frame = await browser.newPage({ viewport: { width: 1100, height: 100 }, deviceScaleFactor: 2 });
await frame.setContent(`<style>
    body { margin: 0; padding: 16px 20px; background: #fff; color: #1d2126; font: 15px/1.4 "DejaVu Sans", sans-serif; }
    main { display: grid; grid-template-columns: 500px 500px; gap: 4px 60px; }
    h2 { margin: 0; font-size: 17px; } img { width: 500px; }
</style><main><h2>Linux 6.7 and later: 512 entries, one by one</h2><h2>PageShift: 2 entries, each with its whole table</h2>${drawn(theirs)}${drawn(ours)}</main>`);
await writeFile(new URL('move.png', docs), await frame.screenshot({ fullPage: true }));
await browser.close();
