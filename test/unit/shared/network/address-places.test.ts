/** Every place where an address is entered or read uses the one reader of `shared/network`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseArpA } from '../../../../electron/adapters/network/neighbour-tables.ts';
import { readConfig } from '../../../../electron/agent/config.ts';
import { readPairing } from '../../../../electron/core/agents/pairing.ts';
import { inspectAddress } from '../../../../electron/core/discovery/inspect.ts';
import { readOllamaHost } from '../../../../electron/core/fleet/ollama-host.ts';
import { changedRecord, newRecord, ofToday } from '../../../../electron/core/fleet/records.ts';
import {
  isLoopbackHost,
  normaliseWakeMethods,
  parseDestination,
} from '../../../../electron/core/fleet/validate.ts';
import { planDocument } from '../../../../electron/core/transfer/document-plan.ts';
import { readEnvironment } from '../../../../electron/core/transfer/environment.ts';
import { planEnvironment } from '../../../../electron/core/transfer/environment-plan.ts';
import type { Present } from '../../../../electron/core/transfer/import-plan.ts';
import { brokenPart, rules } from '../../../../renderer/features/settings/rules.ts';
import { helloUrlSchema } from '../../../../shared/contract/agent/requests.ts';
import { methods } from '../../../../shared/contract/methods.ts';
import { defaultSettings, secretSettings } from '../../../../shared/models/settings.ts';
import { parseSubnet } from '../../../../shared/network/ipv4.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createFakeHttp } from '../../../fakes/http.ts';

const record = newRecord({ url: 'http://10.0.0.2:11434' }, { id: 'node', now: 0 });
const present: Present = {
  settings: defaultSettings,
  check: () => ({ ok: false, problems: [] }),
  nodes: [],
  sources: [],
};
const accepted = (action: string) => action === 'add' || action === 'change';

const agentOption = (key: string, value: string) =>
  readConfig({ flags: { [key]: value }, environment: {}, file: null });

function importNode(fields: Record<string, unknown>): void {
  const node = {
    ...{ kind: 'remote', name: 'gpu', url: null, mac: null, wakeDestinations: [], vramBytes: null },
    ...{ hasSecureOn: false, ...fields },
  };
  const { entries } = planDocument({ settings: {}, nodes: [node], sources: [] }, present, new Map());
  if (!entries.some(({ action }) => accepted(action))) throw new Error('refused');
}

function importEnvironment(text: string): void {
  const { entries } = planEnvironment(readEnvironment(text), present);
  if (!entries.some(({ kind, action }) => kind === 'node' && accepted(action))) throw new Error('refused');
}

const check = (right: boolean) => {
  if (!right) throw new Error('refused');
};

/** By its name, a place that reads the host as an address; it throws for anything else. */
const places: Readonly<Record<string, (host: string) => unknown>> = {
  'a node’s server (panel, CLI, HTTP)': (host) => newRecord({ url: `http://${host}:1` }, { id: '', now: 0 }),
  'a node’s server without a scheme': (host) => newRecord({ url: host }, { id: '', now: 0 }),
  'a node’s agent': (host) => changedRecord(record, { agentUrl: `${host}:8765` }),
  'a node’s shutdown server': (host) => changedRecord(record, { shutdownUrl: `http://${host}/shutdown` }),
  'a relay among the wake methods': (host) =>
    normaliseWakeMethods([{ kind: 'relay', url: `http://${host}:9753` }]),
  'a wake destination': (host) => parseDestination(`${host}:9`),
  'an agent’s address with a code': (host) => readPairing({ url: host, code: '123456' }),
  'a pairing line': (host) => readPairing({ line: `pilotlight+agent://${host}:8765/#${'s'.repeat(20)}` }),
  'the wizard’s address': (host) =>
    // Nothing answers there, so that only a refused address fails with BAD_URL.
    inspectAddress(
      {
        clock: createFakeClock(),
        http: createFakeHttp({ [`http://${host}:11434`]: { '/api/version': { version: '0.33.0' } } }),
        surroundings: { neighbours: async () => [], resolve: async () => [] },
        interfaces: () => [],
        agentMachine: async () => null,
        knownNodes: () => [],
      },
      host,
      new AbortController().signal,
    ),
  OLLAMA_HOST: (host) => check(readOllamaHost(`${host}:11434`) !== null),
  'an imported node’s server': (host) => importNode({ url: `http://${host}:1` }),
  'an imported node’s agent': (host) => importNode({ agentUrl: `http://${host}:1` }),
  'an imported environment’s server': (host) => importEnvironment(`GPU_OLLAMA_URL=http://${host}:1`),
  'an imported environment’s relay': (host) =>
    importEnvironment(`GPU_OLLAMA_URL=http://gpu\nGPU_WOL_SERVER_URL=http://${host}:1`),
  'an imported environment’s shutdown server': (host) =>
    importEnvironment(`GPU_OLLAMA_URL=http://gpu\nGPU_SHUTDOWN_URL=http://${host}:1`),
  'a webhook': (host) => secretSettings['power.webhookUrl'].parse(`http://${host}/hook`),
  'a webhook in the panel': (host) =>
    check(brokenPart(rules['optimizer.webhookUrl'], `http://${host}/hook`) === null),
  'the callback of an index job': (host) =>
    methods['index.start'].params.parse({ callbackUrl: `http://${host}/done` }),
  'where an agent announces itself': (host) => helloUrlSchema.parse(`http://${host}:4712/hello`),
  'a network to search': (host) => check(parseSubnet(`${host}/24`) !== null),
  'an agent’s --bind': (host) => agentOption('bind', host),
  'an agent’s --target': (host) => agentOption('target', host),
  'an agent’s --broadcast': (host) => agentOption('broadcast', host),
  'an agent’s --ollama': (host) => agentOption('ollama', `http://${host}:11434`),
  'the table of neighbours': (host) =>
    check(parseArpA(`? (${host}) at 8:0:27:1:2:3 on en0`)[0]?.address === host),
  'what counts as this computer': (host) => check(isLoopbackHost(host)),
};

const otherForms = [
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '017700000001',
  '2130706433',
  '127.0.0.01',
  '１２７.0.0.1',
];

describe.each(Object.entries(places))('%s', (_, read) => {
  const readIt = async (host: string) => read(host);

  it('takes four plain decimals', async () => {
    await expect(readIt('127.0.0.1')).resolves.not.toThrow();
  });

  it.each(otherForms)('refuses %s', async (host) => {
    await expect(readIt(host)).rejects.toThrow();
  });
});

/** Files that may use a URL parser or the system’s own check directly, and why no address is entered there. */
const parsers: Readonly<Record<string, string>> = {
  'shared/network/web-address.ts': 'the reader itself',
  'shared/network/callable-address.ts': 'the password of an address is hidden, however it is written',
  'shared/network/door.ts': 'a redirect, which is shown and never followed',
  'electron/workers/web/fetch-page.ts': 'where a redirect leads, which the guard then reads like any address',
  'electron/adapters/updates/open-following.ts':
    'where a redirect leads, which must be HTTPS or this computer',
  'shared/text/place-text.ts': 'whether the origin of a document is YouTube',
  'electron/agent/config-readers.ts': 'IPv6 only',
  'electron/host/panel-network.ts': 'which part of a certificate names a host that was read',
  'electron/adapters/http/self-signed.ts': 'how a certificate names a host that was read',
  'electron/main/external.ts': 'a link that the browser opens',
  'electron/main/wake-link.ts': 'pilotlight://, without a host',
  'electron/main/origin.ts': 'the origin of our own page',
};

describe('the source', () => {
  it('parses addresses nowhere else', () => {
    const root = join(import.meta.dirname, '../../../..');
    const found = ['electron', 'shared', 'renderer'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
        .filter((file) => /\.tsx?$/.test(file))
        .filter((file) =>
          /URL\.(?:canParse|parse)\(|z\.(?:url|ipv4|httpUrl)\(|\bisIP(?:v4|v6)?\(/.test(
            readFileSync(join(root, file), 'utf8'),
          ),
        ),
    );
    // The record of a node and the wake method of a relay are read again by `normaliseWakeMethods`.
    expect(found.filter((file) => !(file in parsers) && file !== 'shared/models/power.ts')).toEqual([]);
  });
});

describe('an address that ends in the path of an API', () => {
  it('of a saved node is cut when it is loaded', () => {
    const saved = { ...record, url: 'http://10.0.0.2:11434/v1' };
    expect(ofToday(saved).url).toBe('http://10.0.0.2:11434');
    expect(ofToday(record)).toBe(record);
    expect(ofToday({ ...record, url: null }).url).toBeNull();
  });

  it.each(['/v1', '/v1/', '/api', '/api/tags', '/api/generate'])(
    '%s is cut wherever it is entered',
    (path) => {
      const wanted = 'http://127.0.0.1:11434';
      expect(newRecord({ url: `${wanted}${path}` }, { id: '', now: 0 }).url).toBe(wanted);
      expect(changedRecord(record, { url: `${wanted}${path}` }).url).toBe(wanted);
      expect(readOllamaHost(`127.0.0.1:11434${path}`)).toEqual({ kind: 'loopback', url: wanted });
      expect(agentOption('ollama', `${wanted}${path}`).ollama).toBe(wanted);
    },
  );
});
