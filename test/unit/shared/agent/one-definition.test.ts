/** The agent's protocol is written down once, and the agent bundles no more of the contract than it needs. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { agentApi, agentStream } from '../../../../shared/contract/agent.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const withoutComments = (text: string) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
/** They speak protocols of other products, which have paths of the same name. */
const ownProtocols = [join('electron', 'workers', 'runner'), join('electron', 'simulator', 'onnx-runner.ts')];
const sources = readdirSync(join(root, 'electron'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join('electron', file))
  .filter((file) => !ownProtocols.some((own) => file.startsWith(own)));

/** What a file imports when it is loaded: not types. */
function imports(file: string): string[] {
  return [...read(file).matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';|^import '([^']+)';/gm)]
    .map((match) => match[1] ?? match[2] ?? '')
    .map((name) => (name.startsWith('.') ? join(dirname(file), name) : name));
}

function loadedBy(entry: string): Set<string> {
  const found = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    if (file.endsWith('.ts')) waiting.push(...imports(file));
  }
  return found;
}

describe('the protocol of the agent', () => {
  const paths = [...Object.values(agentApi), agentStream].map(({ path }) => path.replace(/\{id\}$/, ''));

  it.each([...new Set(paths)])('%s is written in the contract alone', (path) => {
    const literal = new RegExp(`['"\`](?:\\$\\{\\w+\\})?${path.replaceAll('/', '\\/')}(?:['"\`]|\\$\\{)`);
    expect(sources.filter((file) => literal.test(withoutComments(read(file))))).toEqual([]);
    expect(literal.test(`url: '${path}'`)).toBe(true);
  });

  it('is served and spoken by the contract', () => {
    for (const file of [
      'electron/agent/main.ts',
      'electron/adapters/agents/agent-link.ts',
      'electron/simulator/main.ts',
    ])
      expect(loadedBy(file)).toContain('shared/contract/agent.ts');
  });
});

describe('the agent', () => {
  const loaded = loadedBy('electron/agent/main.ts');

  it('bundles its own errors and zod/mini, not the whole catalogue and not zod', () => {
    expect(loaded).toContain('zod/mini');
    expect(loaded).toContain('shared/contract/errors/agent.ts');
    expect(loaded).not.toContain('zod');
    const others = [...loaded].filter((file) => /^shared\/contract\/(errors\.ts|methods|streams)/.test(file));
    expect(others).toEqual([]);
    const domains = [...loaded].filter((file) => file.startsWith('shared/contract/errors/')).sort();
    expect(domains.sort()).toEqual([
      'shared/contract/errors/agent-update.ts',
      'shared/contract/errors/agent.ts',
      'shared/contract/errors/common.ts',
      // Its door for Immich answers with these.
      'shared/contract/errors/immich.ts',
      'shared/contract/errors/predict.ts',
    ]);
  });
});
