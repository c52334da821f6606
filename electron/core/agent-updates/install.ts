/** Gives another machine the file of its agent, at an address that is signed: for one file, one download, a short time. */
import { randomUUID } from 'node:crypto';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import {
  type AgentInstall,
  type AgentInstallLink,
  agentFilePath,
} from '../../../shared/models/agent-install.ts';
import type { UpdateFile, UpdateProcessor, UpdateSystem } from '../../../shared/models/update-manifest.ts';
import type { AccessService } from '../access/model.ts';
import { newSecret } from '../access/secret-format.ts';
import type { AgentRelease, AgentReleases } from '../ports/agent-releases.ts';
import type { PanelNetwork } from '../ports/panel-network.ts';
import type { Clock } from '../ports/time.ts';
import { createSignedAddresses } from '../runtime/signed-addresses.ts';

/** For a download to begin; one that has begun may take longer. */
export const INSTALL_LINK_MS = 15 * 60_000;
const PART_BYTES = 512 * 1024;

export interface AgentDownload {
  name: string;
  sizeBytes: number;
  /** Its bytes, compared with the signed release as they are read. Rejects with AGENT_RELEASE_GONE. */
  content(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Call it once: whether all of it was sent. The address works again if not. */
  end(isComplete: boolean): void;
}

export interface AgentInstallService {
  view(signal: AbortSignal): Promise<AgentInstall>;
  /**
   * @param credentialId of the caller: the address ends with it
   * Rejects with NOT_FOUND if the panel is not open there, or NO_AGENT_RELEASE if there is no such file.
   */
  link(
    wanted: { os: UpdateSystem; arch: UpdateProcessor; address: string },
    credentialId: string | null,
    signal: AbortSignal,
  ): Promise<AgentInstallLink>;
  /**
   * Begins a download; `end` has to be called.
   * Rejects with FORBIDDEN, LINK_EXPIRED, AGENT_LINK_USED or AGENT_RELEASE_GONE.
   */
  open(query: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<AgentDownload>;
  /** What a download would send, without using the address up. Rejects as `open` does. */
  check(
    query: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<{ name: string; sizeBytes: number }>;
}

export function createAgentInstallService({
  ports,
  access,
  settings,
  network,
}: {
  ports: {
    clock: Pick<Clock, 'now'>;
    agentReleases: AgentReleases;
    updates: { address: string | null };
  };
  access: Pick<AccessService, 'find'>;
  settings: { current(): { updates: { address: string | null } } };
  network: Pick<PanelNetwork, 'view'>;
}): AgentInstallService {
  const { clock, agentReleases: releases, updates } = ports;
  // Which addresses were used is forgotten when the core ends, so they end with it, too.
  const addresses = createSignedAddresses({
    ...{ clock, key: newSecret('control'), path: agentFilePath },
    names: ['id', 'file', 'sha256', 'caller'],
  });
  /** Those that were used up or are being used, with when they would have expired. */
  const used = new Map<string, number>();

  function forgetExpired(): void {
    for (const [id, until] of used) if (clock.now() >= until) used.delete(id);
  }

  const agentsOf = (release: AgentRelease | null) =>
    release?.files.filter(({ kind, form }) => kind === 'agent' && form === 'file') ?? [];

  /** null if it changed or disappeared since the release was read. */
  async function placeOf(file: UpdateFile, signal: AbortSignal) {
    try {
      return await releases.local(file, signal);
    } catch (error) {
      if (isPilotlightError(error) && error.code === 'AGENT_RELEASE_GONE') return null;
      throw error;
    }
  }

  /** Throws unless the address is good now. */
  function checkAddress(query: Readonly<Record<string, unknown>>) {
    const values = addresses.check(query);
    if (values.caller !== '' && access.find(values.caller) === null) throw new PilotlightError('FORBIDDEN');
    if (used.has(values.id)) throw new PilotlightError('AGENT_LINK_USED');
    return values;
  }

  async function fileOf(
    { file, sha256 }: { file: string; sha256: string },
    signal: AbortSignal,
  ): Promise<UpdateFile> {
    const found = agentsOf(await releases.read(signal)).find(({ name }) => name === file);
    if (found === undefined || (await placeOf(found, signal))?.sha256 !== sha256)
      throw new PilotlightError('AGENT_RELEASE_GONE');
    return found;
  }

  async function* contentOf(file: UpdateFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < file.size; ) {
      signal.throwIfAborted();
      const part = await releases.part(file, from, PART_BYTES, signal);
      if (part.length === 0) throw new PilotlightError('AGENT_RELEASE_GONE');
      from += part.length;
      yield part;
    }
  }

  return {
    async view(signal) {
      const release = await releases.read(signal);
      const { version = '' } = release ?? {};
      const files = [];
      for (const file of agentsOf(release)) {
        const place = await placeOf(file, signal);
        const { os, arch, name, size: sizeBytes } = file;
        if (place !== null) files.push({ os, arch, name, version, sizeBytes, ...place });
      }
      return {
        files,
        addresses: network.view().open,
        releases: settings.current().updates.address ?? updates.address,
      };
    },

    async link({ os, arch, address }, credentialId, signal) {
      const file = agentsOf(await releases.read(signal)).find((one) => one.os === os && one.arch === arch);
      const place = file === undefined ? null : await placeOf(file, signal);
      if (file === undefined || place === null) throw new PilotlightError('NO_AGENT_RELEASE');
      const open = network.view().open.find((one) => one.address === address);
      if (open === undefined) throw new PilotlightError('NOT_FOUND');
      const { name } = file;
      const { sha256 } = place;
      const values = { id: randomUUID(), file: name, sha256, caller: credentialId ?? '' };
      const path = addresses.sign(values, INSTALL_LINK_MS);
      return {
        ...{ name, sha256, url: new URL(path, open.url).href },
        expiresAt: clock.now() + INSTALL_LINK_MS,
      };
    },

    async open(query, signal) {
      const values = checkAddress(query);
      forgetExpired();
      // Taken before anything is waited for, so that it is never used twice at once.
      used.set(values.id, Number.POSITIVE_INFINITY);
      const release = (isComplete: boolean) => {
        if (isComplete) used.set(values.id, Number(query.until));
        else used.delete(values.id);
      };
      try {
        const file = await fileOf(values, signal);
        return {
          name: file.name,
          sizeBytes: file.size,
          content: (ended) => contentOf(file, ended),
          end: release,
        };
      } catch (error) {
        release(false);
        throw error;
      }
    },

    async check(query, signal) {
      const { name, size: sizeBytes } = await fileOf(checkAddress(query), signal);
      return { name, sizeBytes };
    },
  };
}
