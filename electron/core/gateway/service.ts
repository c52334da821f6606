/**
 * The control plane of the gateway: it gives the process its table and its address, and takes in what the process
 * reports. No request passes through here.
 */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import type { GatewayPolicy, GatewayStats, GatewayView } from '../../../shared/models/gateway.ts';
import { fact } from '../../../shared/models/message.ts';
import { measuredVramBytes, usedVramBytes } from '../../../shared/vram.ts';
import type { AccessService } from '../access/model.ts';
import type { InFlight } from '../acquire/in-flight.ts';
import type { AcquireLeases, AcquireService } from '../acquire/model.ts';
import { sameValue } from '../fleet/equal.ts';
import type { FleetService } from '../fleet/model.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import type { SettingsService } from '../settings/service.ts';
import type { TelemetryService } from '../telemetry/service.ts';
import { notPart, offHere, wantedAddress } from './address.ts';
import { createAsks } from './asks.ts';
import { explainPolicy } from './explain-policy.ts';
import { createKeyExpiry } from './key-expiry.ts';
import type { GatewayLink } from './link.ts';
import type { FinishedRequest, RequestFacts, TableNode } from './model.ts';
import { createMovingModels } from './moving.ts';
import { noticed } from './noticed.ts';
import { createOpening } from './opening.ts';
import type { GatewayEvent } from './protocol.ts';
import { createRequestLeases } from './request-leases.ts';
import { createStatistics, type FirstBytes } from './statistics.ts';
import { buildTable, hasUsableKey, holdRules, roundedVram, slotsSetFor } from './table.ts';
import { createTablePush } from './table-push.ts';
import { createTraffic } from './traffic.ts';

export interface GatewayService {
  view(): GatewayView;
  stats(): GatewayStats;
  /** How long answers took to their first byte, by node. */
  firstBytes(): FirstBytes[];
  /** Which policy applies to requests for a model. */
  policy(request: { model: string; credentialId: string | null }): GatewayPolicy;
  /**
   * No new request for these models is sent to the node until disposed. Resolves when that is so and the requests before
   * are counted in flight.
   */
  holdBack(nodeId: string, models: readonly string[]): Promise<Disposable>;
  /** Opens it, if it is on. Resolves when it runs, has failed for the first time, or is off. */
  start(): Promise<GatewayView>;
  stop(): Promise<void>;
  /** What its table says of `own` may have changed. */
  follow(): void;
}

export interface GatewayDependencies {
  clock: Clock;
  log: Log;
  streams: Pick<Streams, 'gateway'>;
  settings: Pick<SettingsService, 'current' | 'onChange' | 'addRule'>;
  fleet: Pick<FleetService, 'list' | 'get' | 'onChange' | 'probe' | 'probeSoon'>;
  telemetry: Pick<TelemetryService, 'reading' | 'onSample'>;
  access: Pick<AccessService, 'known' | 'lent' | 'onKnownChange' | 'nameOf' | 'use'>;
  inFlight: Pick<InFlight, 'begin'>;
  leases: AcquireLeases;
  acquire: Pick<AcquireService, 'acquire'>;
  activity: { record(entry: NewActivityEntry): void };
  /** Requests that were sent to the node and have no first byte, by model: since when. */
  /** A server reported that it loaded a model for a request. */
  loaded?(load: { nodeId: string; model: string; loadMs: number; placesModel: boolean }): void;
  silent?(nodeId: string, since: Readonly<Record<string, number>>): void;
  /** A server that is no node of the fleet: nothing keeps it awake, and nothing moves its models. */
  own?: { id: string; node(): TableNode | null };
  /** null for a program without a gateway. */
  link: GatewayLink | null;
  /** Chosen for this run of the program; null for that of the settings. */
  port: number | 'off' | null;
}

/** After it a node has other models: what it lists is read every ten minutes otherwise. */
function changesList({ path, outcome }: FinishedRequest): boolean {
  return outcome === 'completed' && /^\/api\/(?:pull|create|copy|delete)$/.test(path);
}

export function createGatewayService(dependencies: GatewayDependencies): GatewayService {
  const { clock, log, streams, settings, fleet, telemetry, access, link } = dependencies;
  const current = () => settings.current().gateway;
  const hasKey = () => hasUsableKey(access.known(), clock.now());
  const stops: (() => void)[] = [];
  const statistics = createStatistics({ since: clock.now() });
  const leases = createRequestLeases({
    clock,
    leases: dependencies.leases,
  });
  const isOwn = (nodeId: string) => dependencies.own?.id === nodeId;
  const traffic = createTraffic({
    inFlight: dependencies.inFlight,
    onChange(nodeId, now) {
      if (!isOwn(nodeId)) leases.update(now);
      dependencies.silent?.(nodeId, now.silent ?? {});
      if (traffic.total() === 0) opening?.update();
    },
  });
  const moving = createMovingModels(() => push.now());
  const push = createTablePush({
    clock,
    log,
    build: () =>
      buildTable({
        own: dependencies.own?.node() ?? null,
        nodes: fleet.list().map((view) => ({
          view,
          usedVramBytes: usedVramBytes(view, telemetryOf(view.id)),
          moving: moving.on(view.id),
        })),
        credentials: [...access.known(), ...access.lent.list()],
        settings: current(),
      }),
    send: async (table) => link?.setTable(table),
    onApplied: publish,
  });
  const opening =
    link === null
      ? null
      : createOpening({
          clock,
          log,
          link,
          wanted: () => wantedAddress({ settings: current(), port: dependencies.port, hasKey: hasKey() }),
          inFlight: traffic.total,
          onChange: publish,
        });
  const asks = createAsks({
    clock,
    log,
    acquire: dependencies.acquire,
    nodeIds: () => fleet.list().map(({ id }) => id),
    async probe(nodeId) {
      await fleet.probe(nodeId).catch(() => {});
    },
    nameOf: access.nameOf,
    pushed: push.applied,
    answer: async (askId, answer) => link?.answer(askId, answer),
  });
  const changed = createEmitter<[GatewayView]>({ name: 'gateway', log });
  /** VRAM in use by node, as the last samples showed it. */
  const usedVram = new Map<string, number | null>();
  const names = {
    key: access.nameOf,
    node: (id: string) => fleet.get(id)?.name ?? id,
  };
  let started = false;
  let settleAtStop = () => {};

  function telemetryOf(nodeId: string) {
    const reading = telemetry.reading(nodeId);
    return reading?.gpus ? { gpus: reading.gpus } : null;
  }

  function view(): GatewayView {
    if (opening === null) {
      const nothing = { url: null, listening: null, restarts: 0, version: null };
      return { ...nothing, state: 'off', problem: dependencies.port === 'off' ? offHere : notPart };
    }
    const state = opening.state();
    const unopened = !started && state.state === 'starting' ? { state: 'off' as const } : {};
    return { ...state, ...unopened, version: push.version };
  }

  function publish(): void {
    const now = view();
    if (sameValue(streams.gateway.get('gateway'), now)) return;
    streams.gateway.set('gateway', now);
    changed.emit(now);
  }

  /** The first view that is not `starting`. */
  function firstSettled(): Promise<GatewayView> {
    const now = view();
    if (now.state !== 'starting') return Promise.resolve(now);
    return new Promise((resolve) => {
      const stop = changed.on((next) => {
        if (next.state === 'starting') return;
        stop();
        resolve(next);
      });
      settleAtStop = () => {
        stop();
        resolve(view());
      };
    });
  }

  /** By the name of the key, else as the program names itself. */
  function nameUsers(requests: readonly RequestFacts[]): void {
    const byNode = new Map<string, Set<string>>();
    for (const { nodeId, credentialId, program } of requests) {
      const name = (credentialId === null ? null : names.key(credentialId)) ?? program;
      if (nodeId === null || name === null || isOwn(nodeId)) continue;
      byNode.set(nodeId, (byNode.get(nodeId) ?? new Set()).add(name));
    }
    for (const [nodeId, users] of byNode) leases.used(nodeId, [...users]);
  }

  function receive(event: GatewayEvent): void {
    if (event.kind === 'finished') {
      statistics.add(event.requests, event.dropped);
      if (event.turnedAway) statistics.turnedAway(event.turnedAway);
      nameUsers(event.requests);
      for (const { nodeId, model, fallback, loadMs, placesModel } of event.requests) {
        const name = fallback ?? model;
        if (nodeId === null || name === null || loadMs === null) continue;
        dependencies.loaded?.({ nodeId, model: name, loadMs, placesModel: placesModel === true });
      }
      const changed = event.requests.flatMap((request) => (changesList(request) ? [request.nodeId] : []));
      for (const nodeId of new Set(changed)) {
        if (nodeId !== null) fleet.probeSoon(nodeId, { listChanged: true });
      }
    } else if (event.kind === 'live') nameUsers(event.requests);
    else if (event.kind === 'traffic') traffic.update(event.nodes);
    else if (event.kind === 'ask') asks.receive(event.ask);
    else if (event.kind === 'withdrawn') asks.withdraw(event.askIds);
    else if (event.kind === 'noticed') dependencies.activity.record(noticed(event.notice, names));
    else if (event.kind === 'used') for (const id of event.credentialIds) access.use(id);
  }

  settings.addRule(({ gateway }, { gateway: previous }) => {
    const opens = gateway.on && gateway.listen === 'network';
    if (!opens || (previous.on && previous.listen === 'network') || hasKey()) return;
    throw new PilotlightError('GATEWAY_NEEDS_KEY', {
      message: fact('GATEWAY_NO_KEY'),
      next: fact('ADD_GATEWAY_KEY'),
      details: { field: 'gateway.listen' },
    });
  });
  publish();

  const expiry = createKeyExpiry({ clock, known: access.known, onExpired: () => opening?.update() });

  function follow(link: GatewayLink, opened: NonNullable<typeof opening>): void {
    stops.push(
      link.onStart(({ version, listening, traffic: running }) => {
        traffic.update(running);
        push.begin(version);
        // Without a table it would refuse every request.
        void push.applied().then(() => {
          if (push.version !== null) opened.started(listening);
        });
      }),
      link.onEvent(receive),
      link.onEnd(() => {
        asks.clear();
        push.end();
        traffic.clear();
        opened.ended();
      }),
      link.onFailedStart(opened.failedStart),
      fleet.onChange((node, previous) => {
        if (node?.state !== previous?.state || node?.url !== previous?.url) push.now();
        else push.soon();
      }),
      // VRAM that other programs use decides what fits.
      telemetry.onSample(({ nodeId, gpus }) => {
        const used = roundedVram(measuredVramBytes(gpus));
        if (usedVram.get(nodeId) === used) return;
        usedVram.set(nodeId, used);
        push.soon();
      }),
      settings.onChange(({ gateway }, { gateway: previous }) => {
        if (sameValue(gateway, previous)) return;
        push.now();
        opened.update();
      }),
      access.onKnownChange(() => {
        push.now();
        opened.update();
        expiry.update();
      }),
      access.lent.onChange(push.now),
      expiry.stop,
    );
    expiry.update();
  }

  return {
    view,
    stats: () =>
      statistics.read({
        traffic: traffic.nodes(),
        nameOf: (nodeId) => fleet.get(nodeId)?.name ?? null,
        slotsOf: (nodeId) => slotsSetFor(current(), nodeId),
      }),
    firstBytes: statistics.firstBytes,
    policy: (request) =>
      explainPolicy(request, {
        rules: holdRules(current()),
        models: fleet.list().flatMap(({ installed }) => installed.map(({ name }) => name)),
      }),
    async holdBack(nodeId, models) {
      const held = moving.add(nodeId, models);
      await push.applied();
      return held;
    },
    async start() {
      if (link === null || opening === null || started) return view();
      started = true;
      follow(link, opening);
      opening.update();
      publish();
      return firstSettled();
    },
    async stop() {
      for (const stop of stops.splice(0)) stop();
      opening?.stop();
      settleAtStop();
      asks.clear();
      push.end();
      traffic.clear();
      leases.stop();
      if (started) await link?.stop({ forGood: false });
    },
    follow: push.soon,
  };
}
