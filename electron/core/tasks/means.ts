/** What a worker may use for media, from the settings and the gateway's state. Pure. */
import type { TaskMeans } from '../../../shared/contract/task-worker.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import type { ContentType } from '../../../shared/models/tasks.ts';
import type { TasksSettings } from '../../../shared/models/tasks-settings.ts';
import { basePath } from '../../../shared/network/api-path.ts';
import { parseWebUrl } from '../../../shared/network/web-address.ts';

type ModelSettings = Pick<
  TasksSettings,
  'speech' | 'speechUrl' | 'speechModel' | 'speechLanguage' | 'visionModel'
>;

export const needsMeans: ReadonlySet<ContentType> = new Set(['image', 'audio', 'video', 'youtube']);

export function meansOf(
  settings: ModelSettings,
  {
    speechKey,
    gateway,
    gatewayKey,
    faces,
  }: {
    speechKey: string | null;
    gateway: Pick<GatewayView, 'url' | 'listening'>;
    /** Called only if a model is used through the gateway. */
    gatewayKey(): string;
    /** Signed address that finds faces; null if a person does not want that. */
    faces: string | null;
  },
): TaskMeans {
  const { url, listening } = gateway;
  return {
    speech: speechOf(settings, speechKey),
    vision: settings.visionModel === null ? null : { model: settings.visionModel },
    gateway:
      url === null || listening === null || modelsOf(settings).length === 0
        ? null
        : { port: Number(new URL(url).port), key: gatewayKey(), open: listening },
    faces,
  };
}

function speechOf(
  { speech, speechUrl, speechModel: model, speechLanguage: language }: ModelSettings,
  key: string | null,
): TaskMeans['speech'] {
  if (speech === 'none' || model === null) return null;
  if (speech === 'gateway') return { url: null, key: null, model, language };
  const url = speechUrl === null ? null : parseWebUrl(speechUrl);
  if (url === null) return null;
  return { url: `${url.origin}${basePath(url.pathname, 'server')}`, key, model, language };
}

/** The models for which a worker may use the gateway. */
export function modelsOf({ speech, speechModel, visionModel }: ModelSettings): string[] {
  return [speech === 'gateway' ? speechModel : null, visionModel].filter((model) => model !== null);
}
