/** Power alerts that a person asked for: as a notification, and through a webhook. */

import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import { errorFact, fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { ActivityService } from '../activity/service.ts';
import { postWebhook, type WebhookMessage } from '../activity/webhook.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Policies } from '../policies/policies.ts';
import type { Http } from '../ports/network.ts';
import type { Clock, Timer } from '../ports/time.ts';
import { nextMinuteOfDay } from '../runtime/local-time.ts';
import type { ShutdownRunner } from './shutdown-runner.ts';
import { leaseHeld } from './why-on.ts';

export interface PowerAlert extends WebhookMessage {
  event: 'did-not-wake' | 'fell-asleep-in-use' | 'still-on' | 'did-not-go-off';
}

export interface PowerAlerts {
  /** Reschedules the alerts after this computer slept. */
  resume(): void;
  stop(): void;
}

export interface PowerAlertsDependencies {
  clock: Clock;
  http: Http;
  fleet: Pick<FleetService, 'list' | 'get' | 'onChange'>;
  policies: Policies;
  runner: ShutdownRunner;
  activity: Pick<ActivityService, 'record'>;
  webhookUrl(): string | null;
  /** Current leases. */
  leases(nodeId: string): readonly { holder: string; purpose: string }[];
  power(nodeId: string): NodePower;
  /** IANA name; default: this computer's time zone. */
  timeZone?: string | undefined;
}

/** Timers in Node cannot exceed 24.8 days, and the wall clock may be changed. */
const LONGEST_TIMER_MS = 3_600_000;

export function createPowerAlerts(dependencies: PowerAlertsDependencies): PowerAlerts {
  const { clock, http, fleet, policies, runner, activity, webhookUrl, leases, power, timeZone } =
    dependencies;
  const timers = new Map<string, { at: number; timer: Timer }>();
  const lifetime = new AbortController();

  function post(event: PowerAlert['event'], node: NodeView, message: Message, why: Message): void {
    const url = webhookUrl();
    if (url === null) return;
    const alert: PowerAlert = {
      event,
      node: { id: node.id, name: node.name },
      at: new Date(clock.now()).toISOString(),
    };
    void postWebhook({ http, activity, kind: 'power' }, url, alert, lifetime.signal, { message, why });
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
    // The wake service records the failure; only the webhook is posted here.
    if (error !== null && error !== previous.lastWakeError) {
      post('did-not-wake', node, fact('NODE_DID_NOT_WAKE', { node: node.name }), errorFact(error));
    }
    // The fleet records that a machine in use dropped out; only the webhook is posted here.
    if (node.state === 'off' && isServing(previous.state) && runner.progress(node.id).leaving === null) {
      const holders = leases(node.id);
      if (holders.length > 0) {
        const why = fact('SENTENCES', { parts: holders.map(leaseHeld) });
        post('fell-asleep-in-use', node, fact('NODE_WENT_OFF_IN_USE', { node: node.name }), why);
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
    const message = fact('NODE_STILL_ON', { node: node.name, minute });
    const why = fact('SENTENCES', { parts: whyOn });
    activity.record({
      kind: 'power',
      severity: 'warning',
      message,
      why,
      nodeId,
      notify: true,
    });
    post('still-on', node, message, why);
  }

  const stops = [
    fleet.onChange(onNode),
    policies.onChange(plan),
    runner.onFailed((node, trouble) => {
      post('did-not-go-off', node, fact('NODE_DID_NOT_GO_OFF', { node: node.name }), errorFact(trouble));
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
