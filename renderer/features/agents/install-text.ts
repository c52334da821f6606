/** Which commands install an agent on another machine, and what they do, in words. */
import type { AgentSource, InstallCommand } from '../../../shared/agent-install-commands.ts';
import type {
  AgentInstall,
  AgentInstallFile,
  AgentInstallLink,
} from '../../../shared/models/agent-install.ts';
import type { UpdateProcessor, UpdateSystem } from '../../../shared/models/update-manifest.ts';
import { formatBytes } from '../../../shared/units.ts';

export const systemNames: Record<UpdateSystem, string> = {
  linux: 'Linux',
  darwin: 'macOS',
  win32: 'Windows',
};
export const systems = Object.keys(systemNames) as UpdateSystem[];

export const processorNames = (os: UpdateSystem): Record<UpdateProcessor, string> =>
  os === 'darwin' ? { x64: 'Intel', arm64: 'Apple silicon' } : { x64: 'x64 (Intel, AMD)', arm64: 'arm64' };

export interface Target {
  os: UpdateSystem;
  arch: UpdateProcessor;
}

const key = 'pilotlight.agent-target';

/** What was chosen last in this browser. */
export function readTarget(storage: Pick<Storage, 'getItem'> = localStorage): Target {
  const usual: Target = { os: 'linux', arch: 'x64' };
  try {
    const [os, arch] = (storage.getItem(key) ?? '').split(' ');
    const system = systems.find((one) => one === os);
    const processor = (['x64', 'arm64'] as const).find((one) => one === arch);
    return system && processor ? { os: system, arch: processor } : usual;
  } catch {
    return usual;
  }
}

export function rememberTarget({ os, arch }: Target, storage: Pick<Storage, 'setItem'> = localStorage): void {
  try {
    storage.setItem(key, `${os} ${arch}`);
  } catch {
    // The storage is full or forbidden.
  }
}

export const fileFor = (
  { files }: Pick<AgentInstall, 'files'>,
  { os, arch }: Target,
): AgentInstallFile | null => files.find((file) => file.os === os && file.arch === arch) ?? null;

/** The addresses of the panel that another machine may reach; one for a proxy on this computer is none. */
export const reachable = ({ addresses }: Pick<AgentInstall, 'addresses'>): AgentInstall['addresses'] =>
  addresses.filter(({ address }) => !address.startsWith('127.') && address !== '::1');

/** Whether the commands need a link, which they wait for. */
export const needsLink = (known: AgentInstall, target: Target): boolean =>
  reachable(known).length > 0 && fileFor(known, target) !== null;

/** null while it waits for its link. */
export function sourceFor(
  known: AgentInstall,
  target: Target,
  link: AgentInstallLink | null,
): AgentSource | null {
  const file = fileFor(known, target);
  if (file === null)
    return known.releases === null ? { from: 'source' } : { from: 'release', address: known.releases };
  if (reachable(known).length === 0) {
    const { path, name, sha256 } = file;
    return { from: 'copy', path, name, sha256 };
  }
  if (link === null) return null;
  const { url, name, sha256 } = link;
  return { from: 'link', url, name, sha256 };
}

/** What the commands do, in a sentence or two. */
export function aboutSource({ from }: AgentSource, file: AgentInstallFile | null): string {
  const version = file === null ? '' : `version ${file.version}, ${formatBytes(file.sizeBytes)}`;
  switch (from) {
    case 'link':
      return `That machine downloads the agent from this panel (${version}), checks its SHA-256, and installs it as a service. The address works once, and needs no key.`;
    case 'copy':
      return `This panel listens on this computer only, so you copy the agent with scp (${version}). That machine checks its SHA-256, and installs it as a service.`;
    case 'release':
      return 'This computer has no agent for that system. That machine downloads the newest release from the web, and installs it as a service.';
    case 'source':
      return 'This computer has no agent for that system. Use a copy of the Pilotlight repository on that machine, built with npm run build.';
  }
}

export const stepNames: Record<InstallCommand['step'], string> = {
  copy: 'Copy it',
  install: 'Install it',
  pair: 'Pair it',
};

/** Where a command is typed. */
export function whereTyped({ step, on }: InstallCommand, os: UpdateSystem, source: AgentSource): string {
  if (on === 'here') return 'on this computer';
  const shell = os === 'win32' ? 'in PowerShell as administrator' : 'in a terminal';
  if (step === 'pair') return `on that machine, ${shell}; prints a code, valid for 10 minutes`;
  return source.from === 'source'
    ? `on that machine, ${shell}, in the folder of Pilotlight`
    : `on that machine, ${shell}`;
}
