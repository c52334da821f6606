/** What a person wants to be told about a machine's power: as a notification, and at a webhook. */

import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { ActivityService } from '../activity/service.ts';
import { postWebhook, type WebhookMessage } from '../activity/webhook.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import { clockTime } from '../policies/policy.ts';
import type { Http } from '../ports/network.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { nextMinuteOfDay } from '../runtime/local-time.ts';
import type { OffService } from './shutdown.ts';
import { leaseWords } from './why-on.ts';

export interface PowerAlert extends WebhookMessage {
  event: 'did-not-wake' | 'fell-asleep-in-use' | 'still-on' | 'did-not-go-off';
  /** One sentence. */
  message: string;
  /** Why, and what to do. */
  why: string;
}

export interface Alerts {
  /** Looks anew when the next hour comes that a person set: this computer slept. */
  resume(): void;
  stop(): void;
}

export interface AlertsDependencies {
  clock: Clock;
  http: Http;
  fleet: Pick<FleetService, 'list' | 'get' | 'onChange'>;
  policies: Policies;
  off: OffService;
  activity: Pick<ActivityService, 'record'>;
  webhookUrl(): string | null;
  /** Leases that live. */
  leases(nodeId: string): readonly { holder: string; purpose: string }[];
  power(nodeId: string): NodePower;
  /** IANA name; left out, this computer's own. */
  timeZone?: string | undefined;
}

/** Timers of Node end at 24.8 days, and clocks are put forward and back. */
const LONGEST_TIMER_MS = 3_600_000;

export function createAlerts(dependencies: AlertsDependencies): Alerts {
  const { clock, http, fleet, policies, off, activity, webhookUrl, leases, power, timeZone } = dependencies;
  const timers = new Map<string, { at: number; timer: Timer }>();
  const lifetime = new AbortController();

  function post(event: PowerAlert['event'], node: NodeView, message: string, why: string): void {
    const url = webhookUrl();
    if (url === null) return;
    const alert: PowerAlert = {
      event,
      node: { id: node.id, name: node.name },
      message,
      why,
      at: new Date(clock.now()).toISOString(),
    };
    void postWebhook({ http, activity, kind: 'power' }, url, alert, lifetime.signal);
  }

  function onNode(node: NodeView | null, previous: NodeView | null): void {
    if (node === null) {
      if (previous !== null) cancel(previous.id);
      return;
    }
    if (previous === null) {
      plan(node.id);
      return;
    }
    const error = node.lastWakeError;
    // Waking tells people itself; where nobody could wake it at all, nothing was to come.
    if (error !== null && error !== previous.lastWakeError) {
      post('did-not-wake', node, `${node.name} did not wake.`, `${error.message} ${error.next}`);
    }
    // The fleet tells people itself that a machine went off that was needed.
    if (node.state === 'off' && isServing(previous.state) && off.going(node.id).leaving === null) {
      const holders = leases(node.id);
      if (holders.length > 0) {
        const why = holders.map(leaseWords).join(' ');
        post('fell-asleep-in-use', node, `${node.name} went off while it was needed.`, why);
      }
    }
  }

  function cancel(nodeId: string): void {
    timers.get(nodeId)?.timer.cancel();
    timers.delete(nodeId);
  }

  function plan(nodeId: string): void {
    cancel(nodeId);
    const minute = policies.get(nodeId).stillOnAt;
    if (minute === null || lifetime.signal.aborted) return;
    wait(nodeId, nextMinuteOfDay(minute, clock.now(), timeZone));
  }

  function wait(nodeId: string, at: number): void {
    const ms = at - clock.now();
    const timer = clock.timer(Math.min(LONGEST_TIMER_MS, Math.max(0, ms)), () => {
      if (clock.now() < at) wait(nodeId, at);
      else {
        stillOn(nodeId);
        plan(nodeId);
      }
    });
    timers.set(nodeId, { at, timer });
  }

  function stillOn(nodeId: string): void {
    const node = fleet.get(nodeId);
    const minute = policies.get(nodeId).stillOnAt;
    if (node === null || minute === null) return;
    const { whyOn } = power(nodeId);
    if (whyOn.length === 0) return;
    const message = `${node.name} is still on at ${clockTime(minute)}.`;
    const why = whyOn.join(' ');
    activity.record({
      kind: 'power',
      severity: 'warning',
      message: plainText(message),
      why: plainText(why),
      nodeId,
      notify: true,
    });
    post('still-on', node, message, why);
  }

  const stops = [
    fleet.onChange(onNode),
    policies.onChange(plan),
    off.onFailed((node, trouble) => {
      const why = `${trouble.message} ${trouble.next}`;
      post('did-not-go-off', node, `${node.name} did not go off.`, why);
    }),
  ];
  for (const node of fleet.list()) plan(node.id);

  return {
    resume() {
      for (const nodeId of [...timers.keys()]) plan(nodeId);
    },
    stop() {
      for (const stop of stops) stop();
      for (const nodeId of [...timers.keys()]) cancel(nodeId);
      lifetime.abort(new DOMException('Power is stopping.', 'AbortError'));
    },
  };
}
