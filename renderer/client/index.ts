/** The panel's one client: over the preload bridge inside Electron, else over a WebSocket to its own origin. */
import { loadTexts } from '../texts.ts';
import { createClient } from './client.ts';
import type { Cryptography } from './core-proof.ts';
import { ownError } from './errors.ts';
import type { Link } from './link.ts';
import { createPreloadLink } from './preload-link.ts';
import { createSessionKeeper } from './session.ts';
import { createWebSocketLink, type Socket } from './websocket-link.ts';

export type { Client } from './client.ts';
export type { LinkStatus } from './link.ts';

/** A browser that keeps nothing for this page still serves one tab, until it is reloaded. */
function storageOf(
  name: 'localStorage' | 'sessionStorage',
): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  try {
    return window[name];
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}

function createLink(): Link {
  if (window.pilotlight) return createPreloadLink(window.pilotlight, loadTexts());
  const session = createSessionKeeper({
    hash: () => location.hash,
    replaceHash: (hash) => history.replaceState(null, '', hash),
    storage: storageOf('localStorage'),
    tabStorage: storageOf('sessionStorage'),
    coreId: document.querySelector<HTMLMetaElement>('meta[name="pilotlight-core"]')?.content ?? '',
    origin: location.origin,
    // Typed as always there; a browser that does not trust this page leaves it out.
    crypto: crypto as Cryptography,
    fetch: (path, init) => fetch(path, init),
  });
  const link = createWebSocketLink({
    async openSession() {
      // What arrives is written with the texts: without them there is no connection yet.
      const [hasTexts, opened] = await Promise.all([loadTexts(), session.open()]);
      return hasTexts ? opened : { error: ownError('LINK_LOST') };
    },
    openSocket(path, protocols) {
      const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
      return new WebSocket(`${scheme}//${location.host}${path}`, protocols) as unknown as Socket;
    },
    schedule(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    now: Date.now,
    random: Math.random,
  });
  // Another tab signed in, or a one-time address was entered in this one.
  addEventListener('storage', ({ key, newValue }) => {
    if (key === session.storageKey && newValue !== null) link.retry();
  });
  addEventListener('hashchange', () => {
    if (session.takeToken()) link.retry();
  });
  return link;
}

export const client = createClient({ link: createLink() });

/** The panel is visible: machines that are off are probed more often for a while. */
const attend = () => {
  if (document.hidden || client.status().state !== 'live') return;
  client.call('fleet.attend', {}).catch(() => undefined);
};
client.onStatus(attend);

// A tab that comes to the front reconnects at once, without waiting out its back-off.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) client.retry();
  attend();
});
