// Light or dark: as the system says, until the button is pressed.

import { by } from './dom';

export function startTheme(redraw: () => void): void {
    const button = by('theme');
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const isDark = (): boolean => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
    const show = (): void => {
        button.textContent = isDark() ? 'Light' : 'Dark';
        button.setAttribute('aria-label', `Switch to the ${isDark() ? 'light' : 'dark'} theme`);
        button.setAttribute('aria-pressed', String(isDark()));
    };
    button.addEventListener('click', () => {
        document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
        try {
            localStorage.setItem('pageshift-theme', document.documentElement.dataset.theme);
        }
        catch {
            // A page that was opened from a file may have no storage: the choice then lasts as long as the page.
        }
        show();
        redraw();
    });
    dark.addEventListener('change', () => {
        show();
        redraw();
    });
    matchMedia('print').addEventListener('change', redraw); // drawings take their colours when they are drawn
    show();
}
