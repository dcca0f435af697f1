// Measures the page of 100,000 calls with 1,000 moves by the clock: the first screen, frames of scrolling, bytes. Prints medians, and how busy the machine was.
// Called as: node speed.mjs BROWSER [TOOL]. Nothing is decided by it: the tests gate on counts.
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const [program, tool = fileURLToPath(new URL('../pageshift', import.meta.url))] = process.argv.slice(2);
if (program === undefined || program.startsWith('-')) {
    console.error('usage: node speed.mjs BROWSER [TOOL]');
    process.exit(2);
}
const Calls = 100_000;
const Loads = 9;
const Frames = 120;
const folder = await mkdtemp(join(tmpdir(), 'pageshift-speed-'));
const median = all => [...all].sort((a, b) => a - b)[all.length >> 1];
const hex = value => `0x${value.toString(16)}`;

/** The log that the tests have too: one call in a hundred moves. */
function log() {
    const lines = [];
    for (let i = 0; i < Calls / 5; i++) {
        const at = 0x7f0000000000 + (i % 1000) * 2 ** 24;
        const moves = (i * 5) % 100 === 0;
        lines.push(
            `mmap(${hex(at)}, 2097152, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = ${hex(at)}`,
            `madvise(${hex(at)}, 2097152, MADV_NOHUGEPAGE) = 0`,
            `mprotect(${hex(at)}, 4096, PROT_READ) = 0`,
            moves ? `mremap(${hex(at + 0x1000)}, 2093056, 2093056, MREMAP_MAYMOVE|MREMAP_FIXED, ${hex(at + 0x801000)}) = ${hex(at + 0x801000)}` : `madvise(${hex(at)}, 4096, MADV_HUGEPAGE) = 0`,
            `munmap(${hex(at + (moves ? 0x801000 : 0))}, ${i % 10 === 0 ? 4096 : 2093056}) = 0`);
    }
    return `${lines.join('\n')}\n`;
}

try {
    const [input, output] = [join(folder, 'large.log'), join(folder, 'large.html')];
    await writeFile(input, log());
    execFileSync(tool, ['run', input, '--html', output], { stdio: 'ignore' });
    const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
    const screens = [], works = [], intervals = [];
    for (let i = 0; i < Loads; i++) {
        const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
        await page.goto(pathToFileURL(output).href);
        await page.waitForSelector('html[data-ready]', { state: 'attached' });
        screens.push(await page.evaluate(() => performance.getEntriesByName('first screen')[0].startTime));
        const measured = await page.evaluate(frames => new Promise(resolve => {
            const list = document.getElementById('call-list');
            const [work, interval] = [[], []];
            let last = -1, n = 0;
            const frame = time => {
                if (last >= 0)
                    interval.push(time - last);
                last = time;
                const begun = performance.now();
                list.scrollTop = n * 20_000;
                // A message comes when scripts, layout and drawing of this frame are done.
                const channel = new MessageChannel();
                channel.port1.onmessage = () => {
                    work.push(performance.now() - begun);
                    if (++n < frames)
                        requestAnimationFrame(frame);
                    else
                        resolve({ work, interval });
                };
                channel.port2.postMessage(0);
            };
            list.scrollIntoView();
            requestAnimationFrame(frame);
        }), Frames);
        works.push(...measured.work);
        intervals.push(...measured.interval);
        await page.close();
    }
    await browser.close();
    const late = works.filter(time => time > 1000 / 60).length;
    console.log(`first screen: ${median(screens).toFixed(0)} ms (median of ${Loads}, ${Math.min(...screens).toFixed(0)} to ${Math.max(...screens).toFixed(0)})`);
    console.log(`work of a frame of scrolling: ${median(works).toFixed(1)} ms (median of ${works.length}; ${late} took more than 16.7 ms); from frame to frame ${median(intervals).toFixed(1)} ms`);
    console.log(`file: ${(await stat(output)).size} bytes; load of the machine ${loadavg().map(load => load.toFixed(1)).join(' ')}`);
}
finally {
    await rm(folder, { recursive: true });
}
