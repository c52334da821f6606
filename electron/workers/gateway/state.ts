/** What every request at the gateway shares. */
import type { ThrashWatch } from '../../core/acquire/context-guard.ts';
import type { HealthTracker } from '../../core/acquire/node-health.ts';
import type { Stickiness } from '../../core/acquire/stickiness.ts';
import type { GatewayTable } from '../../core/gateway/model.ts';
import type { GatewayNotice } from '../../core/gateway/protocol.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Turns } from '../../core/runtime/turns.ts';
import type { AdmissionDesk } from './admission-desk.ts';
import type { BodyBudget } from './body-budget.ts';
import type { JustChanged } from './just-changed.ts';
import type { KeptPrompts } from './kept-prompts.ts';
import type { LiveRequests } from './live-requests.ts';
import type { RetryLoops } from './retry-loops.ts';
import type { Traffic } from './traffic.ts';
import type { Upstreams } from './upstreams.ts';
import type { WaitingRoom } from './waiting-room.ts';
import type { Wakes } from './wakes.ts';

export interface GatewayState {
  clock: Clock;
  /** The present one; null before the first. */
  table(): GatewayTable | null;
  health: HealthTracker;
  traffic: Traffic;
  upstreams: Upstreams;
  budget: BodyBudget;
  /** Encoded bodies are decoded one after the other: of each, up to 20 MiB are in memory meanwhile. */
  decoding: Turns;
  stickiness: Stickiness;
  room: WaitingRoom;
  wakes: Wakes;
  desk: AdmissionDesk;
  justChanged: JustChanged;
  live: LiveRequests;
  prompts: KeptPrompts;
  loops: RetryLoops;
  thrash: ThrashWatch;
  notify(notice: GatewayNotice): void;
}
