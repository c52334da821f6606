/** The commands that install an agent on another machine. Pure. */
import type { UpdateProcessor, UpdateSystem } from './models/update-manifest.ts';
import { quoteForPowerShell, quoteForSh } from './shell-quote.ts';

/** Where the file comes from. SHA-256 in hexadecimal. */
export type AgentSource =
  /** The panel itself, at an address that works once. */
  | { from: 'link'; url: string; name: string; sha256: string }
  /** A file on the panel's computer, which the machine cannot reach. */
  | { from: 'copy'; path: string; name: string; sha256: string }
  /** The folder of the newest release on the web. Its digest is not known here. */
  | { from: 'release'; address: string }
  /** A copy of the repository on that machine. */
  | { from: 'source' };

export interface InstallCommand {
  step: 'copy' | 'install' | 'pair';
  /** Where it is typed: on the panel's computer, or on the other machine. */
  on: 'here' | 'there';
  text: string;
}

export interface AgentTarget {
  os: UpdateSystem;
  arch: UpdateProcessor;
  source: AgentSource;
  /** Of that machine; null if it is not known, then a person replaces ADDRESS. */
  address: string | null;
}

const ROLES = 'power,telemetry';
const ADDRESS = 'ADDRESS';

/** The name of the file in each release. */
export const agentFileName = (os: UpdateSystem, arch: UpdateProcessor): string =>
  `pilotlight-agent-${os}-${arch}${os === 'win32' ? '.exe' : ''}`;

export function installCommands({ os, arch, source, address }: AgentTarget): InstallCommand[] {
  const bind = address ?? ADDRESS;
  const pair: InstallCommand = { step: 'pair', on: 'there', text: pairCommand(os, source) };
  if (source.from === 'source') {
    const install = ['node dist/agent/agent.mjs install --role', roles(os), '--bind', quote(os, bind)].join(
      ' ',
    );
    return [{ step: 'install', on: 'there', text: os === 'win32' ? install : `sudo ${install}` }, pair];
  }
  const copy: InstallCommand[] =
    source.from === 'copy'
      ? [{ step: 'copy', on: 'here', text: `scp ${quoteHere(source.path)} ${quoteForSh(`${bind}:`)}` }]
      : [];
  const text = os === 'win32' ? forWindows(arch, source, bind) : forUnix(os, arch, source, bind);
  return [...copy, { step: 'install', on: 'there', text }, pair];
}

type FileSource = Exclude<AgentSource, { from: 'source' }>;

function forUnix(os: 'linux' | 'darwin', arch: UpdateProcessor, source: FileSource, bind: string): string {
  const name = nameOf(os, arch, source);
  const url = urlOf(source, name);
  const check = os === 'darwin' ? 'shasum -a 256 -c -' : 'sha256sum -c -';
  return [
    ...(url === null ? [] : [`curl ${curlFlags(url, source)} -o ${quoteForSh(name)} ${quoteForSh(url)}`]),
    ...(source.from === 'release' ? [] : [`echo ${quoteForSh(`${source.sha256}  ${name}`)} | ${check}`]),
    `chmod +x ${quoteForSh(name)}`,
    `sudo ${quoteForSh(`./${name}`)} install --role ${ROLES} --bind ${quoteForSh(bind)}`,
  ].join(' && ');
}

function forWindows(arch: UpdateProcessor, source: FileSource, bind: string): string {
  const name = nameOf('win32', arch, source);
  const url = urlOf(source, name);
  const file = quoteForPowerShell(name);
  // A failed download leaves no file, or one with another digest.
  const download =
    url === null ? [] : [`curl.exe ${curlFlags(url, source)} -o ${file} ${quoteForPowerShell(url)}`];
  const install = `& ${quoteForPowerShell(`./${name}`)} install --role ${roles('win32')} --bind ${quoteForPowerShell(bind)}`;
  const checked =
    source.from === 'release'
      ? `if ($LASTEXITCODE -eq 0) { ${install} }`
      : `if ((Get-FileHash -Algorithm SHA256 ${file}).Hash -eq '${source.sha256}') { ${install} } else { throw 'SHA-256 does not match' }`;
  return [...download, checked].join('; ');
}

const nameOf = (os: UpdateSystem, arch: UpdateProcessor, source: FileSource): string =>
  source.from === 'release' ? agentFileName(os, arch) : source.name;

function urlOf(source: FileSource, name: string): string | null {
  if (source.from === 'copy') return null;
  return source.from === 'link' ? source.url : `${source.address.replace(/\/+$/, '')}/${name}`;
}

/**
 * The panel's own certificate is known to no system; the digest in the command says whether the right file arrived. A
 * release on the web is redirected to where its files are.
 */
const curlFlags = (url: string, { from }: FileSource): string =>
  from === 'link' ? (url.startsWith('https:') ? '-fsSk' : '-fsS') : '-fsSL';

/** PowerShell would make two words of it. */
const roles = (os: UpdateSystem): string => (os === 'win32' ? `'${ROLES}'` : ROLES);

const quote = (os: UpdateSystem, word: string): string =>
  os === 'win32' ? quoteForPowerShell(word) : quoteForSh(word);

/** For the shell of the panel's computer, of which the path says what it is. */
const quoteHere = (word: string): string =>
  /^(?:[A-Za-z]:[\\/]|\\\\)/.test(word) ? quoteForPowerShell(word) : quoteForSh(word);

const places = {
  linux: '/var/lib/pilotlight-agent',
  darwin: '/usr/local/var/pilotlight-agent',
} as const;

/** Where the installation puts the program and its data. */
function pairCommand(os: UpdateSystem, source: AgentSource): string {
  const isSingle = source.from !== 'source';
  if (os === 'win32') {
    const folder = '$env:ProgramData\\Pilotlight\\agent';
    return isSingle
      ? `& "${folder}\\pilotlight-agent.exe" pair --data "${folder}\\data"`
      : `node "${folder}\\agent.mjs" pair --data "${folder}\\data"`;
  }
  const folder = '/usr/local/lib/pilotlight-agent';
  return isSingle
    ? `sudo ${folder}/pilotlight-agent pair --data ${places[os]}`
    : `sudo node ${folder}/agent.mjs pair --data ${places[os]}`;
}
