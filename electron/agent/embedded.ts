/** The agent inside another program: the same code on a host that the caller provides. */

import { postJson } from '../adapters/agent-host/post.ts';
import type { AgentHost, Clock, NetworkInterface } from '../adapters/agent-host/types.ts';
import type { ListenerLimits } from '../adapters/http/limits.ts';
import { createDgramUdp } from '../adapters/network/udp.ts';
import type { WorkerHost } from '../adapters/processes/worker-host.ts';
import { type Agent, startAgent } from './agent.ts';
import type { Post } from './awake-announcement.ts';
import { readConfig } from './config.ts';
import { createFolder } from './files.ts';
import { openToken } from './token.ts';

export type {
  AgentHost,
  MachineFacts,
  NetworkInterface,
} from '../adapters/agent-host/types.ts';
export type { WorkerExit, WorkerHost } from '../adapters/processes/worker-host.ts';
export type { Agent } from './agent.ts';
export type { Post } from './awake-announcement.ts';

export interface EmbeddedAgentOptions {
  /** As in the agent's config file. Throws BAD_CONFIG. */
  config: Readonly<Record<string, unknown>>;
  folder: string;
  clock: Clock;
  host: AgentHost;
  interfaces(): readonly NetworkInterface[];
  /** Whether something accepts a connection there. */
  reachable(address: string, port: number): Promise<boolean>;
  /** Sends panels the announcement that it is awake; default: real HTTP. */
  post?: Post;
  /** Starts the program of the role `runner`; default: there is none. */
  runnerHost?: WorkerHost;
  /** Starts the program of the role `worker`; default: there is none. */
  workerHost?: WorkerHost;
  version: string;
  limits?: ListenerLimits;
  log(message: string): void;
}

/** Listens where `config` says, on real sockets. */
export function startEmbeddedAgent(options: EmbeddedAgentOptions): Promise<Agent> {
  const file = { path: 'the configuration', content: options.config, privately: true };
  createFolder(options.folder);
  return startAgent({
    post: postJson,
    ...options,
    // The program around it chose the folder and keeps it.
    folderIsOpen: true,
    config: readConfig({ flags: {}, environment: {}, file }),
    udp: createDgramUdp(),
  });
}

/** The token of the agent with this folder, created if necessary. */
export function embeddedToken(folder: string): string {
  createFolder(folder);
  return openToken(folder);
}
