/** Follows power actions of the agents, and refreshes an agent when its countdown or idle time runs out. */
import type { PowerAction } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import type { AgentOutcome } from '../ports/agents.ts';
import type { Clock, Timer } from '../ports/time.ts';

export interface AgentPowerWatch {
  /** The node was removed, or has another agent. */
  forget(nodeId: string): void;
  stop(): void;
}

export interface AgentPowerWatchDependencies {
  clock: Clock;
  agents: AgentAccess;
  /** The machine is shutting down, or its agent fell silent during a countdown. */
  onShutdown(nodeId: string, action: PowerAction): void;
  /** The agent started a countdown. */
  onCountdown(nodeId: string, by: string, seconds: number): void;
  /** Called once when an action ends, but not for one that ended before this core first read the agent. */
  onOutcome(nodeId: string, outcome: AgentOutcome): void;
}

/** Anything later is found by the regular poll of the agents, once a minute. */
const SOON_MS = 60_000;
const MARGIN_MS = 1000;
const SHORTEST_WAIT_MS = 5000;

export function createAgentPowerWatch({
  clock,
  agents,
  onShutdown,
  onCountdown,
  onOutcome,
}: AgentPowerWatchDependencies): AgentPowerWatch {
  const timers = new Map<string, Timer>();
  const countdowns = new Map<string, PowerAction>();
  /** When the last known action ended, by the agent's clock. */
  const lastOutcomes = new Map<string, number | null>();

  function refreshIn(nodeId: string, ms: number): void {
    timers.get(nodeId)?.cancel();
    timers.set(
      nodeId,
      clock.timer(ms, () => {
        timers.delete(nodeId);
        const action = countdowns.get(nodeId);
        agents.refresh(nodeId).catch(() => {
          // It stopped answering at the end of its countdown.
          if (action !== undefined && countdowns.delete(nodeId)) onShutdown(nodeId, action);
        });
      }),
    );
  }

  function noteOutcome(nodeId: string, last: AgentOutcome | null): void {
    const before = lastOutcomes.get(nodeId);
    lastOutcomes.set(nodeId, last?.at ?? null);
    if (last !== null && before !== undefined && before !== last.at) onOutcome(nodeId, last);
  }

  function follow(nodeId: string): void {
    const power = agents.power(nodeId);
    const policy = agents.policyView(nodeId);
    if (agents.view(nodeId)?.state !== 'ok' || power === null) return;
    noteOutcome(nodeId, power.last ?? null);
    if (power.phase === 'countdown' && power.current) {
      const { action, by, remainingSeconds } = power.current;
      if (!countdowns.has(nodeId)) onCountdown(nodeId, by, remainingSeconds);
      countdowns.set(nodeId, action);
      refreshIn(nodeId, remainingSeconds * 1000 + MARGIN_MS);
      return;
    }
    countdowns.delete(nodeId);
    if (power.phase === 'acting') {
      if (power.current) onShutdown(nodeId, power.current.action);
    } else if (policy !== null && policy.remainingMs !== null && policy.remainingMs < SOON_MS) {
      refreshIn(nodeId, Math.max(SHORTEST_WAIT_MS, policy.remainingMs + MARGIN_MS));
    }
  }

  const stopListening = agents.onChange(follow);
  return {
    forget(nodeId) {
      timers.get(nodeId)?.cancel();
      timers.delete(nodeId);
      countdowns.delete(nodeId);
      lastOutcomes.delete(nodeId);
    },
    stop() {
      stopListening();
      for (const timer of timers.values()) timer.cancel();
    },
  };
}
