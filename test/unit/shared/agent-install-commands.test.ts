import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterInstall } from '../../../electron/agent/install/install.ts';
import { type AgentSource, agentFileName, installCommands } from '../../../shared/agent-install-commands.ts';
import { updateProcessors, updateSystems } from '../../../shared/models/update-manifest.ts';
import { quoteForPowerShell, quoteForSh } from '../../../shared/shell-quote.ts';

const sha256 = 'ab'.repeat(32);
const url = 'http://192.168.1.10:8790/api/agent-file?id=1&signature=2';
const linkOf = (name: string, at = url): AgentSource => ({ from: 'link', url: at, name, sha256 });
const texts = (...args: Parameters<typeof installCommands>) =>
  installCommands(...args).map(({ step, on, text }) => [step, on, text]);

describe('the commands that install an agent', () => {
  it('download, compare and install on Linux', () => {
    const name = 'pilotlight-agent-linux-x64';
    expect(texts({ os: 'linux', arch: 'x64', source: linkOf(name), address: '192.168.1.30' })).toEqual([
      [
        'install',
        'there',
        `curl -fsS -o ${name} '${url}' && echo '${sha256}  ${name}' | sha256sum -c - && chmod +x ${name} && sudo ./${name} install --role power,telemetry --bind 192.168.1.30`,
      ],
      [
        'pair',
        'there',
        'sudo /usr/local/lib/pilotlight-agent/pilotlight-agent pair --data /var/lib/pilotlight-agent',
      ],
    ]);
  });

  it('use the tools of macOS', () => {
    const name = agentFileName('darwin', 'arm64');
    const [install, pair] = installCommands({
      ...{ os: 'darwin', arch: 'arm64', source: linkOf(name), address: null },
    });
    expect(install?.text).toContain(`echo '${sha256}  ${name}' | shasum -a 256 -c -`);
    expect(install?.text).toMatch(/--bind ADDRESS$/);
    expect(pair?.text).toMatch(/--data \/usr\/local\/var\/pilotlight-agent$/);
  });

  it('are for PowerShell on Windows, where a list is two words', () => {
    const name = agentFileName('win32', 'x64');
    expect(name).toMatch(/\.exe$/);
    const [install, pair] = installCommands({
      ...{ os: 'win32', arch: 'x64', source: linkOf(name), address: '192.168.1.30' },
    });
    expect(install?.text).toBe(
      `curl.exe -fsS -o ${name} '${url}'; if ((Get-FileHash -Algorithm SHA256 ${name}).Hash -eq '${sha256}') { & ./${name} install --role 'power,telemetry' --bind 192.168.1.30 } else { throw 'SHA-256 does not match' }`,
    );
    expect(pair?.text).toBe(
      '& "$env:ProgramData\\Pilotlight\\agent\\pilotlight-agent.exe" pair --data "$env:ProgramData\\Pilotlight\\agent\\data"',
    );
  });

  it('take the certificate of the panel as it is, because the digest is compared, but never that of the web', () => {
    const name = agentFileName('linux', 'x64');
    const secure = url.replace('http:', 'https:');
    const link = installCommands({
      ...{ os: 'linux', arch: 'x64', address: null, source: linkOf(name, secure) },
    });
    expect(link[0]?.text).toMatch(/^curl -fsSk -o /);
    const release = installCommands({
      ...{ os: 'linux', arch: 'arm64', address: null },
      source: { from: 'release', address: 'https://example.org/latest/' },
    });
    expect(release[0]?.text).toMatch(
      /^curl -fsSL -o pilotlight-agent-linux-arm64 https:\/\/example\.org\/latest\/pilotlight-agent-linux-arm64 && chmod/,
    );
    expect(release[0]?.text).not.toContain('sha256sum');
  });

  it('copy the file first where the panel only listens on its own computer', () => {
    const name = agentFileName('win32', 'arm64');
    const source = { from: 'copy', path: "/home/ann/Ann's files/agent", name, sha256 } as const;
    const [copy, install] = installCommands({ os: 'win32', arch: 'arm64', source, address: '192.168.1.30' });
    expect(copy).toEqual({
      ...{ step: 'copy', on: 'here' },
      text: String.raw`scp '/home/ann/Ann'\''s files/agent' 192.168.1.30:`,
    });
    expect(install?.text).not.toContain('curl');
    expect(install?.text).toMatch(/^if \(\(Get-FileHash/);
    const windows = { ...source, path: "C:\\Ann's files\\agent" };
    const [fromWindows] = installCommands({ os: 'linux', arch: 'x64', source: windows, address: null });
    expect(fromWindows?.text).toBe("scp 'C:\\Ann''s files\\agent' ADDRESS:");
  });

  it.each(updateSystems)('use a copy of the repository where there is no file, on %s', (os) => {
    const [install, pair] = installCommands({
      ...{ os, arch: 'x64', source: { from: 'source' }, address: null },
    });
    expect(install?.text).toContain('node dist/agent/agent.mjs install --role ');
    expect(install?.text.startsWith('sudo ')).toBe(os !== 'win32');
    expect(pair?.text).toContain('agent.mjs');
  });

  it.each([
    ['linux', '/var/lib/pilotlight-agent'],
    ['darwin', '/usr/local/var/pilotlight-agent'],
    ['win32', 'C:\\ProgramData\\Pilotlight\\agent'],
  ] as const)('pair with the line that the installer prints on %s', (os, folder) => {
    const name = agentFileName(os, 'x64');
    for (const [source, node] of [
      [linkOf(name), null],
      [{ from: 'source' }, 'node'],
    ] as const) {
      const pair = installCommands({ os, arch: 'x64', source, address: null }).at(-1)?.text ?? '';
      const plain = pair
        .replace(/^& /, '')
        .replaceAll('"', '')
        .replaceAll('$env:ProgramData', 'C:\\ProgramData');
      const printed = afterInstall(os, { node, folder }).map((line) => line.trim());
      expect(printed).toContain(plain);
    }
  });

  it('name a file for each system and processor', () => {
    const names = updateSystems.flatMap((os) => updateProcessors.map((arch) => agentFileName(os, arch)));
    expect(new Set(names).size).toBe(6);
  });
});

describe('a word of a command', () => {
  it('stays one word for a POSIX shell, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const word = text.replaceAll('\0', '');
        const said = execFileSync('sh', ['-c', `printf %s ${quoteForSh(word)}`], { encoding: 'utf8' });
        expect(said).toBe(word);
      }),
      { numRuns: 40 },
    );
    expect(quoteForSh('')).toBe("''");
  });

  it('keeps its quotes for PowerShell, the typographic ones too', () => {
    expect(quoteForPowerShell("it's")).toBe("'it''s'");
    expect(quoteForPowerShell('it’s ‘a’')).toBe("'it’’s ‘‘a’’'");
    expect(quoteForPowerShell('a,b')).toBe("'a,b'");
    expect(quoteForPowerShell('$(calc)')).toBe("'$(calc)'");
    expect(quoteForPowerShell('')).toBe("''");
  });
});
