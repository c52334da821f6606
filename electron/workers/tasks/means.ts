/** The servers of models that a handler may use, from what the core says and where this worker is. Pure. */
import type { TaskMeans } from '../../../shared/contract/task-worker.ts';

export interface ModelServer {
  /** Without a path and without a slash at the end. */
  url: string;
  /** null for none. */
  key: string | null;
  model: string;
}

export interface FacesDoor {
  /** Signed, so that it needs no key. */
  url: string;
}

export interface SpeechServer extends ModelServer {
  /** As ISO 639 names it; null if the server finds out. */
  language: string | null;
}

/**
 * `not-set`: nothing was chosen in the settings. `gateway-off`: the gateway does not listen. `gateway-local`: it accepts
 * only programs of the computer where Pilotlight is.
 */
export type MeansGap = 'not-set' | 'gateway-off' | 'gateway-local';
export type Means<Server> = { server: Server } | { gap: MeansGap };

export interface HandlerMeans {
  speech: Means<SpeechServer>;
  vision: Means<ModelServer>;
  /** What finds faces in pictures. */
  faces: Means<FacesDoor>;
}

export const noMeans: HandlerMeans = {
  speech: { gap: 'not-set' },
  vision: { gap: 'not-set' },
  faces: { gap: 'not-set' },
};

/** @param base address of Pilotlight, as this worker uses it */
export function handlerMeans(means: TaskMeans | undefined, base: string): HandlerMeans {
  if (means === undefined) return noMeans;
  const { speech, vision, gateway, faces = null } = means;

  function onGateway<More extends { model: string }>(more: More): Means<Omit<ModelServer, 'model'> & More> {
    if (gateway === null) return { gap: 'gateway-off' };
    const { hostname } = new URL(base);
    if (gateway.open === 'loopback' && !isLoopback(hostname)) return { gap: 'gateway-local' };
    return { server: { ...more, url: `http://${hostname}:${gateway.port}`, key: gateway.key } };
  }

  return {
    speech: speechOf(),
    vision: vision === null ? noMeans.vision : onGateway({ model: vision.model }),
    // Behind a proxy, Pilotlight may have a path of its own.
    faces: faces === null ? noMeans.faces : { server: { url: `${base}${faces}` } },
  };

  function speechOf(): Means<SpeechServer> {
    if (speech === null) return noMeans.speech;
    const { url, key, model, language } = speech;
    return url === null ? onGateway({ model, language }) : { server: { url, key, model, language } };
  }
}

const isLoopback = (hostname: string) =>
  hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
