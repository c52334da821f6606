/** Label and description of each setting. Without the schemas, to keep the palette’s bundle small. */
import { immichFields } from './immich-fields.ts';
import { notificationFields } from './notification-fields.ts';
import { runnerFields } from './runner-fields.ts';
import type { Section, SettingField } from './setting-field.ts';
import { tasksFields } from './tasks-fields.ts';
import { updatesFields } from './updates-fields.ts';

export type { FieldKind, Section, SettingField } from './setting-field.ts';

export const sectionTitles: Record<Section, { title: string; about: string }> = {
  fleet: { title: 'Fleet', about: 'How machines are checked.' },
  power: {
    title: 'Power',
    about: 'How machines are woken, and where alerts go when one misbehaves.',
  },
  optimizer: {
    title: 'Optimizer',
    about: 'Which models belong on a GPU, and where alerts go when one falls back to the CPU.',
  },
  index: {
    title: 'Index',
    about: 'How files are read and split. Existing indexes keep their settings until you rebuild them.',
  },
  gateway: {
    title: 'Gateway',
    about: 'One address for every model of your machines. Point Ollama and OpenAI programs at it.',
  },
  runner: {
    title: 'Runner',
    about:
      'ONNX models for texts and faces, on this computer and on machines whose agent has the role “runner”.',
  },
  immich: {
    title: 'Immich',
    about: 'Machine learning for Immich that is always there, although the GPU machine sleeps.',
  },
  tasks: {
    title: 'Tasks',
    about: 'Queues for the work of other programs, who works on it, and how long it is kept.',
  },
  notifications: {
    title: 'Notifications',
    about: 'What you are told while you are not at the panel, and how.',
  },
  desktop: {
    title: 'Desktop',
    about: 'For the desktop app only. A panel in the browser ignores these.',
  },
  updates: {
    title: 'Updates',
    about: 'Newer versions of Pilotlight itself. Nothing is fetched before you agree.',
  },
};

export const settingFields: readonly SettingField[] = [
  {
    section: 'fleet',
    key: 'lookIntervalMs',
    kind: 'seconds',
    label: 'Check machines every',
    about: 'Machines that do not respond are checked less often.',
  },
  {
    section: 'fleet',
    key: 'lookTimeoutMs',
    kind: 'seconds',
    label: 'Check timeout',
    about: 'A machine that takes longer counts as not responding.',
  },
  {
    section: 'power',
    key: 'wakeTimeoutMs',
    kind: 'seconds',
    label: 'Wake timeout',
    about: 'Used until a machine’s boot time has been learned.',
  },
  {
    section: 'power',
    key: 'holder',
    kind: 'name',
    label: 'Name of this computer',
    about:
      'Shown on other panels when this computer keeps a machine on. Defaults to the computer’s own name.',
  },
  {
    section: 'power',
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook for alerts',
    about:
      'Called when a machine does not wake, goes to sleep while in use, does not power off, or is still on at the time you set.',
  },
  {
    section: 'power',
    key: 'helloPort',
    kind: 'port',
    label: 'Port for agents',
    about:
      'Agents announce here that their machine is awake, so it is noticed at once. Leave empty to listen on no network.',
  },
  {
    section: 'optimizer',
    key: 'on',
    kind: 'switch',
    label: 'Optimizer',
    about: 'Moves priority models to the GPU automatically, and says why.',
  },
  {
    section: 'optimizer',
    key: 'intervalMs',
    kind: 'minutes',
    label: 'Check every',
    about: 'Or at any time with “Check now” on the Models page.',
  },
  {
    section: 'optimizer',
    key: 'priorityModels',
    kind: 'lines',
    label: 'Priority models',
    about: 'One per line: a name, a name with its tag, or a pattern with *. A single * matches all.',
  },
  {
    section: 'optimizer',
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook',
    about: 'Called when a priority model falls back to the CPU.',
  },
  {
    section: 'index',
    key: 'maxFileBytes',
    kind: 'megabytes',
    label: 'Largest file',
    about: 'Larger files are skipped and listed in the run.',
  },
  {
    section: 'index',
    key: 'chunkTokens',
    kind: 'number',
    label: 'Tokens per passage',
    about: 'Shorter passages match more precisely; longer ones keep more context.',
  },
  {
    section: 'index',
    key: 'batchSize',
    kind: 'number',
    label: 'Passages per request',
    about: 'How many are sent to an embedding model at once.',
  },
  {
    section: 'index',
    key: 'vectorEngine',
    kind: 'choice',
    label: 'Vectors of new folders',
    about:
      'Move those of other folders on the Index page. Qdrant gets numbers only, never texts or file names.',
    options: { builtin: 'In Pilotlight', qdrant: 'In Qdrant' },
  },
  {
    section: 'index',
    key: 'qdrantUrl',
    kind: 'text',
    label: 'Address of Qdrant',
    about: 'Such as http://127.0.0.1:6333. It must be 1.10 or newer.',
  },
  {
    section: 'index',
    key: 'qdrantKey',
    kind: 'text',
    label: 'API key of Qdrant',
    about: 'Leave it empty if the server needs none.',
  },
  {
    section: 'gateway',
    key: 'on',
    kind: 'switch',
    label: 'Gateway',
    about: 'Answers programs at one address, and sends each request to the machine that suits it.',
  },
  {
    section: 'gateway',
    key: 'port',
    kind: 'port',
    label: 'Port',
    about: 'Programs are pointed at it. 0 takes any free port, which changes at each start.',
  },
  {
    section: 'gateway',
    key: 'listen',
    kind: 'choice',
    label: 'Who may connect',
    about: 'Programs on other computers always need a key with the right “infer”.',
    options: { loopback: 'This computer only', network: 'Other computers, with a key' },
  },
  {
    section: 'gateway',
    key: 'keyOnLoopback',
    kind: 'switch',
    label: 'Require a key on this computer',
    about: 'Programs on this computer need a key, too.',
  },
  {
    section: 'gateway',
    key: 'beta',
    kind: 'decimal',
    label: 'Prefer the machine that knows a conversation',
    about:
      'That machine needn’t read it again. 0 always prefers it, 1 until it is busy, and larger numbers soon choose the less busy machine.',
  },
  {
    section: 'gateway',
    key: 'managementNodeId',
    kind: 'node',
    label: 'Machine for pulls and deletes',
    about:
      'Where programs pull, create, copy and delete models if they don’t name a machine. They need a key with the right “control”.',
  },
  {
    section: 'gateway',
    key: 'fallbacks',
    kind: 'fallbacks',
    label: 'Use other models instead',
    about:
      'For models that no machine can serve. A line for each, such as “qwen3:32b = qwen3:8b, llama3.1”. The answer names the model that was used.',
  },
  {
    section: 'gateway',
    key: 'policies',
    kind: 'policies',
    label: 'Policies while machines sleep',
    about:
      'Whether requests for a model, by a program, wake a machine or wait, and how important they are. The most specific policy counts: one for the program first, then the full name of a model, its name without a tag, a pattern with *, and every model.',
  },
  {
    section: 'gateway',
    key: 'mayWake',
    kind: 'choices',
    label: 'Calls that may wake a machine',
    about: 'Lists of models never do.',
    options: { chat: 'Chat', generate: 'Generate', embed: 'Embed', other: 'Other calls that name a model' },
  },
  {
    section: 'gateway',
    key: 'slots',
    kind: 'slots',
    label: 'Requests at once',
    about:
      'How many a machine gets at the same time; the others wait here. Without an entry it has no limit until its answers show one.',
  },
  {
    section: 'gateway',
    key: 'contextRules',
    kind: 'context-rules',
    label: 'Contexts',
    about:
      'Another context makes a server load a model again. The first rule that fits a model counts, so that programs with different contexts don’t make each other wait.',
  },
  {
    section: 'gateway',
    key: 'allowCloud',
    kind: 'switch',
    label: 'Allow cloud models',
    about: 'Models that Ollama runs elsewhere, and its web search. What is sent to them leaves your network.',
  },
  {
    section: 'gateway',
    key: 'bodyBudgetMb',
    kind: 'number',
    label: 'Memory for waiting requests (MiB)',
    about:
      'Requests that wait or may be repeated are kept in memory, never on disk. Beyond this they are refused.',
  },
  {
    section: 'gateway',
    key: 'queueLimit',
    kind: 'number',
    label: 'Requests that may wait for one model',
    about: 'Further ones are refused, and told when to try again.',
  },
  {
    section: 'gateway',
    key: 'maxWaitSeconds',
    kind: 'number',
    label: 'Longest wait for a turn (seconds)',
    about: 'At a machine that is awake and busy. Waiting for a machine to wake takes as long as the wake.',
  },
  ...runnerFields,
  ...immichFields,
  ...tasksFields,
  ...notificationFields,
  {
    section: 'desktop',
    key: 'closeToTray',
    kind: 'switch',
    label: 'Keep running in the tray',
    about: 'Closing the window leaves Pilotlight in the tray. Otherwise it quits.',
  },
  {
    section: 'desktop',
    key: 'startAtLogin',
    kind: 'switch',
    label: 'Start at login',
    about: 'Starts in the tray, without a window.',
  },
  {
    section: 'desktop',
    key: 'shortcut',
    kind: 'keys',
    label: 'Shortcut to show the window',
    about: 'Works in every program, for example CommandOrControl+Alt+P. Leave empty for none.',
  },
  {
    section: 'desktop',
    key: 'notifications',
    kind: 'switch',
    label: 'Notifications',
    about: 'For things you are waiting for, while the window is in the background.',
  },
  ...updatesFields,
];

export const fieldPath = (field: Pick<SettingField, 'section' | 'key'>) => `${field.section}.${field.key}`;
