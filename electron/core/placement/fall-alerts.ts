/** Reports priority models that fall to the CPU: as a notification, and through the optimizer's webhook. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ActivityService } from '../activity/service.ts';
import { postWebhook, type WebhookMessage } from '../activity/webhook.ts';
import type { Http } from '../ports/network.ts';
import type { Clock } from '../ports/time.ts';
import { createFallWatch, type Fall } from './falls.ts';
import type { PlacementFleet, PlacementService } from './service.ts';

/** The body of the webhook; the reason is added as text. */
export interface FallAlert extends WebhookMessage {
  event: 'priority-model-on-cpu';
  model: string;
  placement: 'cpu';
}

export interface FallAlerts {
  stop(): void;
}

export interface FallAlertsDependencies {
  clock: Pick<Clock, 'now'>;
  http: Http;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<PlacementFleet, 'list' | 'onChange'>;
  placement: Pick<PlacementService, 'planInput' | 'onMove'>;
  /** null if none is set. */
  webhookUrl(): string | null;
  onFall(): void;
}

export function startFallAlerts(dependencies: FallAlertsDependencies): FallAlerts {
  const { clock, http, activity, fleet, placement, webhookUrl, onFall } = dependencies;
  const falls = createFallWatch();
  const lifetime = new AbortController();

  function onNode(node: NodeView | null, previous: NodeView | null): void {
    if (node === null) {
      if (previous) falls.forget(previous.id);
      return;
    }
    if (node.loaded.length === 0) return;
    const fallen = falls.observe(node, placement.planInput(node).moving);
    for (const fall of fallen) report(fall);
    if (fallen.length > 0) onFall();
  }

  function report({ node: { id, name }, model, reason }: Fall): void {
    const at = clock.now();
    activity.record({
      kind: 'optimizer',
      severity: 'warning',
      message: fact('MODEL_FELL_TO_CPU', { model, node: name }),
      why: reason,
      nodeId: id,
      notify: true,
    });
    const url = webhookUrl();
    if (url === null) return;
    const alert: FallAlert = {
      event: 'priority-model-on-cpu',
      node: { id, name },
      model,
      placement: 'cpu',
      at: new Date(at).toISOString(),
    };
    void postWebhook({ http, activity, kind: 'optimizer' }, url, alert, lifetime.signal, { reason });
  }

  for (const node of fleet.list()) onNode(node, null);
  const stops = [fleet.onChange(onNode), placement.onMove(falls.moved)];
  return {
    stop() {
      for (const stop of stops) stop();
      lifetime.abort(new DOMException('The optimizer was stopped.', 'AbortError'));
    },
  };
}
