/** What the methods that update agents are tried with: a release beside the data, and the agents of simulated machines. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type CaseContext, type MethodCase, machines, openedAddress } from './method-cases.ts';

type Method =
  | 'agents.updates'
  | 'agents.update'
  | 'agents.cancelUpdates'
  | 'agents.installFiles'
  | 'agents.installLink';

const linux = { os: 'linux', arch: 'x64' };

/** Whether the release is there. */
function setRelease({ folder }: CaseContext, isThere: boolean): void {
  const [there, away] = [join(folder, 'data', 'agents'), join(folder, 'data', 'agents-away')];
  const [from, to] = isThere ? [away, there] : [there, away];
  if (existsSync(from)) renameSync(from, to);
}

const reset = async (context: CaseContext) => {
  setRelease(context, true);
  await context.call('agents.cancelUpdates', {});
};

export const agentUpdateCases: Record<Method, MethodCase> = {
  'agents.updates': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'agents.update': {
    right: async (context) => {
      await reset(context);
      return { nodeIds: [machines.gpu], whenOn: false };
    },
    wrong: [{ nodeIds: [] }, 'nodeIds'],
    errors: [
      ['NOT_FOUND', () => ({ nodeIds: ['nope'] })],
      [
        'AGENT_UPDATES_RUN',
        async (context) => {
          await reset(context);
          const waiting = { nodeIds: [machines.asleep], whenOn: true };
          await context.call('agents.update', waiting);
          return waiting;
        },
      ],
      [
        'NO_AGENT_RELEASE',
        async (context) => {
          await reset(context);
          setRelease(context, false);
          return {};
        },
      ],
    ],
  },
  'agents.installFiles': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
  'agents.installLink': {
    right: async (context) => {
      setRelease(context, true);
      return { ...linux, ...(await openedAddress(context)) };
    },
    wrong: [{ ...linux, address: '' }, 'address'],
    errors: [
      [
        'NOT_FOUND',
        (context) => {
          setRelease(context, true);
          return { ...linux, address: '192.0.2.77' };
        },
      ],
      ['NO_AGENT_RELEASE', () => ({ os: 'win32', arch: 'arm64', address: '127.0.0.2' })],
    ],
  },
  'agents.cancelUpdates': { right: () => ({}), wrong: [{ extra: 1 }, null], errors: [] },
};
