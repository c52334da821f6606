import { describe, expect, it } from 'vitest';
import { applyPatch } from '../../../../electron/core/settings/read.ts';
import {
  type FoundFolders,
  planDocument,
  readDocument,
} from '../../../../electron/core/transfer/document-plan.ts';
import { readEnvironment } from '../../../../electron/core/transfer/environment.ts';
import { planEnvironment } from '../../../../electron/core/transfer/environment-plan.ts';
import { isPossible, type Present } from '../../../../electron/core/transfer/import-plan.ts';
import type { NodeRecord } from '../../../../shared/models/fleet.ts';
import { defaultPowerPolicy } from '../../../../shared/models/power.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';

const remote: NodeRecord = {
  id: 'node_1',
  name: 'tower',
  kind: 'remote',
  url: 'http://10.0.0.2:11434',
  mac: null,
  wakeDestinations: [],
  wakeWays: [{ kind: 'direct' }],
  agentUrl: null,
  shutdownUrl: null,
  vramBytes: null,
  addedAt: 5,
};
const local: NodeRecord = {
  ...remote,
  id: 'this-computer',
  name: 'This computer',
  kind: 'this-computer',
  url: null,
};
const simulated: NodeRecord = {
  ...remote,
  id: 'nas',
  name: 'nas',
  kind: 'simulated',
  url: 'http://127.0.0.1:4000',
};
const source = {
  id: 'source_1',
  name: 'Notes',
  path: '/notes',
  embedder: { kind: 'builtin' as const },
  wake: true,
  whenGpuGone: 'use-cpu' as const,
  addedAt: 5,
};

const bare = {
  policy: null,
  hasSecureOn: false,
  hasAgentToken: false,
  hasRelayToken: false,
  hasShutdownSecret: false,
};

const present: Present = {
  settings: defaultSettings,
  check: (patch) => applyPatch(defaultSettings, patch),
  nodes: [
    { record: local, url: 'http://127.0.0.1:11434', ...bare },
    { record: remote, url: remote.url, ...bare },
    { record: simulated, url: simulated.url, ...bare },
  ],
  sources: [source],
};

const { id: _id, addedAt: _addedAt, ...exportedSource } = source;
const exportedNode = {
  kind: 'remote',
  name: 'tower',
  url: 'http://10.0.0.2:11434',
  mac: null,
  wakeDestinations: [],
  vramBytes: null,
  hasSecureOn: false,
  hasAgentToken: false,
  hasRelayToken: false,
  hasShutdownSecret: false,
};

describe('the plan of an exported file', () => {
  const folders: FoundFolders = new Map([
    ['/notes', { path: '/notes' }],
    ['/link', { path: '/notes' }],
    ['/new', { path: '/new' }],
    ['/gone', { problem: 'It cannot be used on this computer: This folder does not exist.' }],
  ]);
  const plan = (document: object) =>
    planDocument(
      readDocument(JSON.stringify({ format: 'pilotlight', version: 1, ...document })),
      present,
      folders,
    );
  const actionsOf = (document: object) =>
    plan(document).entries.map(({ action, kind, what }) => [action, kind, what]);

  it.each<[string, object, string[][]]>([
    ['nothing', {}, []],
    ['a setting', { settings: { index: { batchSize: 8 } } }, [['change', 'setting', 'index.batchSize']]],
    [
      'the same setting',
      { settings: { index: { batchSize: 32 } } },
      [['same', 'setting', 'index.batchSize']],
    ],
    [
      'a setting out of range',
      { settings: { index: { batchSize: 0 } } },
      [['refuse', 'setting', 'index.batchSize']],
    ],
    [
      'a setting of another version',
      { settings: { index: { magic: 1 } } },
      [['leave-out', 'setting', 'index.magic']],
    ],
    ['a section that is a value', { settings: { index: 5 } }, [['refuse', 'setting', 'index']]],
    [
      'a secret',
      { settings: { api: { indexToken: 'a-token-of-mine' } } },
      [['leave-out', 'setting', 'api.indexToken']],
    ],
    [
      'the simulated fleet',
      { settings: { fleet: { simulated: true } } },
      [['leave-out', 'setting', 'fleet.simulated']],
    ],
    [
      'a new node',
      { nodes: [{ ...exportedNode, name: 'box', url: 'http://10.0.0.3:11434' }] },
      [['add', 'node', 'box']],
    ],
    ['a node that is here', { nodes: [exportedNode] }, [['same', 'node', 'tower']]],
    [
      'a node with a MAC',
      { nodes: [{ ...exportedNode, mac: '02:00:00:00:00:01' }] },
      [['change', 'node', 'tower']],
    ],
    ['a bad MAC', { nodes: [{ ...exportedNode, mac: 'zz' }] }, [['refuse', 'node', 'tower']]],
    ['a bad address', { nodes: [{ ...exportedNode, url: 'ftp://x' }] }, [['refuse', 'node', 'tower']]],
    [
      'a node twice',
      {
        nodes: [
          exportedNode,
          { ...exportedNode, mac: '02:00:00:00:00:01' },
          { ...exportedNode, mac: '02:00:00:00:00:02' },
        ],
      },
      [
        ['same', 'node', 'tower'],
        ['change', 'node', 'tower'],
        ['refuse', 'node', 'tower'],
      ],
    ],
    [
      'a node in another shape',
      { nodes: [{ name: 'odd' }, 7] },
      [
        ['refuse', 'node', 'odd'],
        ['refuse', 'node', 'node 2'],
      ],
    ],
    [
      'the address of a simulated machine',
      { nodes: [{ ...exportedNode, url: 'http://127.0.0.1:4000' }] },
      [['leave-out', 'node', 'tower']],
    ],
    [
      'this computer',
      { nodes: [{ ...exportedNode, kind: 'this-computer', name: 'Desk', url: null }] },
      [['change', 'node', 'Desk']],
    ],
    [
      'this computer at the address of another',
      { nodes: [{ ...exportedNode, kind: 'this-computer', name: 'Desk' }] },
      [['refuse', 'node', 'Desk']],
    ],
    ['a folder that is here', { sources: [exportedSource] }, [['same', 'folder', '/notes']]],
    [
      'a folder with another wish',
      { sources: [{ ...exportedSource, whenGpuGone: 'wait' }] },
      [['change', 'folder', '/notes']],
    ],
    ['a folder that is new', { sources: [{ ...exportedSource, path: '/new' }] }, [['add', 'folder', '/new']]],
    [
      'a folder that is not here',
      { sources: [{ ...exportedSource, path: '/gone' }] },
      [['leave-out', 'folder', '/gone']],
    ],
    [
      'a folder twice',
      {
        sources: [
          { ...exportedSource, wake: false },
          { ...exportedSource, path: '/link' },
        ],
      },
      [
        ['change', 'folder', '/notes'],
        ['refuse', 'folder', '/link'],
      ],
    ],
  ])('tells of %s', (_name, document, wanted) => {
    expect(actionsOf(document)).toEqual(wanted);
    for (const { words } of plan(document).entries) expect(words).toMatch(/\.$/);
  });

  it('says what has to be set again, and keeps the id and the age of what is here', () => {
    const { entries, changes } = plan({
      nodes: [{ ...exportedNode, mac: '020000000001', hasSecureOn: true }],
      sources: [{ ...exportedSource, name: 'Papers' }],
    });
    expect(entries[0]?.words).toContain('set it again');
    expect(changes).toEqual({
      settings: null,
      nodes: [{ ...remote, mac: '02:00:00:00:00:01' }],
      sources: [{ ...source, name: 'Papers' }],
      extras: [],
    });
  });

  it('takes over agents, shutdown servers, ways and policies, and tells which secrets are not in the file', () => {
    const policy = { ...defaultPowerPolicy, idleMinutes: 30 };
    const { entries, changes } = plan({
      nodes: [
        {
          ...exportedNode,
          agentUrl: '10.0.0.2',
          shutdownUrl: 'http://10.0.0.2:8766/shutdown',
          wakeWays: [{ kind: 'relay', url: 'http://10.0.0.9:9753' }, { kind: 'direct' }],
          policy,
          hasAgentToken: true,
          hasShutdownSecret: true,
        },
      ],
    });
    const changed = {
      ...remote,
      agentUrl: 'http://10.0.0.2:8765',
      shutdownUrl: 'http://10.0.0.2:8766',
      wakeWays: [{ kind: 'relay', url: 'http://10.0.0.9:9753' }, { kind: 'direct' }],
    };
    expect(changes.nodes).toEqual([changed]);
    expect(changes.extras).toEqual([{ record: changed, policy }]);
    expect(entries[0]?.words).toBe(
      'Changed: ways to wake, agent, shutdown server, power policy. Not in the file, set it again: the token of its agent, the secret of its shutdown server.',
    );
  });

  it('brings no command that would run on this computer', () => {
    const command = { kind: 'command', command: ['/bin/evil'] };
    const { entries, changes } = plan({
      nodes: [{ ...exportedNode, mac: '02:00:00:00:00:01', wakeWays: [command] }],
    });
    expect(changes.nodes[0]?.wakeWays).toEqual([{ kind: 'direct' }]);
    expect(entries[0]?.words).toContain('set it again');
  });

  it('knows a node with only an agent by that', () => {
    const only = { ...remote, id: 'node_2', name: 'nas-2', url: null, agentUrl: 'http://10.0.0.5:8765' };
    const with2: Present = { ...present, nodes: [...present.nodes, { record: only, url: null, ...bare }] };
    const node = { ...exportedNode, name: 'nas-2', url: null, agentUrl: 'http://10.0.0.5:8765' };
    const text = JSON.stringify({ format: 'pilotlight', version: 1, nodes: [node] });
    expect(planDocument(readDocument(text), with2, folders).entries).toMatchObject([{ action: 'same' }]);
  });

  it('keeps the embedder of a folder that is here', () => {
    const embedder = { kind: 'model', name: 'other', digest: 'abc' };
    const { entries, changes } = plan({ sources: [{ ...exportedSource, embedder, wake: false }] });
    expect(entries[0]?.words).toContain('rebuild');
    expect(changes.sources[0]?.embedder).toEqual({ kind: 'builtin' });
  });

  it.each([
    ['{"format":"pilotlight","ver', 'cut off'],
    ['[]', 'not JSON'],
    ['{"format":"other","version":1}', 'not an export'],
    ['{"format":"pilotlight","version":2}', 'another version'],
    ['{"format":"pilotlight","version":1,"nodes":{}}', 'not a list'],
    ['{"format":"pilotlight","version":1,"settings":[]}', 'not an object'],
    [JSON.stringify({ format: 'pilotlight', version: 1, nodes: Array(1001).fill(0) }), 'more than'],
  ])('refuses %.60s', (text, words) => {
    let thrown: unknown;
    try {
      readDocument(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'BAD_IMPORT', message: expect.stringContaining(words) });
  });
});

describe('the plan of an environment file', () => {
  const plan = (text: string) => planEnvironment(readEnvironment(text), present);
  const entriesOf = (text: string) => plan(text).entries.map(({ action, what }) => [action, what]);

  it('adds a machine with its MAC, and takes over what the optimizer and the wake have', () => {
    const { entries, changes } = plan(
      [
        'GPU_OLLAMA_ENABLED=true',
        'GPU_OLLAMA_URL="http://gpu-pc.lan:11434/"',
        'GPU_WOL_MAC=02-00-00-00-00-09',
        'GPU_HEALTH_TIMEOUT_SECONDS=120',
        'AUTO_OPTIMIZE_GPU=false',
        'GPU_PRIORITY_MODELS=mxbai-embed-large, qwen3:*',
        'CHECK_INTERVAL=60',
      ].join('\r\n'),
    );
    expect(isPossible(entries)).toBe(true);
    expect(changes.nodes).toMatchObject([
      { id: '', name: 'gpu-pc', url: 'http://gpu-pc.lan:11434', mac: '02:00:00:00:00:09' },
    ]);
    expect(changes.settings).toMatchObject({
      optimizer: { on: false, intervalMs: 60_000, priorityModels: ['mxbai-embed-large', 'qwen3:*'] },
      power: { wakeTimeoutMs: 120_000 },
    });
  });

  it.each<[string, string[][]]>([
    ['GPU_OLLAMA_URL=10.0.0.2', [['same', 'tower']]],
    ['GPU_OLLAMA_URL=10.0.0.2\nGPU_WOL_MAC=02:00:00:00:00:01', [['change', 'tower']]],
    ['GPU_OLLAMA_URL=http://localhost:11434\nGPU_WOL_MAC=02:00:00:00:00:01', [['same', 'This computer']]],
    ['GPU_OLLAMA_URL=http://127.0.0.1:4000', [['leave-out', 'nas']]],
    ['GPU_OLLAMA_URL=ftp://x', [['refuse', 'GPU_OLLAMA_URL']]],
    ['GPU_OLLAMA_URL=10.0.0.9\nGPU_WOL_MAC=zz', [['refuse', 'GPU_WOL_MAC']]],
    ['GPU_OLLAMA_URL=10.0.0.9\nGPU_OLLAMA_ENABLED=no', [['leave-out', 'GPU_OLLAMA_URL']]],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_OLLAMA_ENABLED=maybe',
      [
        ['refuse', 'GPU_OLLAMA_ENABLED'],
        ['same', 'tower'],
      ],
    ],
    ['GPU_WOL_MAC=02:00:00:00:00:01', [['leave-out', 'GPU_WOL_MAC']]],
    ['AUTO_OPTIMIZE_GPU=perhaps', [['refuse', 'AUTO_OPTIMIZE_GPU']]],
    ['CHECK_INTERVAL=soon', [['refuse', 'CHECK_INTERVAL']]],
    ['CHECK_INTERVAL=1', [['refuse', 'optimizer.intervalMs']]],
    ['CHECK_INTERVAL=300', [['same', 'optimizer.intervalMs']]],
    ['CHECK_INTERVAL=', [['leave-out', 'CHECK_INTERVAL']]],
    ['GPU_PRIORITY_MODELS=["a","b"]', [['change', 'optimizer.priorityModels']]],
    ['GPU_PRIORITY_MODELS=[1]', [['refuse', 'GPU_PRIORITY_MODELS']]],
    ['gpu_boot_wait_seconds=5', [['leave-out', 'GPU_BOOT_WAIT_SECONDS']]],
    ['GPU_WOL_SERVER_URL=http://nas:9753', [['leave-out', 'GPU_WOL_SERVER_URL']]],
    ['GPU_AUTO_SHUTDOWN=true', [['leave-out', 'GPU_AUTO_SHUTDOWN']]],
    ['GPU_SHUTDOWN_URL=http://pc:8765', [['leave-out', 'GPU_SHUTDOWN_URL']]],
    ['GPU_OLLAMA_URL=10.0.0.2\nGPU_WOL_SERVER_URL=nas', [['change', 'tower']]],
    ['GPU_OLLAMA_URL=10.0.0.2\nGPU_WOL_SERVER_URL=ftp://nas', [['refuse', 'GPU_WOL_SERVER_URL']]],
    ['GPU_OLLAMA_URL=10.0.0.2\nGPU_SHUTDOWN_URL=http://pc:8765/shutdown', [['change', 'tower']]],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_SHUTDOWN_URL=pc\nGPU_SHUTDOWN_SECRET=abc',
      [
        ['change', 'tower'],
        ['change', 'GPU_SHUTDOWN_SECRET'],
      ],
    ],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_SHUTDOWN_URL=pc\nGPU_SHUTDOWN_SECRET="two words"',
      [
        ['change', 'tower'],
        ['refuse', 'GPU_SHUTDOWN_SECRET'],
      ],
    ],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_SHUTDOWN_SECRET=abc',
      [
        ['same', 'tower'],
        ['leave-out', 'GPU_SHUTDOWN_SECRET'],
      ],
    ],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_AUTO_SHUTDOWN=true',
      [
        ['same', 'tower'],
        ['same', 'GPU_AUTO_SHUTDOWN'],
      ],
    ],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_AUTO_SHUTDOWN=off',
      [
        ['same', 'tower'],
        ['change', 'GPU_AUTO_SHUTDOWN'],
      ],
    ],
    [
      'GPU_OLLAMA_URL=10.0.0.2\nGPU_AUTO_SHUTDOWN=maybe',
      [
        ['refuse', 'GPU_AUTO_SHUTDOWN'],
        ['same', 'tower'],
      ],
    ],
    ['GPU_WORKER_URL=http://pc:8765', [['leave-out', 'GPU_WORKER_URL']]],
    ['HOME=/root\nPATH=/bin', [['leave-out', 'HOME, PATH']]],
    [
      'set -a\nCHECK_INTERVAL="300',
      [
        ['leave-out', 'line 1'],
        ['refuse', 'line 2'],
      ],
    ],
  ])('reads %j', (text, wanted) => {
    expect(entriesOf(text)).toEqual(wanted);
  });

  it('says in words what is not used yet, and repeats no value of it', () => {
    const secret = 'hunter2-of-the-shutdown';
    const { entries } = plan(
      `GPU_SHUTDOWN_SECRET=${secret}\nGPU_BACKEND=${secret}\nDATABASE_PASSWORD=${secret}\nGPU_WOL_SERVER_URL=http://u:${secret}@nas\n${secret}\nGPU_OLLAMA_URL=http://u:${secret}@host`,
    );
    expect(entries.find(({ what }) => what === 'GPU_BACKEND')?.words).toContain('Not used yet');
    expect(JSON.stringify(entries)).not.toContain(secret);
  });

  it('takes over the relay, the shutdown server with its secret, and whether it goes off', () => {
    const { entries, changes } = plan(
      [
        'GPU_OLLAMA_URL=http://gpu-pc.lan:11434',
        'GPU_WOL_MAC=02-00-00-00-00-09',
        'GPU_WOL_SERVER_URL=http://nas:9753/wake',
        'GPU_SHUTDOWN_URL=http://gpu-pc.lan:8765',
        'GPU_SHUTDOWN_SECRET=hunter2-of-the-shutdown',
        'GPU_AUTO_SHUTDOWN=false',
      ].join('\n'),
    );
    expect(isPossible(entries)).toBe(true);
    const [record] = changes.nodes;
    expect(record).toMatchObject({
      wakeWays: [{ kind: 'relay', url: 'http://nas:9753' }, { kind: 'direct' }],
      shutdownUrl: 'http://gpu-pc.lan:8765',
    });
    expect(changes.extras).toEqual([
      { record, shutdownSecret: 'hunter2-of-the-shutdown' },
      { record, policy: { ...defaultPowerPolicy, powerOff: 'never' } },
    ]);
    expect(JSON.stringify(entries)).not.toContain('hunter2');
  });
});
