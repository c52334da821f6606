/** A control plane of the gateway over a process that a test plays. */
import { createInFlight } from '../../electron/core/acquire/in-flight.ts';
import type { AcquireService } from '../../electron/core/acquire/model.ts';
import type { GatewayLink, GatewayStart, PortHolder } from '../../electron/core/gateway/link.ts';
import type { FinishedRequest, GatewayTable } from '../../electron/core/gateway/model.ts';
import type {
  GatewayAddress,
  GatewayEvent,
  KeptPrompt,
  PromptsKept,
} from '../../electron/core/gateway/protocol.ts';
import { createGatewayService } from '../../electron/core/gateway/service.ts';
import { createStreams } from '../../electron/core/runtime/streams.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { createEmitter } from '../../shared/emitter.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { NodeView } from '../../shared/models/fleet.ts';
import type { Message } from '../../shared/models/message.ts';
import { defaultSettings, type Settings, settingsSchema } from '../../shared/models/settings.ts';
import type { TelemetrySample } from '../../shared/models/telemetry.ts';
import { createMemoryAccess } from './access.ts';
import { createFakeClock } from './clock.ts';
import { silentLog } from './indexing.ts';

export function aFinishedRequest(changes: Partial<FinishedRequest> = {}): FinishedRequest {
  return {
    id: 1,
    at: 1,
    dialect: 'ollama',
    method: 'POST',
    path: '/api/chat',
    model: 'llama3.2:3b',
    nodeId: 'node_1',
    credentialId: null,
    outcome: 'completed',
    status: 200,
    code: null,
    message: null,
    why: null,
    fallback: null,
    retries: 0,
    program: null,
    priority: null,
    heldMs: 0,
    contextLength: null,
    firstByteMs: 100,
    durationMs: 500,
    bytesIn: 10,
    bytesOut: 100,
    inputTokens: 7,
    outputTokens: 20,
    loadMs: null,
    outputMs: null,
    steps: [],
    hasPrompt: false,
    ...changes,
  };
}

export const newStart: GatewayStart = { version: 0, listening: null, traffic: [], instance: 'first' };

/** A process that takes every table and listens at every address, unless a test says otherwise. */
export function createFakeGatewayLink() {
  const started = createEmitter<[GatewayStart]>({ name: 'gateway' });
  const events = createEmitter<[GatewayEvent]>({ name: 'gateway' });
  const ended = createEmitter<[]>({ name: 'gateway' });
  const gone = createEmitter<[]>({ name: 'gateway' });
  const failed = createEmitter<[]>({ name: 'gateway' });
  const fake = {
    /** What it was asked, in order. */
    calls: [] as string[],
    tables: [] as GatewayTable[],
    /** What it answers to the next calls. */
    onTable: (_table: GatewayTable): Promise<void> => Promise.resolve(),
    onListen: (_address: GatewayAddress): Promise<void> => Promise.resolve(),
    holder: null as PortHolder | null,
    /** What it finds at its start. */
    found: newStart,
    inProgress: new Set<number>(),
    kept: { until: null, count: 0 } as PromptsKept,
    prompts: new Map<number, KeptPrompt>(),
    /** Whether it starts by itself when it is asked to. */
    starts: true,
    begin: (start: GatewayStart = newStart) => started.emit(start),
    report: events.emit,
    end() {
      ended.emit();
      gone.emit();
    },
    fail: () => failed.emit(),
  };
  const link: GatewayLink = {
    start() {
      fake.calls.push('start');
      if (fake.starts) started.emit(fake.found);
    },
    async setTable(table) {
      fake.tables.push(table);
      await fake.onTable(table);
    },
    async listen(address) {
      fake.calls.push(`listen ${address.host}:${address.port}`);
      await fake.onListen(address);
      return { port: address.port === 0 ? 40_000 : address.port };
    },
    async close() {
      fake.calls.push('close');
    },
    async answer(askId, answer) {
      fake.calls.push(`answer ${askId} ${answer.outcome}`);
    },
    async cancel(id) {
      fake.calls.push(`cancel ${id}`);
      return fake.inProgress.has(id);
    },
    async keepPrompts(forMs) {
      fake.kept = { until: forMs === null ? null : forMs, count: 0 };
      return fake.kept;
    },
    promptsKept: async () => fake.kept,
    readPrompt: async (id) => fake.prompts.get(id) ?? null,
    onStart: started.on,
    onEvent: events.on,
    onEnd: ended.on,
    onGone: gone.on,
    onFailedStart: failed.on,
    async stop({ forGood }) {
      fake.calls.push(forGood ? 'end' : 'leave');
      gone.emit();
    },
    holderOf: async () => fake.holder,
  };
  return { ...fake, link, fake };
}

export interface GatewayWorldOptions {
  nodes?: readonly NodeView[];
  settings?: Partial<Settings['gateway']>;
  port?: number | 'off' | null;
  hasLink?: boolean;
  /** Default: no machine can be woken. */
  acquire?: AcquireService['acquire'];
}

export function createGatewayWorld({
  nodes = [],
  settings = {},
  port = null,
  hasLink = true,
  acquire = () => Promise.reject(new PilotlightError('NODE_ASLEEP')),
}: GatewayWorldOptions = {}) {
  const clock = createFakeClock();
  const { link, fake } = createFakeGatewayLink();
  const streams = createStreams({ clock, epoch: 'run-1' });
  const { access } = createMemoryAccess({ clock });
  const inFlight = createInFlight({ clock });
  const fleet = new Map(nodes.map((node) => [node.id, node]));
  const fleetChanged = createEmitter<[NodeView | null, NodeView | null]>({ name: 'fleet' });
  const sampled = createEmitter<[TelemetrySample]>({ name: 'telemetry' });
  const settingsChanged = createEmitter<[Settings, Settings]>({ name: 'settings' });
  const leases: string[] = [];
  const probed: string[] = [];
  const recorded: NewActivityEntry[] = [];
  const readings = new Map<string, TelemetrySample>();
  const withGateway = (part: Partial<Settings['gateway']>, before = defaultSettings) =>
    settingsSchema.parse({ ...before, gateway: { ...before.gateway, ...part } });
  let current = withGateway(settings);
  let rule: (next: Settings, previous: Settings) => void = () => {};

  const service = createGatewayService({
    clock,
    log: silentLog,
    streams,
    settings: {
      current: () => current,
      onChange: settingsChanged.on,
      addRule: (given) => {
        rule = given;
      },
    },
    fleet: {
      list: () => [...fleet.values()],
      get: (id) => fleet.get(id) ?? null,
      onChange: fleetChanged.on,
      probeSoon: (id, how) => void probed.push(how?.listChanged ? `${id}, list` : id),
      probe: async () => [...fleet.values()],
    },
    telemetry: {
      reading: (id) => {
        const gpus = readings.get(id)?.gpus;
        return gpus ? { gpus, host: { cpuPercent: 0, memoryTotalBytes: 1, memoryUsedBytes: 1 } } : null;
      },
      onSample: sampled.on,
    },
    access,
    inFlight,
    leases: {
      hold({ nodeId, purpose }: { nodeId: string; purpose: Message }) {
        const text = `${nodeId} ${JSON.stringify(purpose.params)}`;
        leases.push(`+ ${text}`);
        return { lease: { id: text }, [Symbol.dispose]: () => void leases.push(`- ${text}`) };
      },
      get: (id) => (leases.filter((one) => one.endsWith(id)).length % 2 === 1 ? ({ id } as never) : null),
    },
    acquire: { acquire },
    activity: { record: (entry) => void recorded.push(entry) },
    link: hasLink ? link : null,
    port,
  });

  return {
    clock,
    service,
    streams,
    access,
    inFlight,
    leases,
    /** Nodes that were to be probed at once. */
    probed,
    recorded,
    fake,
    table: () => fake.tables.at(-1),
    change(node: NodeView | null, id = node?.id ?? '') {
      const previous = fleet.get(id) ?? null;
      if (node) fleet.set(node.id, node);
      else fleet.delete(id);
      fleetChanged.emit(node, previous);
    },
    sample(sample: TelemetrySample) {
      readings.set(sample.nodeId, sample);
      sampled.emit(sample);
    },
    /** Throws what the rules of the gateway say. */
    set(part: Partial<Settings['gateway']>) {
      const next = withGateway(part, current);
      rule(next, current);
      const previous = current;
      current = next;
      settingsChanged.emit(current, previous);
    },
    addKey: (name: string, rights?: readonly ('infer' | 'view')[]) =>
      access.addKey({ name, kind: 'program', rights, expiresInDays: null }).credential.id,
  };
}
