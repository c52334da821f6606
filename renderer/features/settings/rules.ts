/**
 * The rule and default of each setting, matching the core’s schemas. The schemas themselves would be larger than this
 * whole page; a test keeps the two in step.
 */

import { GATEWAY_PORT } from '../../../shared/models/gateway-port.ts';
import { IMMICH_PORT } from '../../../shared/models/immich-port.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { isCallableAddress, isTopicAddress } from '../../../shared/network/callable-address.ts';
import { isMailAddress, isMailServer } from '../../../shared/network/mail.ts';
import { isRedisAddress } from '../../../shared/network/redis-address.ts';
import { isUpdateAddress } from '../../../shared/network/update-address.ts';
import { noticeKinds } from '../../../shared/notice-kinds.ts';
import { tokenProblem } from '../../../shared/token-text.ts';
import {
  contextErrors,
  contextRows,
  policyErrors,
  policyRows,
  slotsErrors,
  slotsRows,
} from './gateway-lists.ts';

/** `byDefault` null: may be left empty. Numbers are integers in the core’s units; lengths count characters. */
export type Rule =
  | { is: 'switch'; byDefault: boolean }
  | { is: 'number'; byDefault: number | null; least: number; most: number }
  | { is: 'text'; byDefault: null; least: number; most: number; accepts?(text: string): boolean }
  | { is: 'choice'; byDefault: string; options: readonly string[] }
  | {
      is: 'lines';
      byDefault: readonly string[];
      least: number;
      most: number;
      lines: number;
      accepts?(line: string): boolean;
    }
  /** Lists of models by the model that they replace; `each` is the most of one list. */
  | { is: 'fallbacks'; byDefault: readonly []; least: number; most: number; lines: number; each: number }
  | { is: 'hours'; byDefault: null }
  /** Some of the options, in any order. */
  | { is: 'choices'; byDefault: readonly string[]; options: readonly string[] }
  /** Rows, each checked by its own function in gateway-lists.ts. */
  | { is: 'policies'; byDefault: readonly []; lines: number }
  | { is: 'slots'; byDefault: readonly []; lines: number }
  | { is: 'context-rules'; byDefault: readonly []; lines: number }
  /** Write-only. */
  | { is: 'secret'; byDefault: null; least: number; most: number; accepts?(text: string): boolean };

export type SettingPath = {
  [Section in keyof Settings]: `${Section}.${keyof Settings[Section] & string}`;
}[keyof Settings];

const keysPattern =
  /^(?:(?:CommandOrControl|CmdOrCtrl|Command|Cmd|Control|Ctrl|Alt|Option|AltGr|Shift|Super|Meta)\+)+(?:[A-Z0-9]|F(?:[1-9]|1\d|2[0-4])|Space|Tab|Insert|Home|End|PageUp|PageDown|Up|Down|Left|Right)$/i;

const noticeKindsRule: Rule = { is: 'choices', byDefault: noticeKinds, options: noticeKinds };

/** Settings that are not in the form. */
type PlaceOfItsOwn = 'fleet.simulated' | 'api.indexToken';

export const rules: Readonly<Record<Exclude<SettingPath, PlaceOfItsOwn>, Rule>> = {
  'fleet.lookIntervalMs': { is: 'number', byDefault: 5000, least: 1000, most: 600_000 },
  'fleet.lookTimeoutMs': { is: 'number', byDefault: 4000, least: 200, most: 60_000 },
  'power.wakeTimeoutMs': { is: 'number', byDefault: 180_000, least: 5000, most: 1_800_000 },
  'power.helloPort': { is: 'number', byDefault: null, least: 1024, most: 65_535 },
  'power.holder': { is: 'text', byDefault: null, least: 1, most: 60 },
  'power.webhookUrl': { is: 'secret', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'optimizer.on': { is: 'switch', byDefault: true },
  'optimizer.intervalMs': { is: 'number', byDefault: 300_000, least: 10_000, most: 86_400_000 },
  'optimizer.priorityModels': {
    is: 'lines',
    byDefault: ['mxbai-embed-large', 'llama3.1'],
    least: 1,
    most: 200,
    lines: 100,
  },
  'optimizer.webhookUrl': { is: 'secret', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'index.maxFileBytes': { is: 'number', byDefault: 20_000_000, least: 1024, most: 1_073_741_824 },
  'index.chunkTokens': { is: 'number', byDefault: 320, least: 64, most: 2048 },
  'index.batchSize': { is: 'number', byDefault: 32, least: 1, most: 512 },
  'index.vectorEngine': { is: 'choice', byDefault: 'builtin', options: ['builtin', 'qdrant'] },
  'index.qdrantUrl': { is: 'text', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'index.qdrantKey': {
    is: 'secret',
    byDefault: null,
    least: 0,
    most: 1000,
    accepts: (text) => tokenProblem(text) === null,
  },
  'gateway.on': { is: 'switch', byDefault: true },
  'gateway.port': { is: 'number', byDefault: GATEWAY_PORT, least: 0, most: 65_535 },
  'gateway.listen': { is: 'choice', byDefault: 'loopback', options: ['loopback', 'network'] },
  'gateway.keyOnLoopback': { is: 'switch', byDefault: false },
  'gateway.beta': { is: 'number', byDefault: 1, least: 0, most: 100 },
  'gateway.managementNodeId': { is: 'text', byDefault: null, least: 1, most: 100 },
  'gateway.fallbacks': { is: 'fallbacks', byDefault: [], least: 1, most: 300, lines: 100, each: 10 },
  'gateway.policies': { is: 'policies', byDefault: [], lines: 100 },
  'gateway.mayWake': {
    is: 'choices',
    byDefault: ['chat', 'generate', 'embed'],
    options: ['chat', 'generate', 'embed', 'other'],
  },
  'gateway.slots': { is: 'slots', byDefault: [], lines: 200 },
  'gateway.contextRules': { is: 'context-rules', byDefault: [], lines: 100 },
  'gateway.allowCloud': { is: 'switch', byDefault: false },
  'gateway.bodyBudgetMb': { is: 'number', byDefault: 64, least: 1, most: 4096 },
  'gateway.queueLimit': { is: 'number', byDefault: 1000, least: 1, most: 10_000 },
  'gateway.maxWaitSeconds': { is: 'number', byDefault: 60, least: 1, most: 3600 },
  'runner.on': { is: 'switch', byDefault: true },
  'runner.urls': { is: 'lines', byDefault: [], least: 0, most: 2000, lines: 50 },
  'runner.timeoutMs': { is: 'number', byDefault: 60_000, least: 1000, most: 600_000 },
  'runner.retries': { is: 'number', byDefault: 5, least: 0, most: 20 },
  'runner.batchSize': { is: 'number', byDefault: 32, least: 1, most: 512 },
  'runner.healthIntervalMs': { is: 'number', byDefault: 10_000, least: 1000, most: 600_000 },
  'runner.provider': {
    is: 'choice',
    byDefault: 'auto',
    options: ['auto', 'dml', 'coreml', 'cuda', 'webgpu', 'cpu'],
  },
  'runner.modelsFolder': { is: 'text', byDefault: null, least: 1, most: 4096 },
  'runner.idleSeconds': { is: 'number', byDefault: 300, least: 0, most: 86_400 },
  'runner.catalogueUrl': { is: 'text', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'runner.token': {
    is: 'secret',
    byDefault: null,
    least: 0,
    most: 1000,
    accepts: (text) => tokenProblem(text) === null,
  },
  'immich.on': { is: 'switch', byDefault: false },
  'immich.port': { is: 'number', byDefault: IMMICH_PORT, least: 1, most: 65_535 },
  'immich.listen': { is: 'choice', byDefault: 'loopback', options: ['loopback', 'network'] },
  'immich.allowed': { is: 'lines', byDefault: [], least: 0, most: 50, lines: 50 },
  'immich.anyone': { is: 'switch', byDefault: false },
  'immich.holdSeconds': { is: 'number', byDefault: 240, least: 10, most: 280 },
  'immich.cpuMeanwhile': { is: 'switch', byDefault: false },
  'immich.bodyBudgetMb': { is: 'number', byDefault: 64, least: 40, most: 4096 },
  'immich.folder': { is: 'text', byDefault: null, least: 1, most: 4096 },
  'immich.ocrUrl': { is: 'text', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'tasks.engine': { is: 'choice', byDefault: 'sqlite', options: ['sqlite', 'bullmq'] },
  'tasks.embeddedWorker': { is: 'switch', byDefault: true },
  'tasks.embeddedSlots': { is: 'number', byDefault: 2, least: 1, most: 64 },
  'tasks.whenGpuAsleep': { is: 'choice', byDefault: 'wake', options: ['wake', 'use-cpu', 'wait'] },
  'tasks.attempts': { is: 'number', byDefault: 3, least: 1, most: 20 },
  'tasks.timeLimitMinutes': { is: 'number', byDefault: 240, least: 1, most: 10_080 },
  'tasks.memoryLimitMb': { is: 'number', byDefault: 2048, least: 64, most: 1_048_576 },
  'tasks.uploadLimitMb': { is: 'number', byDefault: 2048, least: 1, most: 1_048_576 },
  'tasks.filesLimitMb': { is: 'number', byDefault: 20_480, least: 1, most: 10_485_760 },
  'tasks.keepDays': { is: 'number', byDefault: 30, least: 1, most: 3650 },
  'tasks.sharedFolder': { is: 'text', byDefault: null, least: 1, most: 4096 },
  'tasks.privateWebhooks': { is: 'switch', byDefault: false },
  'tasks.privateHosts': { is: 'text', byDefault: null, least: 1, most: 4096 },
  'tasks.speech': { is: 'choice', byDefault: 'none', options: ['none', 'gateway', 'address'] },
  'tasks.speechUrl': { is: 'text', byDefault: null, least: 0, most: 2000, accepts: isCallableAddress },
  'tasks.speechModel': { is: 'text', byDefault: null, least: 1, most: 300 },
  'tasks.speechLanguage': {
    is: 'text',
    byDefault: null,
    least: 2,
    most: 3,
    accepts: (text) => /^[a-z]+$/.test(text),
  },
  'tasks.speechKey': {
    is: 'secret',
    byDefault: null,
    least: 0,
    most: 1000,
    accepts: (text) => tokenProblem(text) === null,
  },
  'tasks.visionModel': { is: 'text', byDefault: null, least: 1, most: 300 },
  'tasks.findFaces': { is: 'switch', byDefault: true },
  'tasks.listen': { is: 'choice', byDefault: 'loopback', options: ['loopback', 'network'] },
  'tasks.port': { is: 'number', byDefault: 8780, least: 1, most: 65_535 },
  'tasks.redisUrl': { is: 'secret', byDefault: null, least: 0, most: 2000, accepts: isRedisAddress },
  'notifications.quietHours': { is: 'hours', byDefault: null },
  'notifications.desktopKinds': noticeKindsRule,
  'notifications.ntfyKinds': noticeKindsRule,
  'notifications.chatKinds': noticeKindsRule,
  'notifications.mailKinds': noticeKindsRule,
  'notifications.webhookKinds': noticeKindsRule,
  'notifications.mailTo': {
    is: 'lines',
    byDefault: [],
    least: 3,
    most: 254,
    lines: 20,
    accepts: isMailAddress,
  },
  'notifications.mailFrom': { is: 'text', byDefault: null, least: 3, most: 254, accepts: isMailAddress },
  'notifications.ntfyUrl': { is: 'secret', byDefault: null, least: 0, most: 2000, accepts: isTopicAddress },
  'notifications.chatUrl': {
    is: 'secret',
    byDefault: null,
    least: 0,
    most: 2000,
    accepts: isCallableAddress,
  },
  'notifications.webhookUrl': {
    is: 'secret',
    byDefault: null,
    least: 0,
    most: 2000,
    accepts: isCallableAddress,
  },
  'notifications.mailServer': { is: 'secret', byDefault: null, least: 0, most: 2000, accepts: isMailServer },
  'updates.check': { is: 'choice', byDefault: 'ask', options: ['ask', 'on', 'off'] },
  'updates.address': { is: 'text', byDefault: null, least: 0, most: 2000, accepts: isUpdateAddress },
  'desktop.closeToTray': { is: 'switch', byDefault: true },
  'desktop.startAtLogin': { is: 'switch', byDefault: false },
  'desktop.shortcut': {
    is: 'text',
    byDefault: null,
    least: 0,
    most: 100,
    accepts: (text) => keysPattern.test(text),
  },
  'desktop.notifications': { is: 'switch', byDefault: true },
};

/** Which part of its rule a value breaks; null if it is valid. */
export function brokenPart(rule: Rule, value: unknown): 'form' | 'least' | 'most' | 'lines' | null {
  if (value === null) return rule.byDefault === null ? null : 'form';
  if (rule.is === 'switch') return typeof value === 'boolean' ? null : 'form';
  if (rule.is === 'choice') return rule.options.includes(String(value)) ? null : 'form';
  if (rule.is === 'choices')
    return Array.isArray(value) && value.every((one) => rule.options.includes(String(one))) ? null : 'form';
  if (rule.is === 'hours') return isHours(value) ? null : 'form';
  if (rule.is === 'policies' || rule.is === 'slots' || rule.is === 'context-rules')
    return brokenRows(rule, value);
  const within = (size: number) => (size < rule.least ? 'least' : size > rule.most ? 'most' : null);
  if (rule.is === 'number') return typeof value === 'number' ? within(value) : 'form';
  if (rule.is === 'lines') {
    if (!Array.isArray(value)) return 'form';
    if (value.length > rule.lines) return 'lines';
    if (!value.every((line) => rule.accepts?.(String(line)) ?? true)) return 'form';
    return value.map((line: unknown) => within(String(line).length)).find((part) => part !== null) ?? null;
  }
  if (rule.is === 'fallbacks') {
    if (!Array.isArray(value)) return 'form';
    if (value.length > rule.lines) return 'lines';
    const breaks = value.map((entry: unknown) => brokenFallback(rule, entry, within));
    return breaks.find((part) => part !== null) ?? null;
  }
  if (typeof value !== 'string' || rule.accepts?.(value) === false) return 'form';
  return within(value.length);
}

const isHours = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'from' in value && 'to' in value && value.from !== value.to;

/** By the functions that mark the fields of a row, so that what is saved is what they accept. */
function brokenRows(
  { is, lines }: { is: 'policies' | 'slots' | 'context-rules'; lines: number },
  value: unknown,
): 'form' | 'lines' | null {
  if (!Array.isArray(value)) return 'form';
  if (value.length > lines) return 'lines';
  const errors =
    is === 'policies'
      ? policyRows(value).map(policyErrors)
      : is === 'slots'
        ? slotsRows(value).map((row, index, rows) =>
            slotsErrors(
              row,
              rows.slice(0, index).map(({ nodeId }) => nodeId),
            ),
          )
        : contextRows(value).map(contextErrors);
  return errors.every((one) => Object.keys(one).length === 0) ? null : 'form';
}

function brokenFallback(
  { each }: { each: number },
  entry: unknown,
  within: (size: number) => 'least' | 'most' | null,
): 'form' | 'least' | 'most' | null {
  // A line that could not be read stays text.
  if (typeof entry !== 'object' || entry === null) return 'form';
  const { model, use } = entry as { model: string; use: readonly string[] };
  if (use.length === 0 || use.length > each) return 'form';
  return [model, ...use].map((name) => within(name.length)).find((part) => part !== null) ?? null;
}
