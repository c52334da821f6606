/** The addresses under which Pilotlight answers, and why one does not. Pure. */
import type { GatewayView } from '../../../shared/models/gateway.ts';
import type { ImmichView } from '../../../shared/models/immich.ts';
import type { RunnerView } from '../../../shared/models/runner.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { hasWords } from '../../components/has-words.ts';

export interface Door {
  name: string;
  about: string;
  /** null while it is closed. */
  url: string | null;
  /** The setting that opens it; null if it is always open. */
  setting: string | null;
}

export interface DoorFacts {
  /** Where this Pilotlight answers on this computer; null while unknown. */
  url: string | null;
  gateway: Pick<GatewayView, 'url' | 'listening'> | null;
  settings: Pick<Settings, 'tasks'> | null;
  runner: Pick<RunnerView, 'url'> | null;
  immich: Pick<ImmichView, 'urls'> | null;
}

export function doorsOf({ url, gateway, settings, runner, immich }: DoorFacts): Door[] {
  const tasks = settings?.tasks;
  return [
    {
      name: 'Panel, control API and tasks',
      about: 'For the panel, and for scripts on this computer with a key.',
      url,
      setting: null,
    },
    {
      name: 'Metrics',
      about: 'For Prometheus on this computer, with a key that may view.',
      url: url === null ? null : `${url}/metrics`,
      setting: null,
    },
    {
      name: 'Gateway',
      about:
        gateway?.listening === 'network'
          ? 'Every model of the fleet, for programs on this computer and in your network.'
          : 'Every model of the fleet, for programs on this computer.',
      url: gateway?.url ?? null,
      setting: 'gateway.on',
    },
    {
      name: 'Tasks from the network',
      about: 'For scripts and workers on other computers, with a key. Use this computer’s name or address.',
      url: tasks?.listen === 'network' ? `http://THIS-COMPUTER:${tasks.port}` : null,
      setting: 'tasks.listen',
    },
    {
      name: 'Runner',
      about: 'ONNX models on this computer, for texts and faces.',
      url: runner?.url || null,
      setting: 'runner.on',
    },
    {
      name: 'Immich',
      about: 'The machine-learning address for Immich.',
      url: immich?.urls[0] ?? null,
      setting: 'immich.on',
    },
  ];
}

/** A scrape job for Prometheus; `HOST:PORT` while the address is unknown. */
export function prometheusJob(url: string | null): string {
  const target = url === null ? 'HOST:PORT' : new URL(url).host;
  return `scrape_configs:
  - job_name: pilotlight
    scrape_interval: 15s
    authorization:
      credentials_file: /etc/prometheus/pilotlight.key
    static_configs:
      - targets: ["${target}"]
`;
}

/** Whether a search of the settings is about this. */
export const matchesDoors = (text: string): boolean =>
  hasWords(
    'api metrics addresses url port copy prometheus job grafana dashboard scrape monitoring gateway tasks runner immich',
    text,
  );
