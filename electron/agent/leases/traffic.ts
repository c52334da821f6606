/** Which models each panel uses on this machine, as it reports them. In memory: a report expires within minutes. */
import type { TrafficRequest } from '../../../shared/contract/agent/requests.ts';
import type { Clock, Timer } from '../../adapters/agent-host/types.ts';
import { AgentError } from '../errors.ts';

export interface TrafficView {
  panel: string;
  holder: string;
  models: string[];
  /** Since the panel reported it. */
  seenSeconds: number;
}

export interface PanelTraffic {
  /** Replaces the last report of the panel. Throws TOO_MANY_LEASES. */
  put(panel: string, request: TrafficRequest): void;
  /** Reports that have not expired, and are not empty. */
  list(): TrafficView[];
  /** The machine slept: that time has passed for the reports, too. */
  slept(ms: number): void;
  stop(): void;
}

interface Report {
  holder: string;
  models: readonly string[];
  /** Monotonic, milliseconds. */
  at: number;
  endsAt: number;
}

const MOST_PANELS = 100;

export function createPanelTraffic({ clock, onChange }: { clock: Clock; onChange(): void }): PanelTraffic {
  const reports = new Map<string, Report>();
  let timer: Timer | null = null;

  function expire(): boolean {
    const now = clock.monotonic();
    const before = reports.size;
    for (const [panel, { endsAt }] of reports) if (endsAt <= now) reports.delete(panel);
    return reports.size < before;
  }

  function plan(): void {
    timer?.cancel();
    timer = null;
    const next = Math.min(...[...reports.values()].map(({ endsAt }) => endsAt));
    if (!Number.isFinite(next)) return;
    timer = clock.timer(Math.max(0, next - clock.monotonic()), () => {
      if (expire()) onChange();
      plan();
    });
  }

  return {
    put(panel, { holder, models, ttlSeconds }) {
      expire();
      const before = reports.get(panel);
      if (before === undefined && reports.size >= MOST_PANELS) throw new AgentError('TOO_MANY_LEASES');
      const at = clock.monotonic();
      const sorted = [...new Set(models)].sort();
      if (sorted.length === 0) reports.delete(panel);
      else reports.set(panel, { holder, models: sorted, at, endsAt: at + ttlSeconds * 1000 });
      plan();
      if ((before?.models ?? []).join('\n') !== sorted.join('\n')) onChange();
    },
    list() {
      expire();
      const now = clock.monotonic();
      return [...reports].map(([panel, { holder, models, at }]) => ({
        panel,
        holder,
        models: [...models],
        seenSeconds: Math.max(0, Math.round((now - at) / 1000)),
      }));
    },
    slept(ms) {
      for (const report of reports.values()) {
        report.at -= ms;
        report.endsAt -= ms;
      }
      if (expire()) onChange();
      plan();
    },
    stop() {
      timer?.cancel();
      reports.clear();
    },
  };
}
