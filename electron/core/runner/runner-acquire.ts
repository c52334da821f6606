/** Acquire for runners: the same service, with the runners as its servers. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing } from '../../../shared/models/fleet.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { AcquireLeases, AcquirePlacement, AcquireService, AcquireWakes } from '../acquire/model.ts';
import { createAcquireService } from '../acquire/service.ts';
import { waitForNode } from '../fleet/wait-for.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import type { RunnerFleet, RunnersDependencies } from './model.ts';
import { readPinnedName } from './pinned-name.ts';
import { isOnGpu } from './runner-view.ts';
import type { TrackedRunner } from './tracked-runner.ts';

/** A machine that has just woken may take this long until its runner has tried its providers. */
const READY_MS = 300_000;
/** Loading a model, and timing it on each provider. */
const LOAD_MS = 300_000;

export function createRunnerAcquire(
  dependencies: Pick<RunnersDependencies, 'clock' | 'log' | 'leases' | 'wakes' | 'inFlight' | 'fleet'> & {
    view: RunnerFleet;
    runners: ReadonlyMap<string, TrackedRunner>;
    need(): void;
    ready(signal: AbortSignal): Promise<void>;
  },
): AcquireService {
  const { clock, log, view, runners, inFlight, fleet } = dependencies;

  const wakes: AcquireWakes = {
    async ensureAwake(nodeId, options) {
      const runner = runners.get(nodeId);
      if (runner === undefined) throw new PilotlightError('NOT_FOUND', { details: { nodeId } });
      if (runner.address.from === 'this-computer') await dependencies.ready(options.signal);
      else if (runner.address.inFleet) await dependencies.wakes.ensureAwake(nodeId, options);
      // Awake is not ready: its runner starts after its server, or not at all.
      return withDeadline(clock, READY_MS, options.signal, (limited) => {
        view.probeSoon(nodeId);
        return waitForNode(
          { view: view.get(nodeId), onChange: view.onChange },
          ({ state }) => isServing(state),
          limited,
        );
      });
    },
  };

  const placement: AcquirePlacement = {
    async ensureOnGpu({ nodeId, model: pinned, signal }) {
      const { name } = readPinnedName(pinned);
      const runner = runners.get(nodeId);
      const link = runner?.link ?? null;
      if (runner === undefined || link === null)
        throw new PilotlightError('HOST_UNREACHABLE', { details: { nodeId } });
      if (runner.model(name)?.state !== 'ready') {
        await withDeadline(clock, LOAD_MS, signal, (limited) => link.loadModel(name, limited));
        await runner.probe(signal);
      }
      const model = runner.model(name);
      if (model?.state !== 'ready') return { placement: null, reason: said(model?.problem?.message, runner) };
      const onGpu = isOnGpu(model);
      const rung = model.ladder.find(({ provider, reason }) => provider !== 'cpu' && reason !== null);
      return {
        placement: onGpu ? 'gpu' : 'cpu',
        reason: onGpu
          ? fact('MODEL_FITS_RUNNER', { provider: model.provider ?? '' })
          : said(rung?.reason, runner),
      };
    },
  };

  /** Leases count for machines that are in the fleet; another's address has none. */
  const leases: AcquireLeases = {
    hold(request) {
      if (fleet.get(request.nodeId) !== null) return dependencies.leases.hold(request);
      return { lease: { id: '' }, [Symbol.dispose]() {} };
    },
    get: (leaseId) => dependencies.leases.get(leaseId),
  };

  const service = createAcquireService({ clock, log, fleet: view, leases, wakes, placement, inFlight });
  return {
    acquire(request) {
      dependencies.need();
      return service.acquire(request);
    },
    stop: service.stop,
  };
}

const said = (reason: Message | null | undefined, { address }: TrackedRunner): Message =>
  reason ?? fact('RUNNER_USES_CPU', { node: address.name });
