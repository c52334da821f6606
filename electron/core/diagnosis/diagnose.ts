/** The steps of a diagnosis, from the name of a node to its GPU. None of them wakes or changes anything. */

import { isServing } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { NodePower } from '../../../shared/models/power.ts';
import type { AgentMachine } from '../ports/agents.ts';
import { acceptedToken, judgeAgent, judgeClock, judgeToken } from './judge-agent.ts';
import { judgeArmed } from './judge-armed.ts';
import { type GpuFacts, gpuToUse, judgeGpu, judgeUsedGpu } from './judge-gpu.ts';
import { judgeLeftBehind } from './judge-left-behind.ts';
import { type HostFacts, hostAnswers, judgeHost, judgeName } from './judge-network.ts';
import { judgePowerOff } from './judge-power-off.ts';
import { judgePort, judgeServer, type ServerFacts } from './judge-server.ts';
import { judgeRoutes, judgeWakeMethods } from './judge-wake.ts';
import type { Probes } from './probes.ts';
import type { StepPlan } from './runs.ts';
import type { Verdict } from './verdict.ts';

export interface DiagnosisFacts {
  probes: Probes;
  power: Pick<NodePower, 'means' | 'policy' | 'agent'>;
  /** As its agent reported it when it last answered; null if none ever has. */
  lastMachine: AgentMachine | null;
  /** Processes that its readings have shown to be left behind by their server. */
  leftBehind: ReadonlySet<number>;
}

export function diagnosisSteps({ probes, power, lastMachine, leftBehind }: DiagnosisFacts): StepPlan[] {
  const { node, onThisComputer } = probes;

  async function hostFacts(): Promise<HostFacts> {
    const [here, name, server, agent, neighbourMac] = await Promise.all([
      onThisComputer(),
      probes.name(),
      probes.server(),
      probes.agent(),
      probes.neighbourMac(),
    ]);
    return {
      onThisComputer: here,
      host: probes.host,
      nameFound: name === null || name.ok,
      isLoopback: probes.isLoopback,
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
      onThisComputer: await onThisComputer(),
      server: await probes.server(),
      answersThere: machine?.ok ? machine.value.machine.ollama.answers : null,
    };
  }

  async function agentFacts() {
    const [machine, actions] = await Promise.all([probes.machine(), probes.power()]);
    // An agent without the telemetry role reports no machine, but accepts the token all the same.
    const called = machine?.ok === false && !acceptedToken(machine.error) && actions?.ok ? actions : machine;
    return {
      url: node.agentUrl,
      onThisComputer: await onThisComputer(),
      hostAnswers: hostAnswers(await hostFacts()),
      hasToken: probes.hasToken,
      health: await probes.agent(),
      called,
    };
  }

  async function gpuFacts(): Promise<GpuFacts> {
    const known = { hasGpu: node.hasGpu, verified: node.state === 'gpu-verified' };
    const machine = await probes.machine();
    if (machine?.ok) return { ...known, tools: machine.value.sample };
    const own = await probes.ownTools();
    if (own !== null) return { ...known, tools: own };
    // What an agent reported before it fell silent does not apply any more.
    const isCurrent = node.kind === 'simulated' && isServing(node.state);
    return { ...known, tools: isCurrent ? { gpus: node.gpus, gpusRead: 'all', problems: [] } : null };
  }

  const step = (id: string, title: Message, run: () => Promise<Verdict>): StepPlan => ({ id, title, run });

  return [
    step('name', fact('STEP_NAME'), async () =>
      judgeName({
        host: probes.host,
        kind: probes.isLoopback ? 'loopback' : probes.isAddress ? 'address' : 'name',
        found: await probes.name(),
      }),
    ),
    step('ways', fact('STEP_WAKE_METHOD'), async () =>
      judgeWakeMethods({ onThisComputer: await onThisComputer(), methods: probes.wakeMethods() }),
    ),
    step('armed', fact('STEP_ARMED'), async () => {
      const machine = await probes.machine();
      return judgeArmed({
        onThisComputer: await onThisComputer(),
        usesPackets: node.wakeWays.some(({ kind }) => kind !== 'command'),
        mac: node.mac,
        machine: machine?.ok ? machine.value.machine : lastMachine,
      });
    }),
    step('route', fact('STEP_ROUTE'), async () =>
      judgeRoutes({ onThisComputer: await onThisComputer(), routes: await probes.wakeRoutes() }),
    ),
    step('host', fact('STEP_HOST'), async () => judgeHost(await hostFacts())),
    step('port', fact('STEP_PORT'), async () => judgePort(await serverFacts())),
    step('server', fact('STEP_SERVER'), async () => judgeServer(await serverFacts())),
    step('agent', fact('STEP_AGENT'), async () => judgeAgent(await agentFacts())),
    step('token', fact('STEP_TOKEN'), async () => judgeToken(await agentFacts())),
    step('rights', fact('STEP_POWER_OFF'), async () => {
      const [facts, agent, actions] = await Promise.all([agentFacts(), probes.agent(), probes.power()]);
      return judgePowerOff({
        means: power.means,
        policy: power.policy,
        hostAnswers: facts.hostAnswers,
        tokenAccepted: judgeToken(facts).state === 'pass',
        roles: agent?.ok ? agent.value.roles : [],
        power: actions,
        shutdownServer: power.means === 'server' ? await probes.shutdownServer() : null,
      });
    }),
    step('gpu', fact('STEP_GPU'), async () => judgeGpu(await gpuFacts())),
    step('used-gpu', fact('STEP_USED_GPU'), async () => {
      const [server, machine, gpu] = await Promise.all([probes.server(), probes.machine(), gpuFacts()]);
      return judgeUsedGpu({
        hasGpu: gpuToUse(gpu),
        hasServer: node.url !== null,
        serverAnswers: server?.ok ?? false,
        loaded: server?.ok ? server.value.loaded : null,
        foundAtStart: machine?.ok ? machine.value.machine.ollama.gpuFound : null,
        mayRestartOllama: power.agent?.mayRestartOllama ?? false,
      });
    }),
    step('left-behind', fact('STEP_LEFT_BEHIND'), async () => {
      const machine = await probes.machine();
      return judgeLeftBehind({ sample: machine?.ok ? machine.value.sample : null, known: leftBehind });
    }),
    step('clock', fact('STEP_CLOCK'), async () => {
      const machine = await probes.machine();
      if (!machine?.ok) return judgeClock({ machine: null });
      const { machine: reported, sample, readAt } = machine.value;
      return judgeClock({ machine: { bootId: reported.bootId, at: sample.at, readAt } });
    }),
  ];
}
