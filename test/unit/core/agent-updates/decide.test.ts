import { describe, expect, it } from 'vitest';
import {
  type AgentFacts,
  decideAgent,
  nextToUpdate,
} from '../../../../electron/core/agent-updates/decide.ts';
import type { AgentUpdate } from '../../../../electron/core/ports/agents.ts';
import { agentFile } from '../../../fakes/releases.ts';

const release = { version: '1.2.0', files: [agentFile(Buffer.from('program'))] };
const update: AgentUpdate = {
  version: '1.1.0',
  os: 'linux',
  arch: 'x64',
  way: 'panel',
  state: 'idle',
  next: null,
  previous: null,
  last: null,
  busy: [],
};
const facts: AgentFacts = {
  state: 'serving',
  isWaking: false,
  isReached: true,
  update,
  version: '1.1.0',
  leases: [],
};
const decide = (changes: Partial<AgentFacts> = {}) => decideAgent({ ...facts, ...changes }, release);
const say = (changes: Partial<AgentUpdate>) => decide({ update: { ...update, ...changes } });

describe('an agent', () => {
  it('is updated if it is old, reached, and not in use', () => {
    expect(decide()).toEqual({ do: 'update' });
  });

  it.each(['1.2.0', '1.2.1', '2.0.0'])('of version %s is current', (version) => {
    expect(say({ version })).toEqual({ do: 'current' });
    // That is known while its machine is off, too.
    expect(decide({ state: 'off', isReached: false, update: null, version })).toEqual({ do: 'current' });
  });

  it.each<[string, Partial<AgentFacts>, string]>([
    ['is asleep', { state: 'off', isReached: false, update: null }, 'AGENT_UPDATE_ASLEEP'],
    ['is waking', { state: 'waking', isReached: false, update: null }, 'AGENT_UPDATE_WAKING'],
    ['is booting', { state: 'booting' }, 'AGENT_UPDATE_WAKING'],
    ['is being woken although it answers', { isWaking: true }, 'AGENT_UPDATE_WAKING'],
    ['is silent', { isReached: false, update: null }, 'AGENT_UPDATE_UNREACHED'],
    ['has not said how it is updated', { update: null }, 'AGENT_UPDATE_NOT_READ'],
    ['holds a lease', { leases: [{ holder: 'Ann', purpose: 'index of Notes' }] }, 'AGENT_UPDATE_LEASED'],
    ['works', { update: { ...update, busy: [{ message: 'It works.' }] } }, 'AGENT_UPDATE_BUSY'],
    ['starts another version', { update: { ...update, state: 'starting' } }, 'AGENT_UPDATE_STARTING'],
  ])('that %s waits', (_name, changes, code) => {
    expect(decide(changes)).toMatchObject({ do: 'wait', why: { code } });
  });

  it('names the lease that it waits for', () => {
    expect(decide({ leases: [{ holder: 'Ann', purpose: 'index of Notes' }] })).toMatchObject({
      why: { params: { holder: 'Ann', purpose: 'index of Notes' } },
    });
  });

  it.each([
    ['package', 'AGENT_UPDATE_BY_PACKAGE'],
    ['container', 'AGENT_UPDATE_BY_IMAGE'],
    ['script', 'AGENT_UPDATE_BY_INSTALL'],
    ['source', 'AGENT_UPDATE_BY_SOURCE'],
    ['host', 'AGENT_UPDATE_BY_HOST'],
    ['a way of the future', 'AGENT_UPDATE_BY_OTHER'],
  ])('that is updated by %s is left to it', (way, code) => {
    expect(say({ way })).toMatchObject({ do: 'other', why: { code } });
  });

  it('that is too old, or for which there is no file, is not waited for', () => {
    expect(decide({ update: 'old' })).toMatchObject({ do: 'other', why: { code: 'AGENT_UPDATE_TOO_OLD' } });
    expect(say({ arch: 'riscv64' })).toMatchObject({ do: 'other', why: { code: 'AGENT_UPDATE_NO_FILE' } });
  });

  it('with a version that is none is asked to take the release', () => {
    expect(decide({ version: null, update: { ...update, version: 'dev' } })).toEqual({ do: 'update' });
  });
});

it('takes the first that can be updated, and none while all wait', () => {
  const agent = (id: string, verdict: ReturnType<typeof decideAgent>) => ({ id, verdict });
  const waits = agent('a', decide({ state: 'off', isReached: false, update: null }));
  expect(nextToUpdate([waits, agent('b', { do: 'update' }), agent('c', { do: 'update' })])?.id).toBe('b');
  expect(nextToUpdate([waits, agent('d', { do: 'current' })])).toBeNull();
});
