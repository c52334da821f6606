/** The connections to the servers: a pool for each node, as long as it has the same address. */
import Pool from 'undici/lib/dispatcher/pool.js';

export interface Upstreams {
  /** The pool of a node; null if there is no such node. */
  pool(nodeId: string): Pool | null;
  /** Connections to a node that went, or has another address, close when their requests have ended. */
  set(nodes: readonly { id: string; url: string }[]): void;
  /** Closes everything at once. */
  stop(): Promise<void>;
}

/** A machine that sleeps does not refuse a connection, milliseconds. */
const CONNECT_MS = 3000;
const MOST_HEADER_BYTES = 64 * 1024;

export function createUpstreams(): Upstreams {
  const pools = new Map<string, { url: string; pool: Pool }>();

  return {
    pool: (nodeId) => pools.get(nodeId)?.pool ?? null,
    set(nodes) {
      const urls = new Map(nodes.map(({ id, url }) => [id, url]));
      for (const [id, { url, pool }] of [...pools]) {
        if (urls.get(id) === url) continue;
        pools.delete(id);
        void pool.close().catch(() => {});
      }
      for (const [id, url] of urls) {
        if (!pools.has(id)) pools.set(id, { url, pool: open(url) });
      }
    },
    async stop() {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all(open.map(({ pool }) => pool.destroy()));
    },
  };
}

function open(url: string): Pool {
  return new Pool(new URL(url).origin, {
    pipelining: 1,
    // A model may load for minutes, and think for as long.
    headersTimeout: 0,
    bodyTimeout: 0,
    connectTimeout: CONNECT_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
    allowH2: false,
  });
}
