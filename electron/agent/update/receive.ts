/** Takes a release from a panel: verifies it, collects the file in parts, and verifies that. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { AnswerSent, agentApi } from '../../../shared/contract/agent.ts';
import { decideUpdate } from '../../../shared/update-decision.ts';
import { systemCode } from '../../adapters/system-code.ts';
import { AgentError, errorText } from '../errors.ts';
import type { SentProgram } from './record.ts';
import { digestOf, type UpdateStore } from './store.ts';

type Next = NonNullable<AnswerSent<typeof agentApi.update>['next']>;

interface Receiving {
  program: SentProgram;
  size: number;
  sha512: string;
  release: { manifest: string; signature: string };
  received: number;
  isReady: boolean;
}

export interface ReceiverOptions {
  store: UpdateStore;
  /** The version that runs. */
  version: string;
  os: string;
  arch: string;
}

export function createReceiver({ store, version, os, arch }: ReceiverOptions) {
  let receiving: Receiving | null = null;

  const draftOf = ({ program }: Pick<Receiving, 'program'>) => `${store.pathOf(program)}.part`;

  function drop(): void {
    if (receiving === null) return;
    rmSync(draftOf(receiving), { force: true });
    rmSync(store.pathOf(receiving.program), { force: true });
    receiving = null;
  }

  return {
    /**
     * Nothing of it is used before its signature is verified. One that is offered again continues where it was.
     * Throws AGENT_UPDATE_NOT_SIGNED, AGENT_UPDATE_UNREADABLE, AGENT_UPDATE_NOT_NEWER, AGENT_UPDATE_NOT_FOR_THIS, DISK_TROUBLE.
     */
    offer(release: { manifest: string; signature: string }): void {
      const manifest = store.readRelease(release.manifest, release.signature);
      // A person at a panel chose this machine, so that a release is given to some first doesn't matter.
      const decision = decideUpdate(manifest, { kind: 'agent', os, arch, form: 'file', version, place: 0 });
      if (decision.kind === 'current') throw new AgentError('AGENT_UPDATE_NOT_NEWER');
      if (decision.kind !== 'newer')
        throw new AgentError('AGENT_UPDATE_NOT_FOR_THIS', {
          details: { reason: decision.kind, minimumVersion: manifest.minimumVersion },
        });
      const { size, sha512 } = decision.file;
      if (receiving?.sha512 === sha512 && receiving.program.version === manifest.version) return;
      drop();
      const extension = os === 'win32' ? '.exe' : '';
      // Without dots, which would make its end look like the kind of the file.
      const name = `pilotlight-agent-${manifest.version.replaceAll('.', '_')}${extension}`;
      const next = { program: { version: manifest.version, name }, size, sha512, release };
      onDisk(() => {
        store.create();
        closeSync(openSync(draftOf(next), 'w', 0o600));
      });
      receiving = { ...next, received: 0, isReady: false };
    },

    /** Throws AGENT_UPDATE_OUT_OF_STEP, AGENT_UPDATE_DAMAGED, DISK_TROUBLE; what was received before is kept, except when it is damaged. */
    take(from: number, bytes: Uint8Array): void {
      const one = receiving;
      if (one === null || one.isReady || from !== one.received || from + bytes.length > one.size)
        throw new AgentError('AGENT_UPDATE_OUT_OF_STEP', { details: { received: one?.received ?? null } });
      onDisk(() => {
        const handle = openSync(draftOf(one), 'r+');
        try {
          // What a failed write left behind it is cut off first.
          ftruncateSync(handle, from);
          for (let done = 0; done < bytes.length; )
            done += writeSync(handle, bytes, done, bytes.length - done, from + done);
          if (from + bytes.length === one.size) fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
      });
      one.received += bytes.length;
      if (one.received < one.size) return;
      if (digestOf(draftOf(one)) !== one.sha512) {
        drop();
        throw new AgentError('AGENT_UPDATE_DAMAGED');
      }
      onDisk(() => {
        store.vouch(one.program, one.release);
        chmodSync(draftOf(one), 0o700);
        renameSync(draftOf(one), store.pathOf(one.program));
      });
      one.isReady = true;
    },

    /** Verified once more: it lay on the disk meanwhile. Throws AGENT_UPDATE_NOT_READY, AGENT_UPDATE_DAMAGED. */
    ready(version: string): SentProgram {
      if (receiving === null || !receiving.isReady || receiving.program.version !== version)
        throw new AgentError('AGENT_UPDATE_NOT_READY');
      const { program } = receiving;
      if (!store.isIntact(program)) {
        drop();
        throw new AgentError('AGENT_UPDATE_DAMAGED');
      }
      return program;
    },

    next(): Next | null {
      if (receiving === null) return null;
      const { program, size, received } = receiving;
      return { version: program.version, size, received };
    },
    isReady: () => receiving?.isReady ?? false,
    drop,
  };
}

export type Receiver = ReturnType<typeof createReceiver>;

/** A full disk is named, and what was there before stays as it was. */
function onDisk(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('DISK_TROUBLE', {
      details: { reason: errorText(error), code: systemCode(error) },
      cause: error,
    });
  }
}
