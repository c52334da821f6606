/** Updates one agent: sends the file, lets it start, and waits until the new version has proved itself. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { UpdateFile } from '../../../shared/models/update-manifest.ts';
import { fileFor } from '../../../shared/update-decision.ts';
import type { AgentRelease, AgentReleases } from '../ports/agent-releases.ts';
import type { AgentLink, AgentUpdate } from '../ports/agents.ts';
import type { Clock } from '../ports/time.ts';

/** As much as an agent takes at once. */
const PART_BYTES = 512 * 1024;
const ASK_MS = 2000;
/** The new version has a minute to listen, and then proves itself; the one before it has to come back, too. */
const BACK_MS = 180_000;

export interface OneAgentOptions {
  clock: Clock;
  releases: AgentReleases;
  release: AgentRelease;
  /** Read again for each call: a machine may get another agent. Throws NO_AGENT. */
  link(): AgentLink;
  by: string;
  /** Whether it may be restarted, asked right before it is. */
  mayStart(update: AgentUpdate): boolean;
  onProgress(share: number): void;
  onRestart(): void;
  signal: AbortSignal;
}

/**
 * Resolves with `updated`, or with `in-use` if it may not be restarted now: then the file waits there. Rejects with
 * AGENT_UPDATE_FAILED if the agent put its old version back or stayed away, and as the agent's calls do.
 */
export async function updateOneAgent(options: OneAgentOptions): Promise<'updated' | 'in-use'> {
  const { release, link, by, mayStart, onRestart, signal } = options;
  const offered = await link().offerUpdate(release, signal);
  const file = fileFor(
    { files: [...release.files] },
    { kind: 'agent', os: offered.os, arch: offered.arch, form: 'file' },
  );
  if (file === null) throw new PilotlightError('AGENT_UPDATE_NOT_FOR_THIS');
  const sent = await sendFile(options, file, offered.next?.received ?? 0);
  if (!mayStart(sent)) return 'in-use';
  const lastBefore = sent.last?.at ?? null;
  try {
    await link().startUpdate(release.version, by, signal);
  } catch (error) {
    if (isPilotlightError(error) && error.code === 'IN_USE') return 'in-use';
    throw error;
  }
  onRestart();
  await comeBack(options, lastBefore);
  return 'updated';
}

async function sendFile(
  { releases, link, onProgress, signal }: OneAgentOptions,
  file: UpdateFile,
  received: number,
): Promise<AgentUpdate> {
  let from = received;
  for (;;) {
    onProgress(from / file.size);
    if (from >= file.size) {
      const state = await link().update(signal);
      if (state === null) throw new PilotlightError('AGENT_UPDATE_NOT_READY');
      return state;
    }
    const part = await releases.part(file, from, PART_BYTES, signal);
    if (part.length === 0) throw new PilotlightError('AGENT_RELEASE_GONE');
    const state = await link().putUpdatePart(from, part, signal);
    const next = from + part.length;
    // One that stays where it is would be sent the same part without an end.
    if (state.next !== null && state.next.received !== next)
      throw new PilotlightError('AGENT_UPDATE_OUT_OF_STEP', { details: { received: state.next.received } });
    from = next;
  }
}

/** It is away for some seconds; what it answers meanwhile may still be the old version. */
async function comeBack(
  { clock, link, release, signal }: OneAgentOptions,
  lastBefore: number | null,
): Promise<void> {
  const deadline = clock.monotonic() + BACK_MS;
  while (clock.monotonic() < deadline) {
    await clock.sleep(ASK_MS, signal);
    const state = await link()
      .update(signal)
      .catch(() => null);
    signal.throwIfAborted();
    if (state === null) continue;
    const { last } = state;
    if (last === null || last.version !== release.version || last.at === lastBefore) continue;
    if (last.outcome === 'updated') return;
    const { version } = release;
    throw new PilotlightError('AGENT_UPDATE_FAILED', {
      message: fact('AGENT_PUT_BACK', { version, code: last.code ?? '' }),
      details: { code: last.code },
    });
  }
  throw new PilotlightError('AGENT_UPDATE_FAILED', { message: fact('AGENT_NOT_BACK', release) });
}
