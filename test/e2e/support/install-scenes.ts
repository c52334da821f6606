/** What another machine can install its agent from. */
import type { AgentInstall, AgentInstallLink } from '../../../shared/models/agent-install.ts';
import { agentsOld } from './agent-scenes.ts';
import type { BridgeScene } from './bridge-core.ts';
import { adding, found } from './power-scenes.ts';

const sha256 = '5d41402abc4b2a76b9719d911017c592ae7bd0f4c1a4e5a1f0c9b4d2e8f7a6b3';
const name = 'pilotlight-agent-linux-x64';
const files: AgentInstall['files'] = [
  {
    ...{ os: 'linux', arch: 'x64', name, version: '1.2.0', sizeBytes: 109_000_000, sha256 },
    path: `/home/ann/.local/share/pilotlight of Ann/agents/${name}`,
  },
];
const link: AgentInstallLink = {
  url: `http://192.168.1.5:8790/api/agent-file?id=6f1c2d3e-0000-4000-8000-000000000001&file=${name}&sha256=${sha256}&caller=session-1&until=1796000000000&signature=${sha256}`,
  ...{ name, sha256, expiresAt: Date.now() + 14 * 60_000 },
};

const addresses = ['192.168.1.5', '10.0.3.4'].map((address) => ({ address, url: `http://${address}:8790` }));

const withInstall = (base: BridgeScene, install: AgentInstall): BridgeScene => ({
  ...base,
  results: { ...base.results, 'agents.installFiles': install, 'agents.installLink': link },
});

const sources = {
  link: { files, addresses, releases: null },
  copy: { files, addresses: [], releases: null },
  release: { files: [], addresses, releases: 'https://releases.example/pilotlight/latest' },
  source: { files: [], addresses: [], releases: null },
} satisfies Record<string, AgentInstall>;

const scenes = (base: BridgeScene) =>
  Object.entries(sources).map(([from, install]) => ({ from, scene: withInstall(base, install) }));

/** In the settings. */
export const installingFromSettings = scenes(agentsOld);

/** In the wizard, at a machine without an agent. */
export const installingFromWizard = scenes({
  ...adding,
  results: { ...adding.results, 'discovery.inspect': { ...found, agent: null } },
});
