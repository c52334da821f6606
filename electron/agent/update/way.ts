/** How this program is updated. */
import type { AgentUpdateWay } from '../../../shared/contract/agent/update.ts';
import { isInContainer } from '../../adapters/processes/container.ts';
import { isSingleFile } from '../../adapters/processes/single-file.ts';

export const thisSystem = { os: process.platform as string, arch: process.arch as string };

export interface WayFacts {
  isSingleFile: boolean;
  /** Of this module. */
  url: string;
  /** Of the program that runs. */
  program: string;
  isInContainer: boolean;
}

/** Pure. A file that a package manager or an image brought is theirs to replace. */
export function updateWayOf({ isSingleFile, url, program, isInContainer }: WayFacts): AgentUpdateWay {
  if (isInContainer) return 'container';
  if (!isSingleFile) return url.endsWith('.ts') ? 'source' : 'script';
  return /^\/usr\/(?!local\/)/.test(program) ? 'package' : 'panel';
}

export const updateWay = (): AgentUpdateWay =>
  updateWayOf({
    isSingleFile: isSingleFile(),
    url: import.meta.url,
    program: process.execPath,
    isInContainer: isInContainer(),
  });
