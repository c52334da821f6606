/** What each setting is called and what it means. Without the schemas, so that the palette can carry it. */
import type { Settings } from '../../../shared/models/settings.ts';

export type Section = keyof Settings;

/** How a value is written by a person: in another unit, one a line, or empty for none. */
export type FieldKind =
  | 'switch'
  | 'seconds'
  | 'minutes'
  | 'megabytes'
  | 'number'
  | 'lines'
  | 'port'
  | 'name'
  | 'text'
  | 'keys'
  | 'secret';

export interface SettingField {
  section: Section;
  key: string;
  kind: FieldKind;
  label: string;
  about: string;
}

export const sectionTitles: Record<Section, { title: string; about: string }> = {
  fleet: { title: 'Fleet', about: 'How machines are looked at.' },
  power: {
    title: 'Power',
    about: 'How machines are woken, and who is told when one does not do as it should.',
  },
  optimizer: {
    title: 'Optimizer',
    about: 'Which models belong on a GPU, and who is told when one does not stay there.',
  },
  index: {
    title: 'Index',
    about: 'How files are read and cut. What is indexed already stays as it is until it is rebuilt.',
  },
  desktop: {
    title: 'Desktop',
    about: 'What the program in a window does. A panel in the browser does none of it.',
  },
  api: { title: 'Programs', about: 'What other programs on this computer may use.' },
};

export const settingFields: readonly SettingField[] = [
  {
    section: 'fleet',
    key: 'lookIntervalMs',
    kind: 'seconds',
    label: 'Look at each machine every',
    about: 'A machine that does not answer is looked at less often.',
  },
  {
    section: 'fleet',
    key: 'lookTimeoutMs',
    kind: 'seconds',
    label: 'A look may take',
    about: 'A machine that takes longer counts as not answering.',
  },
  {
    section: 'power',
    key: 'wakeTimeoutMs',
    kind: 'seconds',
    label: 'A wake may take',
    about: 'Until the boot time of a machine has been learned.',
  },
  {
    section: 'power',
    key: 'holder',
    kind: 'name',
    label: 'Name of this computer',
    about:
      'Other panels read it where they ask why a machine is on. Without one it is the computer’s own name.',
  },
  {
    section: 'power',
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook for alerts',
    about:
      'This address is told when a machine did not wake, fell asleep in use, did not go off, or is still on at the hour you set.',
  },
  {
    section: 'power',
    key: 'helloPort',
    kind: 'port',
    label: 'Port for agents',
    about:
      'Agents say here that their machine is awake, so that it is seen at once. Without one nothing listens to the network.',
  },
  {
    section: 'optimizer',
    key: 'on',
    kind: 'switch',
    label: 'Optimizer',
    about: 'Moves priority models to the GPU by itself, and says why.',
  },
  {
    section: 'optimizer',
    key: 'intervalMs',
    kind: 'minutes',
    label: 'Look every',
    about: 'And at once by “Look now” on the Models page.',
  },
  {
    section: 'optimizer',
    key: 'priorityModels',
    kind: 'lines',
    label: 'Priority models',
    about: 'One a line: a name, a name with its tag, or a pattern with *. A single * means all.',
  },
  {
    section: 'optimizer',
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook',
    about: 'This address is told when a priority model fell to the CPU.',
  },
  {
    section: 'index',
    key: 'maxFileBytes',
    kind: 'megabytes',
    label: 'Largest file',
    about: 'A larger file is left out, and the run says so.',
  },
  {
    section: 'index',
    key: 'chunkTokens',
    kind: 'number',
    label: 'Tokens in a passage',
    about: 'Shorter passages are found more exactly, longer ones hold more context.',
  },
  {
    section: 'index',
    key: 'batchSize',
    kind: 'number',
    label: 'Passages in a request',
    about: 'How many are sent to an embedding model at once.',
  },
  {
    section: 'desktop',
    key: 'closeToTray',
    kind: 'switch',
    label: 'Go on in the tray',
    about: 'A closed window leaves Pilotlight in the tray; otherwise it quits.',
  },
  {
    section: 'desktop',
    key: 'startAtLogin',
    kind: 'switch',
    label: 'Start at login',
    about: 'It comes up in the tray, without its window.',
  },
  {
    section: 'desktop',
    key: 'shortcut',
    kind: 'keys',
    label: 'Keys that show the window',
    about: 'From every program, for example CommandOrControl+Alt+P. Empty for none.',
  },
  {
    section: 'desktop',
    key: 'notifications',
    kind: 'switch',
    label: 'Notifications',
    about: 'For what you wait for, while you do not look at the window.',
  },
  {
    section: 'api',
    key: 'indexToken',
    kind: 'secret',
    label: 'Token for /index',
    about:
      'Programs send it as a Bearer token. Eight letters at least; without one only the panel’s own tokens get in.',
  },
];

export const fieldPath = (field: Pick<SettingField, 'section' | 'key'>) => `${field.section}.${field.key}`;
