/** The entries of the troubleshooting guide, as the palette finds them. Pure. */
import type { HelpEntry } from '../help/help-entries.ts';
import type { PaletteEntry } from './entries.ts';

const always: readonly PaletteEntry[] = [
  {
    ...{ id: 'help', group: 'Help', title: 'Help', about: 'Help' },
    ...{ keywords: 'troubleshooting guide documentation how to fix', weight: 9 },
    command: { kind: 'help', title: null },
  },
  {
    ...{ id: 'shortcuts', group: 'Help', title: 'Keyboard shortcuts', about: 'Help' },
    ...{ keywords: 'keys hotkeys help', weight: 5 },
    command: { kind: 'shortcuts' },
  },
];

export function helpEntries(guide: readonly HelpEntry[]): PaletteEntry[] {
  return [
    ...always,
    ...guide.map(
      ({ title, part, codes }): PaletteEntry => ({
        id: `help:${title}`,
        group: 'Help',
        title: title.replaceAll('`', ''),
        keywords: `help how to fix ${codes.join(' ')} ${part} Help`,
        about: `Help · ${part}`,
        weight: 1,
        command: { kind: 'help', title },
      }),
    ),
  ];
}
