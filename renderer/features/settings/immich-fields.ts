/** The settings of the door for Immich. */
import type { SettingField } from './setting-field.ts';

export const immichFields: readonly SettingField[] = [
  {
    section: 'immich',
    key: 'on',
    kind: 'switch',
    label: 'Serve Immich',
    about: 'Always answers Immich, wakes a machine for pictures, and lets them wait until it is up.',
  },
  { section: 'immich', key: 'port', kind: 'port', label: 'Port for Immich', about: 'Immich expects 3003.' },
  {
    section: 'immich',
    key: 'listen',
    kind: 'choice',
    label: 'Where Immich runs',
    about: 'Immich sends no key. On other computers, only the addresses below may connect.',
    options: { loopback: 'On this computer', network: 'On another computer or in a container' },
  },
  {
    section: 'immich',
    key: 'allowed',
    kind: 'lines',
    label: 'Immich’s addresses',
    about: 'One per line: 192.168.1.20, or a network such as 172.17.0.0/16 for containers.',
  },
  {
    section: 'immich',
    key: 'anyone',
    kind: 'switch',
    label: 'Let anyone on this network in',
    about: 'Every computer that reaches this one can wake your machines and keep them busy, without a key.',
  },
  {
    section: 'immich',
    key: 'holdSeconds',
    kind: 'number',
    label: 'Longest wait for a machine (seconds)',
    about: 'Then Immich is asked to try again later. It gives up by itself after 300.',
  },
  {
    section: 'immich',
    key: 'cpuMeanwhile',
    kind: 'switch',
    label: 'Use this computer’s CPU while a machine wakes',
    about: 'Pictures don’t wait if the runner of this computer has the model.',
  },
  {
    section: 'immich',
    key: 'bodyBudgetMb',
    kind: 'number',
    label: 'Memory for waiting pictures (MiB)',
    about: 'Further ones wait before they are received.',
  },
  {
    section: 'immich',
    key: 'folder',
    kind: 'text',
    label: 'Immich’s model folder',
    about: 'For the runner of this computer: Immich’s cache. It is only read. Leave empty if it isn’t here.',
  },
  {
    section: 'immich',
    key: 'ocrUrl',
    kind: 'text',
    label: 'Send text in pictures (OCR) to',
    about:
      'Runners don’t read text in pictures. Enter the address of Immich’s own machine learning, or switch OCR off in Immich.',
  },
];
