/** What the methods of indexes on other servers are tried with. */
import type { MethodName } from '../../shared/contract/methods.ts';
import { startFakeRecall } from '../fakes/recall.ts';
import type { CaseContext, MethodCase } from './method-cases.ts';

type Method = Extract<MethodName, `remoteIndex.${string}`>;

const recall = async (key: string | null = null) => (await startFakeRecall({ key })).url;

const added = async ({ call }: CaseContext, url?: string) =>
  (await call('remoteIndex.add', { url: url ?? (await recall()) })).id;

/** Of a server that keeps working until the test ends. */
async function running(context: CaseContext): Promise<string> {
  const remoteId = await added(context);
  await context.call('remoteIndex.start', { remoteId });
  return remoteId;
}

const unknown = () => ({ remoteId: 'nope' });
const failing = async (status: number, body = '{}') => {
  const server = await startFakeRecall();
  server.faults.set('*', { status, body });
  return { url: server.url };
};

export const remoteIndexCases: Record<Method, MethodCase> = {
  'remoteIndex.list': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'remoteIndex.add': {
    right: async () => ({ url: `${await recall()}/index/progress`, key: 'key-1', name: 'NAS notes' }),
    wrong: [{ url: '' }, 'url'],
    errors: [
      ['BAD_URL', () => ({ url: 'ftp://127.0.0.1/' })],
      ['BAD_TOKEN', async () => ({ url: await recall(), key: 'two words' })],
      ['NOT_FOUND', async () => ({ url: await recall(), nodeIds: ['nope'] })],
      [
        'ALREADY_EXISTS',
        async (context) => {
          const url = await recall();
          await added(context, url);
          return { url };
        },
      ],
    ],
  },
  'remoteIndex.update': {
    right: async (context) => ({ remoteId: await added(context), name: 'Renamed', useGpu: false }),
    wrong: [{ remoteId: 'x', useGpu: 'perhaps' }, 'useGpu'],
    errors: [
      ['NOT_FOUND', unknown],
      ['BAD_URL', async (context) => ({ remoteId: await added(context), url: 'http://' })],
      ['BAD_TOKEN', async (context) => ({ remoteId: await added(context), key: 'two words' })],
      ['JOB_RUNNING', async (context) => ({ remoteId: await running(context), vault: 'other' })],
      [
        'ALREADY_EXISTS',
        async (context) => {
          const url = await recall();
          await added(context, url);
          return { remoteId: await added(context), url };
        },
      ],
    ],
  },
  'remoteIndex.remove': {
    right: async (context) => ({ remoteId: await added(context) }),
    wrong: [{}, 'remoteId'],
    errors: [
      ['NOT_FOUND', unknown],
      ['JOB_RUNNING', async (context) => ({ remoteId: await running(context) })],
    ],
  },
  'remoteIndex.test': {
    right: async () => ({ url: await recall('key-1'), key: 'key-1' }),
    wrong: [{ url: 7 }, 'url'],
    errors: [
      ['BAD_URL', () => ({ url: 'http://127.1/' })],
      ['BAD_TOKEN', () => ({ url: 'http://127.0.0.1:1', key: 'two words' })],
      ['NOT_FOUND', () => ({ url: 'http://127.0.0.1:1', remoteId: 'nope' })],
      ['REMOTE_INDEX_UNREACHABLE', () => ({ url: 'http://127.0.0.1:1' })],
      ['REMOTE_INDEX_REFUSED', async () => ({ url: await recall('key-1') })],
      ['REMOTE_INDEX_FAILED', () => failing(500)],
      ['NOT_A_RECALL_SERVER', () => failing(404)],
    ],
  },
  'remoteIndex.start': {
    right: async (context) => ({ remoteId: await added(context), full: true }),
    wrong: [{ remoteId: 'x', full: 1 }, 'full'],
    errors: [
      ['NOT_FOUND', unknown],
      ['JOB_RUNNING', async (context) => ({ remoteId: await running(context) })],
    ],
  },
  'remoteIndex.cancel': {
    right: async (context) => ({ remoteId: await running(context) }),
    wrong: [{ remoteId: 'x', forget: 'yes' }, 'forget'],
    errors: [
      ['NOT_FOUND', unknown],
      ['JOB_RUNNING', async (context) => ({ remoteId: await running(context), forget: true })],
    ],
  },
};
