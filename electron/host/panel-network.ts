/** Opens the panel at addresses of the network, as a person chose, and closes it. Closed by default. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import {
  type PanelNetworkView,
  type PanelNetworkWish,
  panelNetworkWishSchema,
} from '../../shared/models/access.ts';
import { fingerprintOf, makeSelfSigned, type SelfSigned } from '../adapters/http/self-signed.ts';
import { writePrivateFile } from '../adapters/private-file.ts';
import { readContent, trySetAside } from '../adapters/set-aside.ts';
import type { Log } from '../core/ports/log.ts';
import { closedWish, type PanelNetwork } from '../core/ports/panel-network.ts';
import type { Clock } from '../core/ports/time.ts';
import { createTurns } from '../core/runtime/turns.ts';
import type { HttpServer, HttpServerOptions } from '../transport/http/server.ts';

export type NetworkAt = NonNullable<HttpServerOptions['network']>;

export interface OwnAddress {
  address: string;
  /** Of its interface. */
  name: string;
}

export interface HostPanelNetwork extends PanelNetwork {
  /** Opens what was saved. An address that cannot be opened is a problem of the view, and no other one's. */
  start(createServer: (network: NetworkAt) => HttpServer): Promise<void>;
  /** Ends the streams of all devices. */
  endStreams(): void;
  stop(): Promise<void>;
}

const PAIR_MS = 5 * 60_000;
const CLOSE_MS = 500;
/** A certificate is made again when it would end within this time. */
const RENEW_MS = 30 * 86_400_000;

const readOwnAddresses = (): OwnAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([name, list]) =>
    (list ?? [])
      .filter(({ family, address }) => family === 'IPv4' || !address.startsWith('fe80'))
      .map(({ address }) => ({ address, name })),
  );

export function createPanelNetwork({
  dataFolder,
  clock,
  log,
  ownAddresses = readOwnAddresses,
}: {
  dataFolder: string;
  clock: Pick<Clock, 'now'>;
  log: Log;
  /** The addresses that can be chosen; injected by tests. */
  ownAddresses?: (() => OwnAddress[]) | undefined;
}): HostPanelNetwork {
  const wishPath = join(dataFolder, 'panel-network.json');
  const tlsPath = join(dataFolder, 'panel-tls.json');
  const turns = createTurns();
  let createServer: ((network: NetworkAt) => HttpServer) | null = null;
  let wish = readWish();
  let servers: { address: string; url: string; server: HttpServer }[] = [];
  let problems: PanelNetworkView['problems'] = [];
  let fingerprint: string | null = null;
  let isStopped = false;

  function readWish(): PanelNetworkWish {
    try {
      const found = readContent(wishPath, 'file');
      if (found.kind === 'missing') return closedWish;
      if (found.kind === 'unreadable') throw new Error(found.reason);
      return panelNetworkWishSchema.parse(JSON.parse(found.text));
    } catch (error) {
      // Closed is the safe way to be wrong.
      log.warn('How the panel is opened for other devices could not be read; it stays closed.', {
        error: String(error),
        keptAs: trySetAside(wishPath),
      });
      return closedWish;
    }
  }

  /** The certificate of before while it is good for these hosts, so that what a person has compared stays right. */
  function madeCertificate(hosts: readonly string[]): SelfSigned {
    try {
      const found = readContent(tlsPath, 'secret');
      const kept = JSON.parse(found.kind === 'read' ? found.text : 'null') as Partial<SelfSigned> | null;
      if (typeof kept?.cert === 'string' && typeof kept.key === 'string') {
        const known = new X509Certificate(kept.cert);
        const covers = hosts.every(
          (host) => (isIP(host) > 0 ? known.checkIP(host) : known.checkHost(host)) !== undefined,
        );
        const lasts = Date.parse(known.validTo) - clock.now() > RENEW_MS;
        if (covers && lasts && known.checkPrivateKey(createPrivateKey(kept.key)))
          return { cert: kept.cert, key: kept.key };
      }
    } catch {
      // It is made again.
    }
    const made = makeSelfSigned(hosts, clock.now());
    writePrivateFile(tlsPath, JSON.stringify(made));
    return made;
  }

  function tlsOf(wanted: PanelNetworkWish): SelfSigned | null {
    if (wanted.tls === 'off') return null;
    if (wanted.tls === 'made') return madeCertificate([...wanted.addresses, ...wanted.names]);
    try {
      const read = (path: string | null) => readFileSync(path ?? '', 'utf8');
      const own = { cert: read(wanted.certificateFile), key: read(wanted.keyFile) };
      if (!new X509Certificate(own.cert).checkPrivateKey(createPrivateKey(own.key)))
        throw new Error('The key is not that of the certificate.');
      return own;
    } catch (cause) {
      throw new PilotlightError('BAD_CERTIFICATE', { cause });
    }
  }

  async function closeAll(): Promise<void> {
    const before = servers;
    servers = [];
    for (const { server } of before) server.links.endStreams();
    await Promise.all(before.map(({ server }) => server.close(CLOSE_MS)));
  }

  async function openAll(wanted: PanelNetworkWish): Promise<void> {
    problems = [];
    fingerprint = null;
    if (wanted.addresses.length === 0 || createServer === null) return;
    const tls = tlsOf(wanted);
    fingerprint = tls === null ? null : fingerprintOf(new X509Certificate(tls.cert).raw);
    for (const address of wanted.addresses) {
      const server = createServer({ address, names: wanted.names, tls });
      try {
        servers.push({ address, url: await server.listen(wanted.port), server });
      } catch (error) {
        await server.close(0).catch(() => undefined);
        const { code, message } = isPilotlightError(error) ? error : new PilotlightError('BAD_ADDRESS');
        problems.push({ address, code, message });
      }
    }
  }

  function view(): PanelNetworkView {
    const choices = ownAddresses();
    return {
      wish,
      choices,
      open: servers.map(({ address, url }) => ({ address, url })),
      problems: [...problems],
      fingerprint,
    };
  }

  async function change(wanted: PanelNetworkWish): Promise<PanelNetworkView> {
    const own = new Set(ownAddresses().map(({ address }) => address));
    const strange = wanted.addresses.find((address) => !own.has(address));
    if (strange !== undefined)
      throw new PilotlightError('BAD_ADDRESS', { details: { field: 'addresses', address: strange } });
    // Before anything is closed: a wrong certificate must not end what works.
    tlsOf(wanted);
    const before = wish;
    await closeAll();
    await openAll(wanted);
    const problem = problems[0];
    try {
      if (problem !== undefined && servers.length === 0 && wanted.addresses.length > 0)
        throw new PilotlightError(problem.code === 'PORT_IN_USE' ? 'PORT_IN_USE' : 'BAD_ADDRESS', {
          message: problem.message,
          details: { field: 'port' },
        });
      writePrivateFile(wishPath, JSON.stringify(wanted));
    } catch (error) {
      await closeAll();
      await openAll(before).catch(() => undefined);
      throw error;
    }
    wish = wanted;
    return view();
  }

  return {
    view,
    set: (wanted) =>
      turns.take('network', async () => {
        if (isStopped) throw new PilotlightError('STOPPING');
        return change(wanted);
      }),
    pair(address) {
      const found = servers.find((one) => one.address === address);
      if (found === undefined) throw new PilotlightError('NOT_FOUND');
      return { url: found.server.oneTimeUrl(PAIR_MS), expiresAt: clock.now() + PAIR_MS };
    },
    start: (create) =>
      turns.take('network', async () => {
        createServer = create;
        try {
          await openAll(wish);
        } catch (error) {
          const { code, message } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
          problems = wish.addresses.map((address) => ({ address, code, message }));
        }
        if (problems.length > 0) log.warn('The panel could not be opened for other devices.', { problems });
      }),
    endStreams() {
      for (const { server } of servers) server.links.endStreams();
    },
    stop: () =>
      turns.take('network', async () => {
        isStopped = true;
        await closeAll();
      }),
  };
}
