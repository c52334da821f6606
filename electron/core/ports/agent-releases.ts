/** The release that agents of the fleet are updated to: files beside the program. */
import type { UpdateFile } from '../../../shared/models/update-manifest.ts';
import type { SignedRelease } from './agents.ts';

export interface AgentRelease extends SignedRelease {
  version: string;
  /** Its files for agents that are here. */
  files: readonly UpdateFile[];
}

export interface AgentReleases {
  /** The newest one that is here and was signed with a known key; null if there is none. */
  read(signal: AbortSignal): Promise<AgentRelease | null>;
  /** Where a file is, and its SHA-256 in hexadecimal. Rejects with AGENT_RELEASE_GONE if it is not as it was signed. */
  local(file: UpdateFile, signal: AbortSignal): Promise<{ path: string; sha256: string }>;
  /** A part of a file; shorter at its end. Rejects with AGENT_RELEASE_GONE if the file is not as it was signed. */
  part(file: UpdateFile, from: number, bytes: number, signal: AbortSignal): Promise<Uint8Array>;
}
