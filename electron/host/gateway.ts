/** The gateway's process: which one a program uses, and how it reaches it. */
import { join } from 'node:path';
import { createGatewayLink } from '../adapters/gateway/gateway-link.ts';
import { createOutlivingHost, retireOutliving } from '../adapters/processes/outliving-host.ts';
import { createForkWorkerHost } from '../adapters/processes/worker-host.ts';
import type { CoreOptions } from '../core/compose.ts';
import type { Log } from '../core/ports/log.ts';
import type { Clock } from '../core/ports/time.ts';
import type { CreateWorkerHost } from './ports.ts';
import { gatewayWorkerEntry, version } from './program.ts';

export interface HostGateway {
  /** For this run; `off` for none. Default: that of the settings. */
  port?: number | 'off' | undefined;
  /** The process continues for a while when this one ends, and the next one finds it. Default: they end together. */
  outlives?: boolean;
  /** Default: the gateway's own. */
  entry?: string;
}

/** Private: whoever reads it can tell the process where to send requests. */
const endpointOf = (dataFolder: string) => join(dataFolder, 'gateway.json');

/** What a request leaves behind is garbage at once: a small young generation saves memory, and costs no time. */
export const gatewayNodeFlags: readonly string[] = ['--max-semi-space-size=8'];

export function openGatewayLink(options: {
  /** undefined for a program that has none, such as one command. */
  gateway: HostGateway | undefined;
  dataFolder: string;
  createWorkerHost: CreateWorkerHost | undefined;
  clock: Clock;
  log: Log;
}): CoreOptions['gateway'] {
  const { gateway, dataFolder, clock, log, createWorkerHost = createForkWorkerHost } = options;
  if (gateway === undefined) return undefined;
  const { port = null, outlives = false, entry = gatewayWorkerEntry } = gateway;
  const endpoint = endpointOf(dataFolder);
  if (port === 'off' || !outlives) void retireOutliving(endpoint);
  if (port === 'off') return { link: null, port };
  const common = { clock, log, core: String(process.pid) };
  if (!outlives) {
    const host = createWorkerHost({ entry, name: 'gateway', log, nodeFlags: gatewayNodeFlags });
    return { link: createGatewayLink({ ...common, host }), port };
  }
  const host = createOutlivingHost({ entry, endpoint, version, log, nodeFlags: gatewayNodeFlags });
  return { link: createGatewayLink({ ...common, host, leaveAtStop: host.leaveAtStop }), port };
}
