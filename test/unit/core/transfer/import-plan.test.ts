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
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import { defaultPowerPolicy } from '../../../../shared/models/power.ts';
import { defaultSettings } from '../../../../shared/models/settings.ts';
import type { ImportEntry } from '../../../../shared/models/transfer.ts';
import { textOf } from '../../../../shared/text/index.ts';

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

function expectEnglish(entries: readonly ImportEntry[]): void {
  for (const { message } of entries) {
    const text = textOf(message);
    expect(text).not.toMatch(/undefined|\[object|newer version/);
    expect(text).toMatch(/^\S.*\.$/);
  }
}

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
    ['/gone', { problem: fact('FOLDER_UNUSABLE', { error: plainText('There is no such folder.') }) }],
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
      'a machine by its id',
      { settings: { gateway: { managementNodeId: 'node_1' } } },
      [['leave-out', 'setting', 'gateway.managementNodeId']],
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
        ['refuse', 'node', '#2'],
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
  ])('has an entry for %s', (_name, document, wanted) => {
    expect(actionsOf(document)).toEqual(wanted);
    expectEnglish(plan(document).entries);
  });

  it.each<[string, object, Message]>([
    [
      'a setting that changes',
      { settings: { index: { batchSize: 8 } } },
      fact('SETTING_CHANGES', { before: 32, after: 8 }),
    ],
    [
      'a list that changes',
      { settings: { optimizer: { priorityModels: [] } } },
      fact('SETTING_CHANGES', { before: ['mxbai-embed-large', 'llama3.1'], after: [] }),
    ],
    [
      'a setting that is the same',
      { settings: { index: { batchSize: 32 } } },
      fact('SETTING_SAME', { value: 32 }),
    ],
    [
      'a setting without a value',
      { settings: { power: { holder: null } } },
      fact('SETTING_SAME', { value: null }),
    ],
    [
      'a new node',
      { nodes: [{ ...exportedNode, name: 'box', url: '10.0.0.3', mac: '02:00:00:00:00:01' }] },
      fact('NODE_ADDED_AT', {
        address: 'http://10.0.0.3:11434',
        canWake: true,
        command: false,
        secrets: [],
      }),
    ],
    [
      'a node with another name',
      { nodes: [{ ...exportedNode, name: 'box' }] },
      fact('NODE_FIELDS_CHANGE', { fields: ['name'], currentName: 'tower', command: false, secrets: [] }),
    ],
    [
      'a folder that is not there',
      { sources: [{ ...exportedSource, path: '/gone' }] },
      fact('FOLDER_UNUSABLE', { error: plainText('There is no such folder.') }),
    ],
  ])('reports %s', (_name, document, message) => {
    const { entries } = plan(document);
    expect(entries.map((entry) => entry.message)).toEqual([message]);
    expectEnglish(entries);
  });

  it('lists what has to be entered again, and keeps the id and age of what exists', () => {
    const { entries, changes } = plan({
      nodes: [{ ...exportedNode, mac: '020000000001', hasSecureOn: true }],
      sources: [{ ...exportedSource, name: 'Papers' }],
    });
    expect(entries[0]?.message).toMatchObject({ params: { secrets: ['secureOn'] } });
    expect(changes).toEqual({
      settings: null,
      nodes: [{ ...remote, mac: '02:00:00:00:00:01' }],
      sources: [{ ...source, name: 'Papers' }],
      extras: [],
    });
  });

  it('imports agents, shutdown servers, wake methods and policies, and lists the secrets that are not in the file', () => {
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
    expect(entries[0]?.message).toEqual(
      fact('NODE_FIELDS_CHANGE', {
        fields: ['wakeWays', 'agentUrl', 'shutdownUrl', 'policy'],
        currentName: null,
        command: false,
        secrets: ['agentToken', 'shutdownSecret'],
      }),
    );
    expectEnglish(entries);
  });

  it('brings no command that would run on this computer', () => {
    const command = { kind: 'command', command: ['/bin/evil'] };
    const { entries, changes } = plan({
      nodes: [{ ...exportedNode, mac: '02:00:00:00:00:01', wakeWays: [command] }],
    });
    expect(changes.nodes[0]?.wakeWays).toEqual([{ kind: 'direct' }]);
    expect(entries[0]?.message).toMatchObject({ params: { command: true } });
    expectEnglish(entries);
  });

  it('finds a node that has only an agent by its agent', () => {
    const only = { ...remote, id: 'node_2', name: 'nas-2', url: null, agentUrl: 'http://10.0.0.5:8765' };
    const with2: Present = { ...present, nodes: [...present.nodes, { record: only, url: null, ...bare }] };
    const node = { ...exportedNode, name: 'nas-2', url: null, agentUrl: 'http://10.0.0.5:8765' };
    const text = JSON.stringify({ format: 'pilotlight', version: 1, nodes: [node] });
    expect(planDocument(readDocument(text), with2, folders).entries).toMatchObject([{ action: 'same' }]);
  });

  it('keeps the embedder of a folder that is here', () => {
    const embedder = { kind: 'model', name: 'other', digest: 'abc' };
    const { entries, changes } = plan({ sources: [{ ...exportedSource, embedder, wake: false }] });
    expect(entries[0]?.message).toEqual(fact('FOLDER_CHANGES', { otherEmbedder: true }));
    expect(changes.sources[0]?.embedder).toEqual({ kind: 'builtin' });
  });

  it.each([
    ['{"format":"pilotlight","ver', 'FILE_NOT_JSON'],
    ['[]', 'FILE_NOT_JSON'],
    ['{"format":"other","version":1}', 'FILE_NOT_AN_EXPORT'],
    ['{"format":"pilotlight","version":2}', 'FILE_OF_OTHER_VERSION'],
    ['{"format":"pilotlight","version":1,"nodes":{}}', 'FILE_PARTS_NOT_LISTS'],
    ['{"format":"pilotlight","version":1,"settings":[]}', 'FILE_SETTINGS_NOT_AN_OBJECT'],
    [JSON.stringify({ format: 'pilotlight', version: 1, nodes: Array(1001).fill(0) }), 'FILE_TOO_LONG'],
  ])('refuses %.60s', (text, code) => {
    let thrown: unknown;
    try {
      readDocument(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'BAD_IMPORT', said: { code } });
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
    ['GPU_WORKER_URL=http://pc:8765', [['change', 'runner.urls']]],
    ['GPU_WORKER_ENABLED=off\nGPU_WORKER_URL=http://pc:8765', [['leave-out', 'GPU_WORKER_URL']]],
    ['GPU_WORKER_ENABLED=true', [['leave-out', 'GPU_WORKER_ENABLED']]],
    ['GPU_WORKER_ENABLED=maybe', [['refuse', 'GPU_WORKER_ENABLED']]],
    ['GPU_WORKER_URL=not an address', [['refuse', 'runner.urls']]],
    [
      'GPU_WORKER_TIMEOUT=90\nGPU_WORKER_MAX_RETRIES=3\nGPU_WORKER_BATCH_SIZE=64\nGPU_WORKER_HEALTH_CHECK_INTERVAL=10',
      [
        ['change', 'runner.timeoutMs'],
        ['change', 'runner.retries'],
        ['change', 'runner.batchSize'],
        ['same', 'runner.healthIntervalMs'],
      ],
    ],
    ['GPU_WORKER_MAX_RETRIES=many', [['refuse', 'GPU_WORKER_MAX_RETRIES']]],
    [
      'GPU_BACKEND=directml\nFACE_DETECTION_GPU=true\nFACE_EMBEDDING_GPU=false',
      [
        ['change', 'runner.provider'],
        ['leave-out', 'FACE_DETECTION_GPU'],
        ['leave-out', 'FACE_EMBEDDING_GPU'],
      ],
    ],
    ['HOME=/root\nPATH=/bin', [['leave-out', 'HOME, PATH']]],
    [
      'set -a\nCHECK_INTERVAL="300',
      [
        ['leave-out', '1'],
        ['refuse', '2'],
      ],
    ],
  ])('reads %j', (text, wanted) => {
    expect(entriesOf(text)).toEqual(wanted);
    expectEnglish(plan(text).entries);
  });

  it('names the lines that it cannot read', () => {
    expect(plan('set -a\nCHECK_INTERVAL="300').entries).toEqual([
      { action: 'leave-out', kind: 'line', what: '1', message: fact('LINE_NOT_A_VARIABLE') },
      {
        action: 'refuse',
        kind: 'line',
        what: '2',
        message: fact('QUOTE_NOT_CLOSED', { name: 'CHECK_INTERVAL' }),
      },
    ]);
  });

  it('lists twenty unknown names, and counts the others', () => {
    const names = Array.from({ length: 23 }, (_, index) => `NAME_${index}`);
    const [entry, ...others] = plan(names.map((name) => `${name}=1`).join('\n')).entries;
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      what: names.slice(0, 20).join(', '),
      message: fact('NAMES_UNKNOWN', { more: 3 }),
    });
  });

  it('never repeats a value', () => {
    const secret = 'hunter2-of-the-shutdown';
    const { entries } = plan(
      `GPU_SHUTDOWN_SECRET=${secret}\nGPU_BACKEND=${secret}\nDATABASE_PASSWORD=${secret}\nGPU_WOL_SERVER_URL=http://u:${secret}@nas\n${secret}\nGPU_OLLAMA_URL=http://u:${secret}@host`,
    );
    expect(entries.find(({ what }) => what === 'GPU_BACKEND')?.message).toEqual(fact('WRITE_PROVIDER'));
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
