/** The life of a process that outlives its core: it can be found again, and ends by itself when no core connects. */
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { bind } from '../../adapters/http/bind.ts';
import { readBootId, removeLinkEndpoint, writeLinkEndpoint } from '../../adapters/processes/link/endpoint.ts';
import { readFrames, writeFrame } from '../../adapters/processes/link/frames.ts';
import {
  endpointOption,
  type LinkMessage,
  ORPHAN_MS,
  orphanOption,
  READY,
  versionOption,
} from '../../adapters/processes/link/messages.ts';
import { proveToCore } from '../../adapters/processes/link/proof.ts';
import type { FromWorker, ToWorker } from '../../adapters/processes/worker-protocol.ts';
import type { GatewayContract } from '../../core/gateway/protocol.ts';
import type { Conversation, GatewayProgram } from './program.ts';

export interface OutliveOptions {
  /** The private endpoint file. */
  endpoint: string;
  version: string;
  /** How long it runs without a core, milliseconds. */
  orphanMs: number;
}

/** null for a child of the core. */
export function outliveOptions(argv: readonly string[]): OutliveOptions | null {
  const after = (option: string) => argv.find((one) => one.startsWith(option))?.slice(option.length);
  const [endpoint, version] = [after(endpointOption), after(versionOption)];
  if (endpoint === undefined || version === undefined) return null;
  return { endpoint, version, orphanMs: Number(after(orphanOption) ?? ORPHAN_MS) };
}

/** Connections that have not proved anything yet, at most. */
const MOST_STRANGERS = 16;
/** How often a process that was left in order checks whether its work is done. */
const CHECK_MS = 200;

type Converse = (
  program: GatewayProgram,
  send: (message: FromWorker<GatewayContract>) => void,
) => Conversation;

export function serveOutliving(program: GatewayProgram, options: OutliveOptions, converse: Converse): void {
  const token = randomBytes(32).toString('base64url');
  let port = 0;
  let strangers = 0;
  let core: { socket: Socket; conversation: Conversation } | null = null;
  let orphaned: NodeJS.Timeout | null = null;
  let checks: NodeJS.Timeout | null = null;
  let retiring = false;

  function exit(): void {
    removeLinkEndpoint(options.endpoint, token);
    process.exit(0);
  }

  /** Nobody is connected: it ends unless another core comes. */
  function orphan(): void {
    orphaned ??= setTimeout(exit, options.orphanMs);
  }

  /** Ends as soon as nothing is in flight. */
  function endWhenIdle(): void {
    if (program.inFlight() === 0) exit();
    checks ??= setInterval(() => {
      if (program.inFlight() === 0) exit();
    }, CHECK_MS);
  }

  /** Another version takes over, and writes a file of its own. */
  async function retire(): Promise<void> {
    if (retiring) return;
    retiring = true;
    removeLinkEndpoint(options.endpoint, token);
    setTimeout(exit, options.orphanMs);
    await program.close();
    endWhenIdle();
  }

  function adopt(socket: Socket): void {
    if (orphaned !== null) clearTimeout(orphaned);
    if (checks !== null) clearInterval(checks);
    orphaned = null;
    checks = null;
    // One core has the data folder: an earlier connection is that of a core that has ended.
    core?.socket.destroy();
    core?.conversation.end();
    const conversation = converse(program, (message) => writeFrame(socket, message));
    const own = { socket, conversation };
    core = own;
    let left = false;
    socket.on('close', () => {
      if (core !== own) return;
      core = null;
      conversation.end();
      orphan();
      if (left) endWhenIdle();
    });
    readFrames(socket, (received) => {
      const message = received as ToWorker<GatewayContract> | LinkMessage;
      if (message.kind === 'leave') left = true;
      else if (message.kind === 'retire') void retire();
      else if (message.kind === 'stop') exit();
      else conversation.receive(message);
    });
  }

  const server = createServer(async (socket) => {
    socket.on('error', () => socket.destroy());
    if (strangers >= MOST_STRANGERS) return void socket.destroy();
    strangers += 1;
    socket.setNoDelay(true);
    try {
      await proveToCore(socket, { token, port });
      adopt(socket);
    } catch {
      socket.destroy();
    } finally {
      strangers -= 1;
    }
  });

  // The core that reads these may end at any time.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, exit);

  orphan();
  bind(server, { host: '127.0.0.1', port: 0 }).then((address) => {
    port = address.port;
    const { endpoint: path, version } = options;
    writeLinkEndpoint(path, { pid: process.pid, bootId: readBootId(), port, token, version });
    process.stdout.write(`${READY}\n`);
  });
}
