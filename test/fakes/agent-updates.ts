/** The updates of a fake agent: it takes what it is sent, and a test says how the new version fares. */

import type { AgentUpdate, SignedRelease } from '../../electron/core/ports/agents.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import type { UpdateManifest } from '../../shared/models/update-manifest.ts';

export function createAgentUpdates(version: () => string) {
  const updates = {
    os: 'linux',
    arch: 'x64',
    way: 'panel',
    busy: [] as AgentUpdate['busy'],
    last: null as AgentUpdate['last'],
    previous: null as string | null,
    next: null as AgentUpdate['next'],
    isStarting: false,
    /** Too old to have the path. */
    isMissing: false,
    /** Versions that it was told to start. */
    started: [] as string[],
    onStart: () => {},
    /** What it answers to an offer instead. */
    refuses: null as PilotlightError | null,
    state(): AgentUpdate {
      const { os, arch, way, busy, last, previous, next, isStarting } = updates;
      const isReady = next !== null && next.received === next.size;
      const state = isStarting ? 'starting' : isReady ? 'ready' : next === null ? 'idle' : 'receiving';
      return { version: version(), os, arch, way, busy, last, previous, next, state };
    },
    offer({ manifest }: SignedRelease): AgentUpdate {
      if (updates.refuses !== null) throw updates.refuses;
      const release = JSON.parse(manifest) as UpdateManifest;
      const file = release.files.find((one) => one.kind === 'agent' && one.os === updates.os);
      if (file === undefined) throw new PilotlightError('AGENT_UPDATE_NOT_FOR_THIS');
      if (updates.next?.version !== release.version)
        updates.next = { version: release.version, size: file.size, received: 0 };
      return updates.state();
    },
    take(from: number, bytes: Uint8Array): AgentUpdate {
      if (updates.next === null || updates.next.received !== from)
        throw new PilotlightError('AGENT_UPDATE_OUT_OF_STEP');
      updates.next = { ...updates.next, received: from + bytes.length };
      return updates.state();
    },
    start(wanted: string): AgentUpdate {
      if (updates.busy.length > 0) throw new PilotlightError('IN_USE');
      updates.started.push(wanted);
      updates.isStarting = true;
      const state = updates.state();
      updates.onStart();
      return state;
    },
    drop(): AgentUpdate {
      updates.next = null;
      return updates.state();
    },
    /** It is back: with the new version, or with the old one and the reason. */
    finish(code: string | null = null): void {
      const to = updates.started.at(-1) ?? '';
      updates.last = {
        version: to,
        from: version(),
        outcome: code === null ? 'updated' : 'rolled-back',
        code,
        at: 1,
      };
      updates.isStarting = false;
      updates.next = null;
    },
  };
  return updates;
}
