/** The entries of the troubleshooting guide, as the palette finds them. Pure. */
import type { HelpEntry } from '../help/help-entries.ts';
import type { PaletteEntry } from './entries.ts';

export function helpEntries(guide: readonly HelpEntry[]): PaletteEntry[] {
  return guide.map(({ title, part, codes }) => ({
    id: `help:${title}`,
    group: 'Help',
    title: title.replaceAll('`', ''),
    keywords: `help how to fix ${codes.join(' ')} ${part} Help`,
    about: `Help · ${part}`,
    weight: 1,
    command: { kind: 'help', title },
  }));
}
