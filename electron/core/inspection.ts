/** The services that look for machines and find out what is wrong with one. */
import type { AgentsService } from './agents/model.ts';
import { createChecksService } from './diagnosis/service.ts';
import { createAgentFacts } from './discovery/agent-facts.ts';
import { createDiscoveryService } from './discovery/service.ts';
import type { FleetService } from './fleet/service.ts';
import type { Ports } from './ports/all.ts';
import type { Streams } from './runtime/streams.ts';
import type { ShutdownService } from './shutdown/service.ts';
import type { TelemetryService } from './telemetry/service.ts';
import type { WakeService } from './wake/service.ts';

export function createInspection({
  ports,
  streams,
  fleet,
  agents,
  wake,
  shutdown,
  telemetry,
}: {
  ports: Ports;
  streams: Streams;
  fleet: FleetService;
  agents: AgentsService;
  wake: WakeService;
  shutdown: ShutdownService;
  telemetry: TelemetryService;
}) {
  const { clock, log, http, udp } = ports;
  const discovery = createDiscoveryService({
    clock,
    log,
    http,
    udp,
    surroundings: ports.surroundings,
    streams,
    fleet,
    agentMachine: createAgentFacts({
      connectAgent: ports.connectAgent,
      pairedToken: agents.pairedToken,
      fleet,
    }),
  });

  const checks = createChecksService({
    clock,
    log,
    http,
    udp,
    surroundings: ports.surroundings,
    streams,
    fleet,
    connectAgent: ports.connectAgent,
    connectInferenceServer: ports.connectInferenceServer,
    power: wake,
    hardware: ports.hardware,
    powersOff: { off: shutdown.powerOff, cancel: shutdown.cancelPowerOff },
    powerOf: shutdown.get,
    lastMachine: agents.machine,
    leftBehind: telemetry.leftBehind,
  });

  return { discovery, checks };
}
