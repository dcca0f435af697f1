// Builds the page: one HTML file with its style and its program in it, and a mark where the data goes.
// With a file's name as argument it is written there; without one it is the template that the tool embeds.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = new URL('.', import.meta.url);
const target = process.argv[2] ?? fileURLToPath(new URL('../src/PageShift.Cli/Output/Html/page.html', here));

const options = { absWorkingDir: fileURLToPath(here), bundle: true, minify: true, write: false, charset: 'utf8', legalComments: 'none', target: 'es2022' };
const program = await build({ ...options, entryPoints: ['src/main.ts'], format: 'iife' });
const style = await build({ ...options, entryPoints: ['src/page.css'] });
const frame = await readFile(new URL('src/page.html', here), 'utf8');

// A function as replacement: in a string '$&' would mean something.
const page = frame
    .replace('<!--style-->', () => `<style>${style.outputFiles[0].text.trim()}</style>`)
    .replace('<!--program-->', () => `<script>${program.outputFiles[0].text.trim().replaceAll('</script', '<\\/script')}</script>`);
await writeFile(target, page);
