/** The steps of a diagnosis, from the name of a node to its GPU. None of them wakes or changes anything. */

import { isServing } from '../../../shared/models/fleet.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentMachine } from '../ports/agents.ts';
import { isPastTheDoor, judgeAgent, judgeClock, judgeRights, judgeToken } from './judge-agent.ts';
import { judgeArmed } from './judge-armed.ts';
import { judgeLeftBehind } from './judge-left-behind.ts';
import {
  type HostFacts,
  hostAnswers,
  judgeHost,
  judgeName,
  judgeRoutes,
  judgeWays,
} from './judge-network.ts';
import {
  type GpuFacts,
  judgeGpu,
  judgePort,
  judgeServer,
  judgeUsedGpu,
  type ServerFacts,
} from './judge-server.ts';
import type { Probes } from './probes.ts';
import type { StepPlan } from './runs.ts';
import type { Verdict } from './verdict.ts';

export interface DiagnosisFacts {
  probes: Probes;
  power: Pick<NodePower, 'means' | 'policy' | 'agent'>;
  /** What its agent said when it was last on; null where none did. */
  lastMachine: AgentMachine | null;
  /** Processes that its readings have shown to be left behind by their server. */
  leftBehind: ReadonlySet<number>;
}

export function diagnosisSteps({ probes, power, lastMachine, leftBehind }: DiagnosisFacts): StepPlan[] {
  const { node } = probes;
  const isThisComputer = node.kind === 'this-computer';

  async function hostFacts(): Promise<HostFacts> {
    const [name, server, agent, neighbourMac] = await Promise.all([
      probes.name(),
      probes.server(),
      probes.agent(),
      probes.neighbourMac(),
    ]);
    return {
      isThisComputer,
      host: probes.host,
      nameFound: name === null || name.ok,
      isLocal: probes.isLocal,
      server,
      agent,
      wasServing: isServing(node.state),
      mac: node.mac,
      neighbourMac,
    };
  }

  async function serverFacts(): Promise<ServerFacts> {
    const machine = await probes.machine();
    return {
      url: node.url,
      hostAnswers: hostAnswers(await hostFacts()),
      isThisComputer,
      server: await probes.server(),
      answersThere: machine?.ok ? machine.value.machine.ollama.answers : null,
    };
  }

  async function agentFacts() {
    const [machine, actions] = await Promise.all([probes.machine(), probes.power()]);
    // An agent without the telemetry role knows no machine, but its token is as good.
    const called = machine?.ok === false && !isPastTheDoor(machine.error) && actions?.ok ? actions : machine;
    return {
      url: node.agentUrl,
      hostAnswers: hostAnswers(await hostFacts()),
      hasToken: probes.hasToken,
      health: await probes.agent(),
      called,
    };
  }

  /** What its own tools see; null where nobody looks. */
  async function gpuFacts(): Promise<GpuFacts> {
    const machine = await probes.machine();
    const { sample } = machine?.ok ? machine.value : { sample: null };
    const { hasGpu } = node;
    if (sample !== null) {
      const { gpusRead, problems } = sample;
      return { hasGpu, gpus: sample.gpus.map(({ name }) => name), gpusRead, problems };
    }
    const own = await probes.ownGpus();
    if (own !== null) {
      const { names, problem } = own;
      if (problem === null) return { hasGpu, gpus: names, problems: [] };
      return { hasGpu, gpus: names, gpusRead: 'failed', problems: [problem] };
    }
    // What an agent reported before it fell silent says nothing about now.
    const isSeen = isThisComputer || (node.kind === 'simulated' && isServing(node.state));
    const seenFromHere = isSeen ? node.gpus.map(({ name }) => name) : null;
    return { hasGpu, gpus: seenFromHere, problems: [] };
  }

  const step = (id: string, title: string, judge: () => Promise<Verdict>): StepPlan => ({
    id,
    title,
    run: judge,
  });

  return [
    step('name', 'Its name is known', async () =>
      judgeName({
        host: probes.host,
        kind: probes.isLocal ? 'this-computer' : probes.isAddress ? 'address' : 'name',
        found: await probes.name(),
      }),
    ),
    step('ways', 'There is a way to wake it', async () => judgeWays({ isThisComputer, ways: probes.ways() })),
    step('armed', 'Wake-on-LAN is armed', async () => {
      const machine = await probes.machine();
      return judgeArmed({
        usesPackets: !isThisComputer && node.wakeWays.some(({ kind }) => kind !== 'command'),
        mac: node.mac,
        machine: machine?.ok ? machine.value.machine : lastMachine,
      });
    }),
    step('route', 'A wake packet gets there', async () => judgeRoutes(await probes.routes())),
    step('host', 'The machine answers', async () => judgeHost(await hostFacts())),
    step('port', 'Ollama’s port is open', async () => judgePort(await serverFacts())),
    step('server', 'Ollama answers', async () => judgeServer(await serverFacts())),
    step('agent', 'The agent answers', async () => judgeAgent(await agentFacts())),
    step('token', 'The agent knows Pilotlight', async () => judgeToken(await agentFacts())),
    step('rights', 'It can be powered off', async () => {
      const [facts, agent, actions] = await Promise.all([agentFacts(), probes.agent(), probes.power()]);
      return judgeRights({
        means: power.means,
        policy: power.policy,
        hostAnswers: facts.hostAnswers,
        tokenTaken: judgeToken(facts).state === 'pass',
        roles: agent?.ok ? agent.value.roles : [],
        power: actions,
        shutdownServer: power.means === 'server' ? await probes.shutdownServer() : null,
      });
    }),
    step('gpu', 'Its GPU is seen', async () => judgeGpu(await gpuFacts())),
    step('used-gpu', 'Ollama uses the GPU', async () => {
      const [server, machine, gpu] = await Promise.all([probes.server(), probes.machine(), gpuFacts()]);
      return judgeUsedGpu({
        hasGpu: gpu.gpus !== null && gpu.gpus.length > 0 ? true : node.hasGpu,
        serverAnswers: server?.ok ?? false,
        loaded: server?.ok ? server.value.loaded : null,
        foundAtStart: machine?.ok ? machine.value.machine.ollama.gpuFound : null,
        mayRestartOllama: power.agent?.mayRestartOllama ?? false,
      });
    }),
    step('left-behind', 'Its VRAM is not held by an ended Ollama', async () => {
      const machine = await probes.machine();
      return judgeLeftBehind({ sample: machine?.ok ? machine.value.sample : null, known: leftBehind });
    }),
    step('clock', 'Its clock is right', async () => {
      const machine = await probes.machine();
      if (!machine?.ok) return judgeClock({ machine: null });
      const { machine: told, sample, readAt } = machine.value;
      return judgeClock({ machine: { bootId: told.bootId, at: sample.at, readAt } });
    }),
  ];
}
