/** The data plane: one address for every model of the fleet. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createAttempts } from '../../adapters/http/attempts.ts';
import { isPortTaken } from '../../adapters/http/bind.ts';
import type { ListenerLimits } from '../../adapters/http/limits.ts';
import type { Listener } from '../../adapters/http/listener.ts';
import { createThrashWatch } from '../../core/acquire/context-guard.ts';
import { heldModel } from '../../core/acquire/held-model.ts';
import { createHealthTracker } from '../../core/acquire/node-health.ts';
import { createStickiness } from '../../core/acquire/stickiness.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import type {
  AskAnswer,
  GatewayAddress,
  GatewayContract,
  GatewayEvent,
  KeptPrompt,
  PromptsKept,
} from '../../core/gateway/protocol.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Clock } from '../../core/ports/time.ts';
import { createTurns } from '../../core/runtime/turns.ts';
import { createAdmissionDesk } from './admission-desk.ts';
import { createBodyBudget } from './body-budget.ts';
import type { Caller } from './callers.ts';
import { createFinishedBatches } from './finished-batches.ts';
import { createGatewayListener, usualLimits } from './gateway-listener.ts';
import { createJustChanged } from './just-changed.ts';
import { createKeptPrompts } from './kept-prompts.ts';
import { createKeyLimits } from './key-limits.ts';
import { createLiveRequests } from './live-requests.ts';
import { createRetryLoops } from './retry-loops.ts';
import type { GatewayState } from './state.ts';
import { createTraffic } from './traffic.ts';
import { createUpstreams } from './upstreams.ts';
import { createWaitingRoom } from './waiting-room.ts';
import { createWakes } from './wakes.ts';

export interface GatewayOptions {
  clock: Clock;
  log: Log;
  onEvent(event: GatewayEvent): void;
  /** In place of the usual ones. */
  limits?: Partial<ListenerLimits>;
}

type Resume = GatewayContract['calls']['resume']['result'];

export interface Gateway {
  /** Returns the version that is used from now on. */
  setTable(table: GatewayTable): number;
  /** Rejects with PORT_IN_USE or the system's error. Replaces an open listener if the address differs. */
  listen(address: GatewayAddress): Promise<{ port: number }>;
  /** Accepts no more connections; what is in flight ends. */
  close(): Promise<void>;
  /** Resolves when what waited for it has been sent, and that traffic was reported. */
  answer(askId: number, answer: AskAnswer): Promise<void>;
  resume(): Resume;
  /** Ends a request in progress; false if there is none with this id. */
  cancel(id: number): boolean;
  /** For how long the bodies of requests are kept from now on; null forgets them. */
  keepPrompts(forMs: number | null): PromptsKept;
  promptsKept(): PromptsKept;
  readPrompt(id: number): KeptPrompt | null;
  /** Whether a core takes the events. Default true. */
  setConnected(connected: boolean): void;
  /** Requests in flight or waiting. */
  readonly inFlight: number;
  /** Ends everything at once. */
  stop(): Promise<void>;
}

const CLOSE_MS = 24 * 3_600_000;

export function createGateway({ clock, log, onEvent, limits }: GatewayOptions): Gateway {
  let table: GatewayTable | null = null;
  let open: { address: GatewayAddress; port: number; listener: Listener<Caller> } | null = null;
  const closing = new Set<Listener<Caller>>();
  const health = createHealthTracker({ clock });
  const traffic = createTraffic({
    clock,
    health,
    report: (nodes) => onEvent({ kind: 'traffic', nodes }),
    learnedSlots: (nodeId) => desk.learned(nodeId),
    onEnd: (nodeId) => desk.pump(nodeId),
  });
  const present = () => table;
  const desk = createAdmissionDesk({ clock, table: present, traffic });
  const room = createWaitingRoom(clock);
  const wakes = createWakes({ clock, table: present, report: onEvent });
  const live = createLiveRequests({ clock, desk, report: onEvent });
  const prompts = createKeptPrompts({ clock, onDropped: () => onEvent({ kind: 'prompts-dropped' }) });
  const instance = `${clock.now().toString(36)}${process.pid.toString(36)}`;
  const batches = createFinishedBatches({ clock, report: onEvent });
  const attempts = createAttempts({ monotonic: clock.monotonic });
  const keyLimits = createKeyLimits(clock.monotonic);
  const state: GatewayState = {
    clock,
    table: present,
    health,
    traffic,
    upstreams: createUpstreams(),
    budget: createBodyBudget(() => table?.settings.bodyBudgetBytes ?? 0),
    decoding: createTurns(),
    stickiness: createStickiness(),
    room,
    wakes,
    desk,
    justChanged: createJustChanged(clock),
    live,
    prompts,
    loops: createRetryLoops(clock),
    thrash: createThrashWatch(),
    notify: (notice) => onEvent({ kind: 'noticed', notice }),
  };

  const newListener = () =>
    createGatewayListener({
      state,
      limits: { ...usualLimits, ...limits },
      keyLimits,
      attempts,
      table: () => table,
      onFinish: batches.add,
      onUsed: batches.used,
      onTurnedAway: batches.turnedAway,
      log,
    });

  async function openAt(address: GatewayAddress): Promise<{ port: number }> {
    const listener = newListener();
    const { port } = await listener.listen(address);
    await close();
    open = { address, port, listener };
    return { port };
  }

  async function close(): Promise<void> {
    const closed = open?.listener;
    open = null;
    if (closed === undefined) return;
    closing.add(closed);
    void closed.close(CLOSE_MS, clock).finally(() => closing.delete(closed));
  }

  return {
    setTable(next) {
      if (table !== null && next.version < table.version) return table.version;
      for (const { id, serving } of next.nodes) {
        const before = table?.nodes.find((node) => node.id === id);
        if (!serving || before?.serving !== false) continue;
        health.cameUp(id);
        traffic.touch(id);
      }
      table = next;
      state.upstreams.set(next.nodes);
      wakes.tableChanged(({ nodes }, nodeId, { model }) => {
        const node = nodes.find(({ id }) => id === nodeId);
        if (node === undefined || heldModel(node, { model, digest: null }) === null) return 'gone';
        return node.serving ? 'serves' : 'asleep';
      });
      desk.tableChanged();
      traffic.flush();
      return next.version;
    },
    async listen(address) {
      if (open !== null && open.address.host === address.host && open.address.port === address.port) {
        return { port: open.port };
      }
      // Of one port, a system gives all addresses or one of them.
      const before = open;
      if (before?.port === address.port) await close();
      try {
        return await openAt(address);
      } catch (error) {
        if (before !== null && open === null) await openAt(before.address).catch(() => {});
        throw isPortTaken(error) ? new PilotlightError('PORT_IN_USE', { cause: error }) : error;
      }
    },
    close,
    async answer(askId, answer) {
      await wakes.answer(askId, answer);
      traffic.flush();
    },
    resume: () => ({
      version: table?.version ?? 0,
      listening: open === null ? null : { host: open.address.host, port: open.port },
      traffic: traffic.all(),
      instance,
    }),
    cancel: live.cancel,
    keepPrompts: prompts.keep,
    promptsKept: prompts.state,
    readPrompt: prompts.read,
    setConnected(connected) {
      live.setConnected(connected);
      batches.setConnected(connected);
      wakes.setConnected(connected);
    },
    get inFlight() {
      return traffic.count + room.count;
    },
    async stop() {
      const listeners = [...closing, ...(open === null ? [] : [open.listener])];
      open = null;
      room.stop();
      live.stop();
      prompts.stop();
      wakes.stop();
      desk.stop();
      await Promise.all(listeners.map((listener) => listener.close(0, clock)));
      await state.upstreams.stop();
      traffic.flush();
      batches.flush();
      traffic.stop();
      batches.stop();
    },
  };
}
