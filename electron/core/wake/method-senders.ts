/** Uses a wake method once: sends packets, asks an agent or a relay, or runs a program. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { errorMessage, fact } from '../../../shared/models/message.ts';
import type { WakeWay } from '../../../shared/models/power.ts';
import type { FleetService } from '../fleet/service.ts';
import { unavailableReason } from '../fleet/wakeable.ts';
import type { AgentLink, AgentMachine } from '../ports/agents.ts';
import type { Http, Udp } from '../ports/network.ts';
import type { Exec } from '../ports/processes.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { type PacketRound, sendPackets } from './packets.ts';
import { askRelay, RELAY_DEADLINE_MS } from './relay-client.ts';
import { programName } from './wake-methods.ts';

export interface MethodSenders {
  /**
   * Rejects with WAKE_FAILED and `details.failedDestinations` if no packet could be sent, RELAY_FAILED,
   * COMMAND_FAILED, CANNOT_WAKE if the method cannot be used, or the signal's reason.
   */
  send(way: WakeWay, record: NodeRecord, signal: AbortSignal): Promise<PacketRound>;
  hasAgent(nodeId: string): boolean;
}

export interface MethodSendersDependencies {
  clock: Clock;
  udp: Udp;
  http: Http;
  exec: Exec;
  fleet: Pick<FleetService, 'secureOn' | 'relayToken' | 'get'>;
  /** null if the node has no agent, or no token is known for it. */
  agentLink(nodeId: string): AgentLink | null;
  /** The machine as its own agent last described it; null if it never did. */
  agentMachine(nodeId: string): Pick<AgentMachine, 'interfaces'> | null;
}

const COMMAND_DEADLINE_MS = 30_000;
const NO_PACKETS: PacketRound = { sent: 0, failed: [] };
const ONE_REQUEST: PacketRound = { sent: 1, failed: [] };

export function createMethodSenders(dependencies: MethodSendersDependencies): MethodSenders {
  const { clock, udp, http, exec, fleet, agentLink, agentMachine } = dependencies;
  const hasAgent = (nodeId: string) => fleet.get(nodeId) !== null && agentLink(nodeId) !== null;

  async function direct(record: NodeRecord & { mac: string }): Promise<PacketRound> {
    const interfaces = agentMachine(record.id)?.interfaces ?? [];
    const round = await sendPackets(udp, {
      ...record,
      secureOn: fleet.secureOn(record.id),
      lastAddresses: interfaces.filter(({ mac }) => sameMac(mac, record.mac)).map(({ address }) => address),
    });
    if (round.sent > 0) return round;
    throw new PilotlightError('WAKE_FAILED', {
      details: { nodeId: record.id, failedDestinations: round.failed },
    });
  }

  async function byAgent(nodeId: string, mac: string, signal: AbortSignal): Promise<PacketRound> {
    try {
      await withDeadline(clock, RELAY_DEADLINE_MS, signal, async (limited) => {
        await agentLink(nodeId)?.wake(mac, limited);
      });
      return ONE_REQUEST;
    } catch (reason) {
      if (signal.aborted || !isPilotlightError(reason)) throw reason;
      throw new PilotlightError('RELAY_FAILED', {
        message: fact('AGENT_DID_NOT_WAKE_IT', {
          node: fleet.get(nodeId)?.name ?? null,
          reason: errorMessage(reason),
        }),
        next: reason.next,
        details: { nodeId, reason: reason.code },
        cause: reason,
      });
    }
  }

  async function byCommand(command: readonly string[], signal: AbortSignal): Promise<PacketRound> {
    const { code, output } = await exec.run(command, { deadlineMs: COMMAND_DEADLINE_MS, signal });
    if (code === 0) return NO_PACKETS;
    const said = lastLine(output);
    throw new PilotlightError('COMMAND_FAILED', {
      message: fact('COMMAND_ENDED_WITH', { program: programName(command), code, said }),
      details: { code, output: output.slice(-2000) },
    });
  }

  return {
    hasAgent,
    async send(way, record, signal) {
      signal.throwIfAborted();
      const unavailable = unavailableReason(record, way, hasAgent);
      if (unavailable !== null) throw new PilotlightError('CANNOT_WAKE', { message: unavailable });
      const { mac } = record;
      switch (way.kind) {
        case 'direct':
          return mac === null ? NO_PACKETS : direct({ ...record, mac });
        case 'agent':
          return mac === null ? NO_PACKETS : byAgent(way.nodeId, mac, signal);
        case 'relay':
          await askRelay({ http, url: way.url, mac, token: fleet.relayToken(record.id), signal });
          return ONE_REQUEST;
        case 'command':
          return byCommand(way.command, signal);
      }
    },
  };
}

const sameMac = (one: string, other: string) =>
  one.replaceAll(/[:.-]/g, '').toLowerCase() === other.replaceAll(/[:.-]/g, '').toLowerCase();

function lastLine(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  return (lines.findLast((line) => line !== '') ?? '').slice(0, 300);
}
