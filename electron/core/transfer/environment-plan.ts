/** From the environment file of an existing server to what importing it would do. Pure. No value of a name that
 * is not used is ever repeated: it may be a password. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { defaultPowerPolicy, type PowerPolicy, type WakeWay } from '../../../shared/models/power.ts';
import { tokenProblem } from '../../../shared/token-text.ts';
import { changedRecord, newRecord } from '../fleet/records.ts';
import { normaliseMac, normaliseShutdownUrl, normaliseWakeMethods } from '../fleet/validate.ts';
import type { EnvironmentVariable, ReadEnvironment } from './environment.ts';
import { createDraft, type Draft, nodeDifferences, type PlannedImport, type Present } from './import-plan.ts';
import { findNode } from './node-plan.ts';

/** Known names without a place here yet, and what they were for. */
const notUsedYet: Readonly<Record<string, string>> = {
  GPU_WORKER_ENABLED: 'A runner for ONNX models',
  GPU_WORKER_URL: 'A runner for ONNX models',
  GPU_WORKER_TIMEOUT: 'A runner for ONNX models',
  GPU_WORKER_MAX_RETRIES: 'A runner for ONNX models',
  GPU_WORKER_BATCH_SIZE: 'A runner for ONNX models',
  GPU_WORKER_HEALTH_CHECK_INTERVAL: 'A runner for ONNX models',
  GPU_BACKEND: 'A runner for ONNX models',
  FACE_DETECTION_GPU: 'A runner for ONNX models',
  FACE_EMBEDDING_GPU: 'A runner for ONNX models',
};

const settingNames = {
  AUTO_OPTIMIZE_GPU: { path: 'optimizer.on', read: readSwitch },
  GPU_PRIORITY_MODELS: { path: 'optimizer.priorityModels', read: readList },
  CHECK_INTERVAL: { path: 'optimizer.intervalMs', read: readSeconds },
  GPU_HEALTH_TIMEOUT_SECONDS: { path: 'power.wakeTimeoutMs', read: readSeconds },
} as const;

export function planEnvironment(environment: ReadEnvironment, present: Present): PlannedImport {
  const draft = createDraft();
  const unknown: string[] = [];
  const byName = new Map<string, EnvironmentVariable>();
  for (const variable of environment.variables) byName.set(variable.name.toUpperCase(), variable);

  planNode(draft, byName, present);
  for (const [name, { value }] of byName) {
    if (isSettingName(name)) planSetting(draft, name, value, present);
    else if (name === 'GPU_BOOT_WAIT_SECONDS') {
      draft.say('leave-out', 'other', name, 'Not needed: Pilotlight looks until the machine serves.');
    } else if (Object.hasOwn(notUsedYet, name)) {
      draft.say('leave-out', 'other', name, `Not used yet: ${notUsedYet[name]} is still to come.`);
    } else if (!nodeNames.has(name)) unknown.push(name);
  }
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 20).join(', ');
    const more = unknown.length > 20 ? ` and ${unknown.length - 20} more` : '';
    draft.say('leave-out', 'other', shown + more, 'These names mean nothing to Pilotlight.');
  }
  for (const { line, words, kind } of environment.problems) {
    draft.say(kind === 'broken' ? 'refuse' : 'leave-out', 'other', `line ${line}`, words);
  }
  return draft.finish(present);
}

/** What says something about the machine. */
const nodeNames: ReadonlySet<string> = new Set([
  'GPU_OLLAMA_URL',
  'GPU_OLLAMA_ENABLED',
  'GPU_WOL_MAC',
  'GPU_WOL_SERVER_URL',
  'GPU_AUTO_SHUTDOWN',
  'GPU_SHUTDOWN_URL',
  'GPU_SHUTDOWN_SECRET',
]);

interface Machine {
  url: string;
  mac: string;
  /** Of an existing relay; empty for none. */
  relay: string;
  /** Base URL of an existing shutdown server; empty for none. */
  shutdownUrl: string;
  shutdownSecret: string;
  /** Whether it is powered off after work; null where nothing says so. */
  autoShutdown: boolean | null;
}

function planNode(draft: Draft, byName: ReadonlyMap<string, EnvironmentVariable>, present: Present): void {
  const value = (name: string) => byName.get(name)?.value.trim() ?? '';
  const url = value('GPU_OLLAMA_URL');
  const mac = value('GPU_WOL_MAC');
  const enabled = value('GPU_OLLAMA_ENABLED');
  const on = enabled === '' ? true : readSwitch(enabled);
  if (on === null) draft.say('refuse', 'other', 'GPU_OLLAMA_ENABLED', 'Write true or false.');
  if (url === '') {
    const missing = 'Without GPU_OLLAMA_URL there is no machine to add.';
    for (const name of nodeNames) {
      if (byName.has(name)) draft.say('leave-out', 'other', name, missing);
    }
    return;
  }
  if (on === false) {
    draft.say('leave-out', 'other', 'GPU_OLLAMA_URL', 'GPU_OLLAMA_ENABLED says that it is switched off.');
    return;
  }
  if (mac !== '' && draft.attempt('node', 'GPU_WOL_MAC', () => normaliseMac(mac)) === null) return;
  const read = (name: string, work: (text: string) => string) =>
    value(name) === '' ? '' : draft.attempt('node', name, () => work(value(name)));
  const relay = read('GPU_WOL_SERVER_URL', relayUrl);
  const shutdownUrl = read('GPU_SHUTDOWN_URL', (text) => normaliseShutdownUrl(text, 'GPU_SHUTDOWN_URL'));
  const auto = value('GPU_AUTO_SHUTDOWN');
  const autoShutdown = auto === '' ? null : readSwitch(auto);
  if (auto !== '' && autoShutdown === null) {
    draft.say('refuse', 'other', 'GPU_AUTO_SHUTDOWN', 'Write true or false.');
  }
  if (relay === null || shutdownUrl === null) return;
  const shutdownSecret = value('GPU_SHUTDOWN_SECRET');
  const machine: Machine = { url, mac, relay, shutdownUrl, shutdownSecret, autoShutdown };
  draft.attempt('node', 'GPU_OLLAMA_URL', () => planMachine(draft, machine, present));
}

function relayUrl(text: string): string {
  const [way] = normaliseWakeMethods([{ kind: 'relay', url: text }], 'GPU_WOL_SERVER_URL');
  return way?.kind === 'relay' ? way.url : '';
}

/** The relay first, then what there was. */
function waysWith(relay: string, before: readonly WakeWay[]): WakeWay[] {
  if (relay === '') return [...before];
  return normaliseWakeMethods([{ kind: 'relay', url: relay }, ...before]);
}

function planMachine(draft: Draft, machine: Machine, present: Present): void {
  const { url, mac, relay, shutdownUrl } = machine;
  const found = findNode(present, url);
  const here = found?.record;
  if (!here) {
    const record = newRecord(
      {
        url,
        ...(mac === '' ? {} : { mac }),
        ...(relay === '' ? {} : { wakeWays: waysWith(relay, mac === '' ? [] : [{ kind: 'direct' }]) }),
        ...(shutdownUrl === '' ? {} : { shutdownUrl }),
      },
      { id: '', now: 0 },
    );
    draft.say('add', 'node', record.name, `It is added at ${record.url}.${wakeWords(machine)}`);
    draft.nodes.push(record);
    planExtras(draft, machine, { record, policy: null });
    return;
  }
  if (here.kind === 'simulated') {
    draft.say('leave-out', 'node', here.name, 'A simulated machine has this address.');
    return;
  }
  // A machine is never woken, or powered off, by the program that runs on it.
  const after: NodeRecord =
    here.kind === 'remote'
      ? changedRecord(here, {
          ...(mac === '' ? {} : { mac }),
          ...(relay === '' ? {} : { wakeWays: waysWith(relay, here.wakeWays) }),
          ...(shutdownUrl === '' ? {} : { shutdownUrl }),
        })
      : here;
  const differences = nodeDifferences(here, after);
  if (differences.length === 0) {
    draft.say('same', 'node', here.name, 'It is here already, the same.');
  } else {
    draft.say('change', 'node', here.name, `Changed: ${differences.join(', ')}.`);
    draft.nodes.push(after);
  }
  if (here.kind === 'remote') {
    planExtras(draft, machine, {
      record: differences.length === 0 ? here : after,
      policy: found?.policy ?? null,
    });
  }
}

function wakeWords({ mac, relay }: Machine): string {
  if (relay !== '') return ' It can be woken by its relay.';
  return mac === '' ? ' Without GPU_WOL_MAC it cannot be woken.' : ' It can be woken by its MAC address.';
}

/** The secret of its shutdown server, and when it goes off. */
function planExtras(
  draft: Draft,
  { shutdownSecret, autoShutdown }: Machine,
  { record, policy }: { record: NodeRecord; policy: PowerPolicy | null },
): void {
  if (shutdownSecret !== '') {
    if (tokenProblem(shutdownSecret) !== null) {
      const { message, next } = new PilotlightError('BAD_TOKEN');
      draft.say('refuse', 'other', 'GPU_SHUTDOWN_SECRET', `${message} ${next}`);
    } else if (record.shutdownUrl === null) {
      const why = 'Without GPU_SHUTDOWN_URL there is no shutdown server that it is for.';
      draft.say('leave-out', 'other', 'GPU_SHUTDOWN_SECRET', why);
    } else {
      draft.say(
        'change',
        'node',
        'GPU_SHUTDOWN_SECRET',
        'It is kept with the other secrets, and never shown.',
      );
      draft.extras.push({ record, shutdownSecret });
    }
  }
  if (autoShutdown === null) return;
  const before = policy ?? defaultPowerPolicy;
  const powerOff = autoShutdown ? (before.powerOff === 'never' ? 'when-woken' : before.powerOff) : 'never';
  const words = autoShutdown ? 'goes off when nobody needs it' : 'is never powered off by itself';
  if (powerOff === before.powerOff) {
    draft.say('same', 'node', 'GPU_AUTO_SHUTDOWN', `It ${words} already, by its policy.`);
    return;
  }
  draft.say('change', 'node', 'GPU_AUTO_SHUTDOWN', `From now on it ${words}, by its policy.`);
  draft.extras.push({ record, policy: { ...before, powerOff } });
}

function isSettingName(name: string): name is keyof typeof settingNames {
  return Object.hasOwn(settingNames, name);
}

function planSetting(draft: Draft, name: keyof typeof settingNames, text: string, present: Present): void {
  const { path, read } = settingNames[name];
  if (text.trim() === '') {
    draft.say('leave-out', 'setting', name, 'It is empty, so what is set here stays.');
    return;
  }
  const value = read(text.trim());
  if (value === null) draft.say('refuse', 'setting', name, refusals[path]);
  else draft.setting(present, path, value);
}

const refusals: Readonly<Record<(typeof settingNames)[keyof typeof settingNames]['path'], string>> = {
  'optimizer.on': 'Write true or false.',
  'optimizer.priorityModels': 'Write names of models with commas between them.',
  'optimizer.intervalMs': 'Write a number of seconds.',
  'power.wakeTimeoutMs': 'Write a number of seconds.',
};

function readSwitch(text: string): boolean | null {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : null;
}

function readSeconds(text: string): number | null {
  return /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1000) : null;
}

/** `a, b`, or a list in JSON, which some servers want. */
function readList(text: string): string[] | null {
  if (!text.startsWith('[')) {
    return text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  }
  const list = parseJson(text);
  return Array.isArray(list) && list.every((name) => typeof name === 'string') ? list : null;
}
