/** Updates the agents of the fleet, one at a time, and stops at the first that fails. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import type { AgentUpdates, AgentUpdateView } from '../../../shared/models/agent-updates.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { ActivityService } from '../activity/service.ts';
import type { AgentsService } from '../agents/model.ts';
import type { FleetService } from '../fleet/service.ts';
import type { AgentRelease, AgentReleases } from '../ports/agent-releases.ts';
import type { AgentLink, AgentUpdate } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import type { Streams } from '../runtime/streams.ts';
import { troubleOf } from '../runtime/trouble.ts';
import { type AgentFacts, type AgentVerdict, decideAgent, nextToUpdate } from './decide.ts';
import { updateOneAgent } from './one-agent.ts';

export interface AgentUpdatesService {
  /** Reads the release again, and what agents say that are reached. */
  check(signal: AbortSignal): Promise<AgentUpdates>;
  /**
   * Begins a run; null for all. Machines that are off are updated when they are next on, until the run is cancelled, if
   * `whenOn` says so. Rejects with NO_AGENT_RELEASE, AGENT_UPDATES_RUN, NOT_FOUND.
   */
  begin(
    request: { nodeIds: readonly string[] | null; whenOn: boolean },
    signal: AbortSignal,
  ): Promise<AgentUpdates>;
  /** An agent that is restarting already is left to its guard. */
  cancel(): AgentUpdates;
  stop(): Promise<void>;
}

export interface AgentUpdatesDependencies {
  clock: Clock;
  log: Log;
  streams: Pick<Streams, 'agentUpdates'>;
  activity: Pick<ActivityService, 'record'>;
  fleet: Pick<FleetService, 'list' | 'get' | 'onChange'>;
  agents: Pick<AgentsService, 'link' | 'view' | 'foreignLeases' | 'onChange'>;
  leases(nodeId: string): readonly Pick<LeaseRecord, 'holder' | 'purpose'>[];
  onLeaseChange(listener: () => void): () => void;
  isWaking(nodeId: string): boolean;
  releases: AgentReleases;
  /** The name under which agents know this panel. */
  panelName(): string;
}

type Doing = Pick<AgentUpdateView, 'state' | 'trouble' | 'progress'>;
/** Something that may let an agent be updated is noticed by events; this is for what agents say only when asked. */
const AGAIN_MS = 30_000;

export function createAgentUpdatesService(dependencies: AgentUpdatesDependencies): AgentUpdatesService {
  const { clock, log, streams, activity, fleet, agents, releases, panelName } = dependencies;
  let release: AgentRelease | null = null;
  let run: AgentUpdates['run'] = 'none';
  const answers = new Map<string, AgentUpdate | 'old'>();
  /** In the run that is under way, or in the last one. */
  const doing = new Map<string, Doing>();
  let running: { abort: AbortController; ended: Promise<void>; wake(): void } | null = null;

  const withAgent = () => fleet.list().filter(({ agentUrl }) => agentUrl !== null);

  function factsOf(node: NodeView): AgentFacts {
    const view = agents.view(node.id);
    const own = dependencies.leases(node.id);
    const isReached = view?.state === 'ok';
    return {
      state: node.state,
      isWaking: dependencies.isWaking(node.id),
      isReached,
      update: isReached ? (answers.get(node.id) ?? null) : null,
      version: view?.version ?? null,
      leases: [...own, ...agents.foreignLeases(node.id)],
    };
  }

  const verdictOf = (node: NodeView, to: AgentRelease): AgentVerdict => decideAgent(factsOf(node), to);

  function viewOf(node: NodeView): AgentUpdateView {
    const { version } = factsOf(node);
    const base = { nodeId: node.id, name: node.name, version, why: null, trouble: null, progress: null };
    const active = doing.get(node.id);
    if (active !== undefined) return { ...base, ...active };
    if (release === null) return { ...base, state: 'current' };
    const verdict = verdictOf(node, release);
    if (verdict.do === 'current') return { ...base, state: 'current' };
    if (verdict.do === 'update') return { ...base, state: 'old' };
    return { ...base, state: verdict.do === 'wait' ? 'waiting' : 'other', why: verdict.why };
  }

  function view(): AgentUpdates {
    const noRelease = release === null ? fact('AGENT_NO_RELEASE') : null;
    return { version: release?.version ?? null, noRelease, run, agents: withAgent().map(viewOf) };
  }

  function publish(): AgentUpdates {
    const now = view();
    streams.agentUpdates.set('state', now);
    return now;
  }

  function linkOf(nodeId: string): AgentLink {
    const link = agents.link(nodeId);
    if (link === null) throw new PilotlightError('NO_AGENT', { details: { nodeId } });
    return link;
  }

  /** What cannot be read stays unknown, and an unknown agent is not updated. */
  async function ask(nodeId: string, signal: AbortSignal): Promise<void> {
    answers.delete(nodeId);
    if (agents.view(nodeId)?.state !== 'ok') return;
    try {
      answers.set(nodeId, (await linkOf(nodeId).update(signal)) ?? 'old');
    } catch (error) {
      signal.throwIfAborted();
      log.debug('How an agent is updated could not be read.', { nodeId, error: String(error) });
    }
  }

  const askAll = (signal: AbortSignal) => Promise.all(withAgent().map(({ id }) => ask(id, signal)));

  async function updateNode(
    node: NodeView,
    to: AgentRelease,
    signal: AbortSignal,
  ): Promise<'updated' | 'in-use'> {
    const say = (next: Doing) => {
      doing.set(node.id, next);
      publish();
    };
    const from = factsOf(node).version ?? '';
    const outcome = await updateOneAgent({
      clock,
      releases,
      release: to,
      link: () => linkOf(node.id),
      by: panelName(),
      mayStart(update) {
        answers.set(node.id, update);
        const current = fleet.get(node.id);
        return current !== null && verdictOf(current, to).do === 'update';
      },
      onProgress: (progress) => say({ state: 'sending', trouble: null, progress }),
      onRestart: () => say({ state: 'restarting', trouble: null, progress: null }),
      signal,
    });
    if (outcome === 'in-use') {
      doing.delete(node.id);
      return outcome;
    }
    say({ state: 'updated', trouble: null, progress: null });
    const message = fact('AGENT_UPDATED', { node: node.name, from, to: to.version });
    activity.record({ kind: 'system', severity: 'info', message, nodeId: node.id });
    return outcome;
  }

  function failed(node: NodeView, to: AgentRelease, error: unknown): void {
    const trouble = troubleOf(error);
    doing.set(node.id, { state: 'failed', trouble, progress: null });
    const message = fact('AGENT_NOT_UPDATED', { node: node.name, to: to.version, reason: trouble.message });
    activity.record({ kind: 'system', severity: 'warning', message, nodeId: node.id, notify: true });
    if (!isPilotlightError(error)) log.error('An agent was not updated.', { error: String(error) });
  }

  /** Resolves when something changed that may let an agent be updated, or after a while. */
  function change(signal: AbortSignal): { wake(): void; waited: Promise<void> } {
    const soon = new AbortController();
    const either = eitherOf(signal, soon.signal);
    const waited = clock
      .sleep(AGAIN_MS, either.signal)
      .catch(() => {})
      .finally(() => either[Symbol.dispose]());
    return { wake: () => soon.abort(), waited };
  }

  async function go(
    { nodeIds, whenOn }: { nodeIds: ReadonlySet<string> | null; whenOn: boolean },
    to: AgentRelease,
    abort: AbortController,
  ): Promise<AgentUpdates['run']> {
    const { signal } = abort;
    /** They did not start it, whatever they say of their use: others come first, and they are not asked at once again. */
    const aside = new Set<string>();
    for (;;) {
      await askAll(signal);
      signal.throwIfAborted();
      publish();
      const left = withAgent()
        .filter(({ id }) => (nodeIds === null || nodeIds.has(id)) && !doing.has(id))
        .map((node) => ({ node, verdict: verdictOf(node, to) }));
      const next = nextToUpdate(left.filter(({ node }) => !aside.has(node.id)));
      if (next === null) {
        const isWaitedFor = ({ node, verdict }: (typeof left)[number]) =>
          verdict.do === 'update' || (verdict.do === 'wait' && (whenOn || node.state !== 'off'));
        if (!left.some(isWaitedFor)) return 'done';
        const { wake, waited } = change(signal);
        if (running !== null) running.wake = wake;
        await waited;
        signal.throwIfAborted();
        aside.clear();
        continue;
      }
      try {
        if ((await updateNode(next.node, to, signal)) === 'in-use') aside.add(next.node.id);
      } catch (error) {
        signal.throwIfAborted();
        failed(next.node, to, error);
        return 'stopped';
      }
    }
  }

  function changed(): void {
    running?.wake();
    // Without anybody who asked, there is no list to keep up to date.
    if (streams.agentUpdates.get('state') !== undefined) publish();
  }
  const quiet = [agents.onChange(changed), fleet.onChange(changed), dependencies.onLeaseChange(changed)];

  async function readRelease(signal: AbortSignal): Promise<AgentRelease | null> {
    release = await releases.read(signal);
    return release;
  }

  return {
    async check(signal) {
      await readRelease(signal);
      await askAll(signal);
      return publish();
    },

    async begin({ nodeIds, whenOn }, signal) {
      for (const nodeId of nodeIds ?? [])
        if (fleet.get(nodeId) === null) throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
      const to = await readRelease(signal);
      if (to === null) throw new PilotlightError('NO_AGENT_RELEASE');
      if (running !== null) throw new PilotlightError('AGENT_UPDATES_RUN');
      const abort = new AbortController();
      doing.clear();
      run = 'running';
      const request = { nodeIds: nodeIds === null ? null : new Set(nodeIds), whenOn };
      const started = { abort, ended: Promise.resolve(), wake: () => {} };
      running = started;
      started.ended = go(request, to, abort)
        .catch((error: unknown) => {
          if (!abort.signal.aborted) log.error('Agents are no longer updated.', { error: String(error) });
          return abort.signal.aborted ? ('cancelled' as const) : ('stopped' as const);
        })
        .then((end) => {
          for (const [nodeId, { state }] of doing)
            if (state === 'sending' || state === 'restarting') doing.delete(nodeId);
          run = end;
          running = null;
          publish();
        });
      return publish();
    },

    cancel() {
      running?.abort.abort(new PilotlightError('CANCELLED'));
      return publish();
    },

    async stop() {
      for (const end of quiet) end();
      running?.abort.abort(new PilotlightError('CANCELLED'));
      await running?.ended;
    },
  };
}
