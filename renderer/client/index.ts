/** The panel's one client: over the preload bridge inside Electron, else over a WebSocket to its own origin. */
import { createClient } from './client.ts';
import type { Link } from './link.ts';
import { createPreloadLink } from './preload-link.ts';
import { createSessionOpener, forgetSession } from './session.ts';
import { createWebSocketLink, type Socket } from './websocket-link.ts';

export type { Client } from './client.ts';
export type { LinkStatus } from './link.ts';

function createLink(): Link {
  if (window.pilotlight) return createPreloadLink(window.pilotlight);
  return createWebSocketLink({
    openSession: createSessionOpener({
      hash: () => location.hash,
      replaceHash: (hash) => history.replaceState(null, '', hash),
      storage: sessionStorage,
      fetch: (path, init) => fetch(path, init),
    }),
    forgetSession: () => forgetSession(sessionStorage),
    openSocket(path, protocols) {
      const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
      return new WebSocket(`${scheme}//${location.host}${path}`, protocols) as unknown as Socket;
    },
    fetch: (path, init) => fetch(path, init),
    schedule(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    now: Date.now,
    random: Math.random,
  });
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
