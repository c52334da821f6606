/** What every request at the gateway shares. */
import type { HealthTracker } from '../../core/acquire/node-health.ts';
import type { Stickiness } from '../../core/acquire/stickiness.ts';
import type { Clock } from '../../core/ports/time.ts';
import type { Turns } from '../../core/runtime/turns.ts';
import type { BodyBudget } from './body-budget.ts';
import type { Traffic } from './traffic.ts';
import type { Upstreams } from './upstreams.ts';

export interface GatewayState {
  clock: Clock;
  health: HealthTracker;
  traffic: Traffic;
  upstreams: Upstreams;
  budget: BodyBudget;
  /** Encoded bodies are decoded one after the other: of each, up to 20 MiB are in memory meanwhile. */
  decoding: Turns;
  stickiness: Stickiness;
}
