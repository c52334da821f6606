/**
 * Plans the import of an existing server's environment file. Pure. A value that is not used is never repeated: it may be
 * a password.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { errorFact, fact, type Message } from '../../../shared/models/message.ts';
import { defaultPowerPolicy, type PowerPolicy, type WakeWay } from '../../../shared/models/power.ts';
import { tokenProblem } from '../../../shared/token-text.ts';
import { changedRecord, newRecord } from '../fleet/records.ts';
import { normaliseMac, normaliseShutdownUrl, normaliseWakeMethods } from '../fleet/validate.ts';
import type { EnvironmentVariable, ReadEnvironment } from './environment.ts';
import { createDraft, type Draft, nodeDifferences, type PlannedImport, type Present } from './import-plan.ts';
import { findNode } from './node-plan.ts';

const settingNames = {
  AUTO_OPTIMIZE_GPU: { path: 'optimizer.on', read: readSwitch },
  GPU_PRIORITY_MODELS: { path: 'optimizer.priorityModels', read: readList },
  CHECK_INTERVAL: { path: 'optimizer.intervalMs', read: readSeconds },
  GPU_HEALTH_TIMEOUT_SECONDS: { path: 'power.wakeTimeoutMs', read: readSeconds },
  GPU_WORKER_TIMEOUT: { path: 'runner.timeoutMs', read: readSeconds },
  GPU_WORKER_MAX_RETRIES: { path: 'runner.retries', read: readCount },
  GPU_WORKER_BATCH_SIZE: { path: 'runner.batchSize', read: readCount },
  GPU_WORKER_HEALTH_CHECK_INTERVAL: { path: 'runner.healthIntervalMs', read: readSeconds },
  GPU_BACKEND: { path: 'runner.provider', read: readProvider },
} as const;

/** Unknown names that are listed; the rest is counted. */
const MOST_NAMES = 20;

export function planEnvironment(environment: ReadEnvironment, present: Present): PlannedImport {
  const draft = createDraft();
  const unknown: string[] = [];
  const byName = new Map<string, EnvironmentVariable>();
  for (const variable of environment.variables) byName.set(variable.name.toUpperCase(), variable);

  planNode(draft, byName, present);
  planWorker(draft, byName, present);
  for (const [name, { value }] of byName) {
    if (isSettingName(name)) planSetting(draft, name, value, present);
    else if (name === 'GPU_BOOT_WAIT_SECONDS') {
      draft.add('leave-out', 'other', name, fact('BOOT_WAIT_NOT_NEEDED'));
    } else if (name === 'FACE_DETECTION_GPU' || name === 'FACE_EMBEDDING_GPU') {
      draft.add('leave-out', 'other', name, fact('PROVIDER_CHOSEN_BY_TIMING'));
    } else if (!nodeNames.has(name) && !workerNames.has(name)) unknown.push(name);
  }
  if (unknown.length > 0) {
    const shown = unknown.slice(0, MOST_NAMES);
    const more = unknown.length - shown.length;
    draft.add('leave-out', 'other', shown.join(', '), fact('NAMES_UNKNOWN', { more }));
  }
  for (const { line, message, kind } of environment.problems) {
    draft.add(kind === 'broken' ? 'refuse' : 'leave-out', 'line', String(line), message);
  }
  return draft.finish(present);
}

/** Names that describe the machine. */
const nodeNames: ReadonlySet<string> = new Set([
  'GPU_OLLAMA_URL',
  'GPU_OLLAMA_ENABLED',
  'GPU_WOL_MAC',
  'GPU_WOL_SERVER_URL',
  'GPU_AUTO_SHUTDOWN',
  'GPU_SHUTDOWN_URL',
  'GPU_SHUTDOWN_SECRET',
]);

/** The address of a runner, and whether it is used. */
const workerNames: ReadonlySet<string> = new Set(['GPU_WORKER_ENABLED', 'GPU_WORKER_URL']);

function planWorker(draft: Draft, byName: ReadonlyMap<string, EnvironmentVariable>, present: Present): void {
  const value = (name: string) => byName.get(name)?.value.trim() ?? '';
  const enabled = value('GPU_WORKER_ENABLED');
  const on = enabled === '' ? true : readSwitch(enabled);
  if (on === null) draft.add('refuse', 'other', 'GPU_WORKER_ENABLED', fact('WRITE_TRUE_OR_FALSE'));
  const url = value('GPU_WORKER_URL');
  if (url === '' || on === null) {
    if (on === true && enabled !== '') {
      draft.add('leave-out', 'other', 'GPU_WORKER_ENABLED', fact('VARIABLE_MISSING_FOR_RUNNER'));
    }
    return;
  }
  if (!on) {
    draft.add('leave-out', 'other', 'GPU_WORKER_URL', fact('WORKER_SWITCHED_OFF'));
    return;
  }
  const { urls } = present.settings.runner;
  draft.setting(present, 'runner.urls', urls.includes(url) ? urls : [...urls, url]);
}

interface Machine {
  url: string;
  mac: string;
  /** URL of an existing relay; empty for none. */
  relay: string;
  /** Base URL of an existing shutdown server; empty for none. */
  shutdownUrl: string;
  shutdownSecret: string;
  /** Whether it is powered off after work; null if the file does not say. */
  autoShutdown: boolean | null;
}

function planNode(draft: Draft, byName: ReadonlyMap<string, EnvironmentVariable>, present: Present): void {
  const value = (name: string) => byName.get(name)?.value.trim() ?? '';
  const url = value('GPU_OLLAMA_URL');
  const mac = value('GPU_WOL_MAC');
  const enabled = value('GPU_OLLAMA_ENABLED');
  const on = enabled === '' ? true : readSwitch(enabled);
  if (on === null) draft.add('refuse', 'other', 'GPU_OLLAMA_ENABLED', fact('WRITE_TRUE_OR_FALSE'));
  if (url === '') {
    const missing = fact('VARIABLE_MISSING', { name: 'GPU_OLLAMA_URL' });
    for (const name of nodeNames) {
      if (byName.has(name)) draft.add('leave-out', 'other', name, missing);
    }
    return;
  }
  if (on === false) {
    draft.add('leave-out', 'other', 'GPU_OLLAMA_URL', fact('MACHINE_SWITCHED_OFF'));
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
    draft.add('refuse', 'other', 'GPU_AUTO_SHUTDOWN', fact('WRITE_TRUE_OR_FALSE'));
  }
  if (relay === null || shutdownUrl === null) return;
  const shutdownSecret = value('GPU_SHUTDOWN_SECRET');
  const machine: Machine = { url, mac, relay, shutdownUrl, shutdownSecret, autoShutdown };
  draft.attempt('node', 'GPU_OLLAMA_URL', () => planMachine(draft, machine, present));
}

function relayUrl(text: string): string {
  const [method] = normaliseWakeMethods([{ kind: 'relay', url: text }], 'GPU_WOL_SERVER_URL');
  return method?.kind === 'relay' ? method.url : '';
}

/** The relay first, then the existing methods. */
function wakeMethodsWith(relay: string, before: readonly WakeWay[]): WakeWay[] {
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
        ...(relay === '' ? {} : { wakeWays: wakeMethodsWith(relay, mac === '' ? [] : [{ kind: 'direct' }]) }),
        ...(shutdownUrl === '' ? {} : { shutdownUrl }),
      },
      { id: '', now: 0 },
    );
    const wake = relay !== '' ? 'relay' : mac === '' ? null : 'packets';
    draft.add('add', 'node', record.name, fact('MACHINE_ADDED_AT', { address: record.url ?? url, wake }));
    draft.nodes.push(record);
    planExtras(draft, machine, { record, policy: null });
    return;
  }
  if (here.kind === 'simulated') {
    draft.add('leave-out', 'node', here.name, fact('SIMULATED_NODE_HAS_ADDRESS'));
    return;
  }
  // A machine is never woken, or powered off, by the program that runs on it.
  const after: NodeRecord =
    here.kind === 'remote'
      ? changedRecord(here, {
          ...(mac === '' ? {} : { mac }),
          ...(relay === '' ? {} : { wakeWays: wakeMethodsWith(relay, here.wakeWays) }),
          ...(shutdownUrl === '' ? {} : { shutdownUrl }),
        })
      : here;
  const fields = nodeDifferences(here, after);
  const notImported = { command: false, secrets: [] };
  if (fields.length === 0) {
    draft.add('same', 'node', here.name, fact('NODE_SAME', notImported));
  } else {
    const message = fact('NODE_FIELDS_CHANGE', { fields, currentName: null, ...notImported });
    draft.add('change', 'node', here.name, message);
    draft.nodes.push(after);
  }
  if (here.kind === 'remote') {
    planExtras(draft, machine, {
      record: fields.length === 0 ? here : after,
      policy: found?.policy ?? null,
    });
  }
}

/** The secret of its shutdown server, and when it is powered off. */
function planExtras(
  draft: Draft,
  { shutdownSecret, autoShutdown }: Machine,
  { record, policy }: { record: NodeRecord; policy: PowerPolicy | null },
): void {
  if (shutdownSecret !== '') {
    if (tokenProblem(shutdownSecret) !== null) {
      draft.add('refuse', 'other', 'GPU_SHUTDOWN_SECRET', errorFact(new PilotlightError('BAD_TOKEN')));
    } else if (record.shutdownUrl === null) {
      draft.add('leave-out', 'other', 'GPU_SHUTDOWN_SECRET', fact('SECRET_WITHOUT_SERVER'));
    } else {
      draft.add('change', 'node', 'GPU_SHUTDOWN_SECRET', fact('SECRET_STORED'));
      draft.extras.push({ record, shutdownSecret });
    }
  }
  if (autoShutdown === null) return;
  const before = policy ?? defaultPowerPolicy;
  const powerOff = autoShutdown ? (before.powerOff === 'never' ? 'when-woken' : before.powerOff) : 'never';
  if (powerOff === before.powerOff) {
    draft.add('same', 'node', 'GPU_AUTO_SHUTDOWN', fact('POWER_OFF_SAME', { on: autoShutdown }));
    return;
  }
  draft.add('change', 'node', 'GPU_AUTO_SHUTDOWN', fact('POWER_OFF_CHANGES', { on: autoShutdown }));
  draft.extras.push({ record, policy: { ...before, powerOff } });
}

function isSettingName(name: string): name is keyof typeof settingNames {
  return Object.hasOwn(settingNames, name);
}

function planSetting(draft: Draft, name: keyof typeof settingNames, text: string, present: Present): void {
  const { path, read } = settingNames[name];
  if (text.trim() === '') {
    draft.add('leave-out', 'setting', name, fact('SETTING_EMPTY'));
    return;
  }
  const value = read(text.trim());
  if (value === null) draft.add('refuse', 'setting', name, refusals[path]);
  else draft.setting(present, path, value);
}

const refusals: Readonly<Record<(typeof settingNames)[keyof typeof settingNames]['path'], Message>> = {
  'optimizer.on': fact('WRITE_TRUE_OR_FALSE'),
  'optimizer.priorityModels': fact('WRITE_MODEL_NAMES'),
  'optimizer.intervalMs': fact('WRITE_SECONDS'),
  'power.wakeTimeoutMs': fact('WRITE_SECONDS'),
  'runner.timeoutMs': fact('WRITE_SECONDS'),
  'runner.healthIntervalMs': fact('WRITE_SECONDS'),
  'runner.retries': fact('WRITE_NUMBER'),
  'runner.batchSize': fact('WRITE_NUMBER'),
  'runner.provider': fact('WRITE_PROVIDER'),
};

function readSwitch(text: string): boolean | null {
  if (/^(true|1|yes|on)$/i.test(text)) return true;
  return /^(false|0|no|off)$/i.test(text) ? false : null;
}

function readSeconds(text: string): number | null {
  return /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1000) : null;
}

/** `a, b`, or a list in JSON, which some servers require. */
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

function readCount(text: string): number | null {
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}

const providers: Readonly<Record<string, string>> = {
  auto: 'auto',
  directml: 'dml',
  dml: 'dml',
  cuda: 'cuda',
  coreml: 'coreml',
  webgpu: 'webgpu',
  cpu: 'cpu',
};

function readProvider(text: string): string | null {
  return providers[text.toLowerCase()] ?? null;
}
