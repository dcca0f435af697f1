// What the page does in a real browser. Called by the .NET tests with the browser's program and a folder of pages; prints, as JSON, for each check null or what went wrong.
import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { checksOfControls } from './controls.mjs';
import { checksOfFigures } from './figures.mjs';
import { checksOfLargePages } from './large.mjs';
import { checksOfTraces, Skipped } from './traces.mjs';

const [program, folder] = process.argv.slice(2);
const MostMilliseconds = 600_000; // only so that nothing hangs: how long it takes is the machine's affair

const browser = await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--no-first-run'],
});

/** Opens a page in a window of its own, which shares nothing with the others, and fails when it complains or asks for anything but itself. */
async function open(name, { width = 1280, ...media } = {}, hash = '') {
    const context = await browser.newContext();
    context.setDefaultTimeout(MostMilliseconds);
    const page = await context.newPage();
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: 'light', ...media });
    const complaints = [];
    page.on('console', message => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', error => complaints.push(error.stack));
    page.on('request', request => {
        if (!request.url().startsWith('file:') && !request.url().startsWith('data:'))
            complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href + hash);
    await page.waitForSelector('html[data-ready]', { state: 'attached' });
    return {
        page,
        async close() {
            await context.close();
            assert.deepEqual(complaints, []);
        },
    };
}

const reportOf = async name => JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'));
const textOf = (page, id) => page.locator(`#${id}`).textContent();
const bytesOf = async name => (await stat(join(folder, `${name}.html`))).size;

/** Chooses on the ladder what is drawn. */
const draw = (page, name) => page.locator('#ladder .rung').evaluateAll((rungs, wanted) => rungs.find(rung => rung.dataset.variants.split(' | ').includes(wanted)).querySelector('input').click(), name);

const tools = { open, reportOf, textOf, bytesOf, draw, assert };

/** Words that stand out too little from what is behind them: less than 4.5 to 1, as WCAG measures it. */
const faint = page => page.evaluate(() => {
    const brush = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
    const over = (colours) => {
        brush.clearRect(0, 0, 1, 1);
        for (const colour of colours) {
            brush.fillStyle = colour;
            brush.fillRect(0, 0, 1, 1);
        }
        return [...brush.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (walker.currentNode.textContent.trim() === '' || !element.checkVisibility() || element.closest('svg, script, button:disabled, .visually-hidden, .skip, option') !== null)
            continue;
        const behind = [];
        for (let at = element; at !== null; at = at.parentElement)
            behind.unshift(getComputedStyle(at).backgroundColor);
        const [a, b] = [light(over([...behind])), light(over([...behind, getComputedStyle(element).color]))];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < 4.5)
            found.push(`${walker.currentNode.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return [...new Set(found)];
});

const pages = ['linus-2023', 'stack', 'neighbour', 'one-level-up', 'realloc', 'nothing', 'five-levels', 'small', 'mixed', 'arm64-16k', 'arm64-64k', 'ppc64', 's390x'];
const checks = {
    async loads_in_both_themes_without_complaint_and_fits_from_400_pixels_on() {
        for (const name of pages) {
            const { page, close } = await open(name);
            for (const colorScheme of ['light', 'dark']) {
                await page.emulateMedia({ colorScheme });
                for (const width of [400, 1280]) {
                    await page.setViewportSize({ width, height: 900 });
                    await page.evaluate(() => new Promise(requestAnimationFrame));
                    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${name} at ${width}`);
                    assert.deepEqual(await faint(page), [], `${name} at ${width}, ${colorScheme}`);
                }
            }
            await close();
        }
    },
    async prints_all_that_matters_and_no_controls() {
        const { page, close } = await open('realloc', { colorScheme: 'dark' });
        const shown = await textOf(page, 'space-window');
        await page.emulateMedia({ colorScheme: 'dark', media: 'print' });
        assert.equal(await page.locator('button:visible').count(), await page.locator('th button').count());
        await page.setViewportSize({ width: 794, height: 1100 });
        assert.equal(await textOf(page, 'space-window'), shown, 'another width shows the same addresses');
        assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
        assert.ok((await page.pdf()).length > 10_000);
        await close();
    },
    async every_control_and_drawing_has_a_name() {
        const { page, close } = await open('realloc');
        const nameless = await page.evaluate(() => [...document.querySelectorAll('button, input, select, summary, canvas, [role]:not([role=status])')]
            .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length
                || (e.getAttribute('aria-labelledby') ?? '').split(' ').some(id => document.getElementById(id)?.textContent.trim())))
            .map(e => e.outerHTML.slice(0, 80)));
        assert.deepEqual(nameless, []);
        assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1])).filter((level, i, all) => i > 0 && level > all[i - 1] + 1)), []);
        await close();
    },
    ...checksOfControls(tools),
    ...checksOfFigures(tools),
    ...checksOfLargePages(tools),
    ...checksOfTraces(tools),
};

const outcomes = {};

async function run(name) {
    const begun = Date.now();
    try {
        await checks[name]();
        outcomes[name] = null;
    }
    catch (error) {
        outcomes[name] = error instanceof Skipped ? `skip: ${error.message}` : `${error.stack ?? error}`;
    }
    console.error(`${name}: ${Date.now() - begun} ms`);
}

// A few at a time.
const left = Object.keys(checks);
await Promise.all(Array.from({ length: 3 }, async () => {
    while (left.length > 0)
        await run(left.shift());
}));
await browser.close();
console.log(JSON.stringify(outcomes));
