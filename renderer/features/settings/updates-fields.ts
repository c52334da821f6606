/** The settings of updates. */
import type { SettingField } from './setting-field.ts';

export const updatesFields: readonly SettingField[] = [
  {
    section: 'updates',
    key: 'check',
    kind: 'choice',
    label: 'Check for updates',
    about:
      'Once a day. Only the newest version’s description is fetched; nothing about you or your machines is sent.',
    options: { ask: 'Not decided yet, so no', on: 'Yes, once a day', off: 'No' },
  },
  {
    section: 'updates',
    key: 'address',
    kind: 'text',
    label: 'Where updates come from',
    about: 'The https address of a folder with manifest.json. Leave empty for the one that this build names.',
  },
];
