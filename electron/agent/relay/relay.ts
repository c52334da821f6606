/** The relay role: wakes machines on its own network for panels that cannot reach it with a broadcast. */
import { agentApi } from '../../../shared/contract/agent.ts';
import { readMac } from '../../../shared/network/mac.ts';
import type { NetworkInterface, Udp } from '../../adapters/agent-host/types.ts';
import { AgentError, type AgentErrorCode, errorText } from '../errors.ts';
import { ok, type Route, serve } from '../http/route.ts';
import { packetDestinations } from './packet-destinations.ts';

export interface RelaySettings {
  /** Machines that may be woken; the first is the default. Empty: the token may wake any machine. */
  allowedMacs: readonly string[];
  /** Replaces the broadcast address of each interface. */
  broadcasts: readonly string[];
  wakePorts: readonly number[];
  secureOn: string | null;
  /** The GPU machine's address, for /health and /status. */
  target: string | null;
  targetPort: number;
  openWake: boolean;
}

export interface RelayOptions {
  settings: RelaySettings;
  udp: Pick<Udp, 'send' | 'magicPacket'>;
  interfaces(): readonly NetworkInterface[];
  /** Whether something accepts a connection there. */
  reachable(address: string, port: number): Promise<boolean>;
  monotonic(): number;
  log(message: string): void;
}

export interface WakeReport {
  sent: string[];
  failed: { destination: string; reason: string }[];
}

/** /health needs no token, so one check is shared for a while. */
const CHECK_EVERY_MS = 5000;

export function createRelay(options: RelayOptions) {
  const { settings, udp, interfaces, reachable, monotonic, log } = options;
  let lastCheck: { at: number; answer: Promise<boolean> } | null = null;

  function targetReachable(): Promise<boolean> {
    if (settings.target === null) return Promise.resolve(false);
    if (lastCheck === null || monotonic() - lastCheck.at > CHECK_EVERY_MS) {
      lastCheck = { at: monotonic(), answer: reachable(settings.target, settings.targetPort) };
    }
    return lastCheck.answer;
  }

  /** Sends once to every destination; one that fails does not stop the others. Throws WAKE_NOT_SENT if all fail. */
  async function wake(mac: string): Promise<WakeReport> {
    const packet = udp.magicPacket(mac, settings.secureOn);
    const destinations = packetDestinations({
      interfaces: interfaces(),
      broadcasts: settings.broadcasts,
      ports: settings.wakePorts,
    });
    const report: WakeReport = { sent: [], failed: [] };
    const results = await Promise.allSettled(
      destinations.map(({ address, port }) => udp.send(packet, port, address)),
    );
    for (const [index, result] of results.entries()) {
      const { address, port } = destinations[index] ?? { address: '', port: 0 };
      const destination = `${address}:${port}`;
      if (result.status === 'fulfilled') report.sent.push(destination);
      else report.failed.push({ destination, reason: errorText(result.reason) });
    }
    if (report.sent.length > 0) return report;
    throw new AgentError('WAKE_NOT_SENT', {
      ...(destinations.length === 0 ? { message: 'No interface of the relay has a broadcast address.' } : {}),
      details: { failed: report.failed },
    });
  }

  async function wakeFor(address: string, named: string | null) {
    const mac = named ?? settings.allowedMacs[0];
    if (mac === undefined) throw new AgentError('NO_MAC');
    if (settings.allowedMacs.length > 0 && !settings.allowedMacs.includes(mac)) {
      throw new AgentError('MAC_NOT_ALLOWED', { details: { mac } });
    }
    const report = await wake(mac);
    log(`relay: woke ${mac} for ${address}: ${report.sent.length} sent, ${report.failed.length} failed`);
    return ok({ success: true, mac, message: `Wake packet sent to ${report.sent.join(', ')}.`, ...report });
  }

  const wakeOptions = {
    access: settings.openWake ? ('open' as const) : ('token' as const),
    refusal: (error: AgentError) => ({
      success: false,
      mac: typeof error.details?.mac === 'string' ? error.details.mac : null,
      message: error.message,
      ...legacyError(error),
      ...(error.details === undefined ? {} : { details: error.details }),
    }),
  };

  const routes: Route[] = [
    serve(agentApi.wakeKnown, (_, { address }) => wakeFor(address, null), wakeOptions),
    serve(agentApi.wake, ({ mac }, { address }) => wakeFor(address, checkedMac(mac)), wakeOptions),
    serve(
      agentApi.status,
      async () => {
        const destinations = packetDestinations({
          interfaces: interfaces(),
          broadcasts: settings.broadcasts,
          ports: [9],
        });
        const broadcasts = [...new Set(destinations.map(({ address }) => address))];
        return ok({
          gpu_pc: {
            mac: settings.allowedMacs[0] ?? null,
            ip: settings.target,
            broadcast: broadcasts[0] ?? null,
            ollama_reachable: await targetReachable(),
          },
          allowed_macs: [...settings.allowedMacs],
          broadcasts,
        });
      },
      { refusal: legacyError },
    ),
  ];

  return {
    routes,
    wake,
    async health() {
      return { gpu_pc_reachable: await targetReachable(), gpu_pc_ip: settings.target };
    },
  };
}

const legacyMessages: Partial<Record<AgentErrorCode, string>> = { UNAUTHORIZED: 'Unauthorized' };

/** `{error: "Unauthorized"}` as existing servers answer, with our code and next step added. */
export function legacyError(error: AgentError): { error: string; code: string; next: string } {
  return { error: legacyMessages[error.code] ?? error.message, code: error.code, next: error.next };
}

function checkedMac(mac: string | null): string | null {
  if (mac === null) return null;
  const read = readMac(mac);
  if (read === null) throw new AgentError('BAD_MAC', { details: { given: mac } });
  return read;
}
