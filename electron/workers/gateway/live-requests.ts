/** Reports the requests in progress to the core: those that live longer than the time between two reports. */
import { canonicalName } from '../../core/fleet/model-placement.ts';
import type { LiveRequest } from '../../core/gateway/model.ts';
import type { GatewayEvent } from '../../core/gateway/protocol.ts';
import type { Clock, Timer } from '../../core/ports/time.ts';
import type { AdmissionDesk } from './admission-desk.ts';
import { cancelExchange } from './cancel.ts';
import type { Exchange, LiveExchanges } from './exchange.ts';
import { factsOf } from './request-facts.ts';

export interface LiveRequests extends LiveExchanges {
  /** Ends a request; false if there is none with this id. */
  cancel(id: number): boolean;
  /** A core that has come is told of every request in progress. */
  setConnected(connected: boolean): void;
  stop(): void;
}

const REPORT_MS = 250;
/** Places in a queue, and how many wait, are reported every so many reports. */
const REPORTS_A_SECOND = 4;
/** More are not shown while they are in progress. */
const MOST_LIVE = 1000;

export function createLiveRequests(options: {
  clock: Pick<Clock, 'monotonic' | 'timer'>;
  desk: Pick<AdmissionDesk, 'places'>;
  report(event: GatewayEvent): void;
}): LiveRequests {
  const { clock, desk, report } = options;
  const all = new Map<number, Exchange>();
  let lastId = 0;
  let reported = 0;
  let connected = true;
  let timer: Timer | null = null;
  let ticks = 0;
  let reportedWaiting = false;

  function plan(): void {
    if (connected) timer ??= clock.timer(REPORT_MS, tick);
  }

  function tick(): void {
    timer = null;
    ticks += 1;
    if (ticks % REPORTS_A_SECOND === 0) reportWaiting();
    const news: LiveRequest[] = [];
    for (const exchange of all.values()) {
      if (!exchange.reported) {
        if (reported >= MOST_LIVE || exchange.elapsed() < REPORT_MS) continue;
        exchange.reported = true;
        reported += 1;
      } else if (!exchange.changed) continue;
      exchange.changed = false;
      news.push(liveOf(exchange));
    }
    if (news.length > 0) report({ kind: 'live', requests: news });
    if (all.size > 0 || reportedWaiting) plan();
  }

  function reportWaiting(): void {
    const models = new Map<string, number>();
    let places: ReturnType<AdmissionDesk['places']> | null = null;
    for (const exchange of all.values()) {
      if (exchange.place === null) continue;
      const model = canonicalName(exchange.model ?? '');
      models.set(model, (models.get(model) ?? 0) + 1);
      if (exchange.entry === null) continue;
      places ??= desk.places();
      const place = places.get(exchange.entry);
      if (place === undefined || place.position === exchange.place.position) continue;
      exchange.place = place;
      exchange.changed = true;
    }
    if (models.size > 0 || reportedWaiting) report({ kind: 'waiting', models: [...models] });
    reportedWaiting = models.size > 0;
  }

  return {
    nextId() {
      lastId += 1;
      return lastId;
    },
    add(exchange) {
      all.set(exchange.id, exchange);
      plan();
    },
    remove(exchange) {
      if (all.delete(exchange.id) && exchange.reported) reported -= 1;
    },
    cancel(id) {
      const exchange = all.get(id);
      if (exchange === undefined) return false;
      cancelExchange(exchange);
      return true;
    },
    setConnected(is) {
      connected = is;
      timer?.cancel();
      timer = null;
      if (!is) return;
      for (const exchange of all.values()) exchange.reported = false;
      reported = 0;
      if (all.size > 0) plan();
    },
    stop() {
      timer?.cancel();
      timer = null;
      connected = false;
    },
  };
}

function liveOf(exchange: Exchange): LiveRequest {
  const { firstByteMs, state, place, waitingSince } = exchange;
  const heldNow = waitingSince === null ? 0 : exchange.elapsed() - waitingSince;
  return {
    ...factsOf(exchange),
    heldMs: exchange.heldMs + heldNow,
    state: firstByteMs === null ? state : 'answering',
    position: place?.position ?? null,
    expectedMs: place?.expectedMs ?? null,
  };
}
