import { describe, expect, it } from 'vitest';
import {
  type AgentFacts,
  judgeAgent,
  judgeClock,
  judgeToken,
} from '../../../../electron/core/diagnosis/judge-agent.ts';
import { judgePowerOff, type PowerOffFacts } from '../../../../electron/core/diagnosis/judge-power-off.ts';
import { answered, type Code, expectVerdict, failed, na, refused, type State, silent } from './verdicts.ts';

const facts = (changes: Partial<AgentFacts>): AgentFacts => ({
  url: 'http://10.0.0.7:8765',
  onThisComputer: false,
  hostAnswers: true,
  hasToken: true,
  health: answered({
    id: 'a',
    version: '0.1.0',
    roles: ['power', 'telemetry'],
    protocol: { oldest: 1, newest: 2 },
  }),
  called: answered({}),
  ...changes,
});
const none = { url: null, health: null, called: null };

describe('the agent', () => {
  it.each<[string, AgentFacts, State, Code, Code?]>([
    ['none', facts(none), na, 'NODE_HAS_NO_AGENT'],
    ['none on this computer', facts({ ...none, onThisComputer: true }), na, 'NO_AGENT_NEEDED'],
    ['answers', facts({}), 'pass', 'AGENT_ANSWERS'],
    [
      'answers without a role',
      facts({ health: answered({ id: null, version: null, roles: [], protocol: { oldest: 1, newest: 2 } }) }),
      'pass',
      'AGENT_ANSWERS',
    ],
    ['asleep', facts({ hostAnswers: false, health: silent }), na, 'MACHINE_SILENT'],
    ['does not listen', facts({ health: refused }), 'fail', 'AGENT_PORT_CLOSED', 'START_AGENT_ON_NETWORK'],
    [
      'does not listen on this computer',
      facts({ onThisComputer: true, health: refused }),
      'fail',
      'AGENT_PORT_CLOSED',
      'START_AGENT_HERE',
    ],
    ['behind a firewall', facts({ health: silent }), 'fail', 'AGENT_PORT_SILENT', 'OPEN_PORT'],
    ['something else', facts({ health: failed('NOT_AN_AGENT') }), 'fail', 'NOT_AN_AGENT', 'NOT_AN_AGENT'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeAgent(given), state, seen, fix));

  it('names the port that its firewall should allow', () => {
    expect(judgeAgent(facts({ health: silent })).fix?.params).toEqual({ port: 8765 });
  });
});

describe('the token of the agent', () => {
  const slowDown = failed('AGENT_REFUSED', { status: 429, code: 'SLOW_DOWN' });
  it.each<[string, AgentFacts, State, Code, Code?]>([
    ['no agent', facts(none), na, 'NO_AGENT'],
    ['no agent that answers', facts({ health: refused }), na, 'AGENT_NOT_ASKED'],
    ['no token', facts({ hasToken: false, called: null }), 'fail', 'AGENT_TOKEN_UNKNOWN', 'PAIR_AGENT'],
    ['nothing was called', facts({ called: null }), na, 'TOKEN_NOT_TRIED'],
    ['accepted', facts({}), 'pass', 'TOKEN_ACCEPTED'],
    [
      'accepted, but the role is missing',
      facts({ called: failed('AGENT_ERROR', { status: 404 }) }),
      'pass',
      'TOKEN_ACCEPTED',
    ],
    [
      'wrong',
      facts({ called: failed('AGENT_REFUSED', { status: 401 }) }),
      'fail',
      'AGENT_REFUSED',
      'PAIR_AGENT',
    ],
    ['wrong too often', facts({ called: slowDown }), 'fail', 'AGENT_REFUSED', 'AGENT_REFUSED'],
    ['it stopped answering', facts({ called: silent }), 'fail', 'TOKEN_NOT_CHECKED', 'HOST_TIMEOUT'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeToken(given), state, seen, fix));
});

describe('powering off', () => {
  const rights = (changes: Partial<PowerOffFacts>): PowerOffFacts => ({
    means: 'agent',
    policy: { action: 'shutdown', powerOff: 'when-woken' },
    hostAnswers: true,
    tokenAccepted: true,
    roles: ['power'],
    power: answered({
      phase: 'idle',
      current: null,
      actions: ['shutdown', 'restart'],
      mayRestartOllama: false,
    }),
    shutdownServer: null,
    ...changes,
  });
  const sleeps = { action: 'sleep', powerOff: 'always' } as const;
  const never = { action: 'shutdown', powerOff: 'never' } as const;
  const server = (changes: Partial<PowerOffFacts>) => rights({ means: 'server', ...changes });
  const answers = (isShutdownServer: boolean) => answered({ isShutdownServer });
  it.each<[string, PowerOffFacts, State, Code, Code?]>([
    ['by the agent', rights({}), 'pass', 'AGENT_MAY'],
    ['not in this way', rights({ policy: sleeps }), 'fail', 'AGENT_MAY_NOT', 'ALLOW_ACTION'],
    [
      'by an agent that may do nothing',
      rights({ power: answered({ phase: 'idle', current: null, actions: [], mayRestartOllama: false }) }),
      'fail',
      'AGENT_MAY_NOT',
      'ALLOW_ACTION',
    ],
    ['by an agent that was not asked', rights({ tokenAccepted: false }), na, 'AGENT_NOT_ASKED'],
    ['no role', rights({ roles: ['telemetry'], power: null }), 'fail', 'NO_POWER_ROLE', 'START_POWER_ROLE'],
    [
      'no role, and none is needed',
      rights({ roles: [], power: null, policy: never }),
      na,
      'POWER_ROLE_NOT_NEEDED',
    ],
    [
      'by an agent that fails',
      rights({ power: failed('AGENT_ERROR') }),
      'fail',
      'AGENT_ERROR',
      'AGENT_ERROR',
    ],
    ['by nothing', rights({ means: 'none' }), na, 'NO_WAY_TO_POWER_OFF'],
    ['by nothing, and never', rights({ means: 'none', policy: never }), na, 'NEVER_POWERED_OFF'],
    ['by the simulator', rights({ means: 'simulator' }), 'pass', 'SIMULATOR_POWERS_OFF'],
    ['by a shutdown server', server({ shutdownServer: answers(true) }), 'pass', 'SHUTDOWN_SERVER_ANSWERS'],
    [
      'by a server that does not answer',
      server({ shutdownServer: refused }),
      'fail',
      'SHUTDOWN_SERVER_UNREACHABLE',
      'START_SHUTDOWN_SERVER',
    ],
    [
      'of a machine that is asleep',
      server({ hostAnswers: false, shutdownServer: silent }),
      na,
      'MACHINE_SILENT',
    ],
    [
      'by another server',
      server({ shutdownServer: answers(false) }),
      'fail',
      'NOT_A_SHUTDOWN_SERVER',
      'CHECK_SHUTDOWN_PORT',
    ],
    [
      'by a server that cannot put it to sleep',
      server({ policy: sleeps, shutdownServer: answers(true) }),
      'fail',
      'SHUTDOWN_SERVER_CANNOT',
      'CHANGE_ACTION_OR_RUN_AGENT',
    ],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgePowerOff(given), state, seen, fix));
});

describe('the clock', () => {
  const now = 1_700_000_000_000;
  const read = (at: number, bootId = 'abcdefgh-1234') => ({ machine: { bootId, at, readAt: now } });
  it.each<[string, Parameters<typeof judgeClock>[0], State, Code, Code?]>([
    ['no agent', { machine: null }, na, 'NO_AGENT_CLOCK'],
    ['right', read(now + 400), 'pass', 'CLOCK_AGREES'],
    ['ahead', read(now + 180_000), 'fail', 'CLOCK_DIFFERS', 'SYNC_CLOCKS'],
    ['behind', read(now - 31_000), 'fail', 'CLOCK_DIFFERS', 'SYNC_CLOCKS'],
    ['no boot id', read(now, ''), 'fail', 'NO_BOOT_ID', 'UPDATE_AGENT'],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeClock(given), state, seen, fix));

  it('shows the start of the boot id, and how far apart they are', () => {
    expect(judgeClock(read(now - 400)).seen?.params).toEqual({ apartMs: -400, boot: 'abcdefgh' });
  });
});
