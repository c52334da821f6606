import { describe, expect, it } from 'vitest';
import { type HostFacts, judgeHost, judgeName } from '../../../../electron/core/diagnosis/judge-network.ts';
import { placeOf } from '../../../../electron/core/diagnosis/own-address.ts';
import {
  answered,
  type Code,
  expectVerdict,
  failed,
  na,
  noRoute,
  refused,
  type State,
  silent,
} from './verdicts.ts';

describe('the name', () => {
  const named = (found: Parameters<typeof judgeName>[0]['found'], host = 'box.lan') =>
    ({ host, kind: 'name', found }) as const;
  it.each<[string, Parameters<typeof judgeName>[0], State, Code, Code?]>([
    ['no address', { host: null, kind: 'name', found: null }, na, 'NODE_HAS_NO_ADDRESS'],
    ['loopback', { host: 'localhost', kind: 'loopback', found: null }, na, 'HOST_IS_LOOPBACK'],
    ['an address', { host: '10.0.0.7', kind: 'address', found: null }, na, 'HOST_IS_ADDRESS'],
    ['known', named(answered(['10.0.0.7'])), 'pass', 'NAME_RESOLVES'],
    ['IPv6 only', named(answered([])), 'pass', 'NAME_RESOLVES'],
    ['unknown', named(failed('NAME_NOT_RESOLVED')), 'fail', 'NAME_UNKNOWN', 'CHECK_NAME'],
    ['a silent DNS', named(silent), 'fail', 'DNS_SILENT', 'CHECK_DNS'],
  ])('%s', (_, facts, state, seen, fix) => expectVerdict(judgeName(facts), state, seen, fix));
});

describe('the host', () => {
  const facts = (changes: Partial<HostFacts>): HostFacts => ({
    onThisComputer: false,
    host: '10.0.0.7',
    nameFound: true,
    isLoopback: false,
    server: silent,
    agent: null,
    wasServing: false,
    mac: '02:00:00:00:00:20',
    neighbourMac: null,
    ...changes,
  });
  const other = '02:00:00:00:00:99';
  it.each<[string, HostFacts, State, Code, Code?]>([
    ['this computer', facts({ onThisComputer: true }), 'pass', 'ON_THIS_COMPUTER'],
    [
      'this computer, without a server',
      facts({ onThisComputer: true, host: null }),
      'pass',
      'ON_THIS_COMPUTER',
    ],
    ['no address', facts({ host: null }), na, 'NODE_HAS_NO_ADDRESS'],
    ['an unknown name', facts({ nameFound: false }), na, 'NAME_UNKNOWN_SO_NOT_ASKED'],
    ['answers', facts({ server: answered({}) }), 'pass', 'HOST_ANSWERS'],
    ['answers only by its agent', facts({ server: refused, agent: answered({}) }), 'pass', 'HOST_ANSWERS'],
    [
      'answers by a second adapter',
      facts({ server: answered({}), neighbourMac: other }),
      'pass',
      'HOST_ANSWERS',
    ],
    ['silent', facts({}), 'fail', 'HOST_SILENT', 'WAKE_IT_OR_CHECK_CABLE'],
    ['no route', facts({ server: noRoute, agent: silent }), 'fail', 'HOST_SILENT', 'WAKE_IT_OR_CHECK_CABLE'],
    ['refuses', facts({ server: refused }), 'pass', 'HOST_ANSWERS_ODDLY'],
    [
      'refuses on loopback, as for a machine behind a tunnel that is off',
      facts({ server: refused, isLoopback: true }),
      'fail',
      'HOST_SILENT',
      'WAKE_IT_OR_CHECK_CABLE',
    ],
    [
      'another machine has its address',
      facts({ server: refused, neighbourMac: other }),
      'fail',
      'OTHER_MACHINE_ANSWERS',
      'FIND_NEW_ADDRESS',
    ],
  ])('%s', (_, given, state, seen, fix) => expectVerdict(judgeHost(given), state, seen, fix));

  it('explains why a machine that served a moment ago is silent', () => {
    expect(judgeHost(facts({ wasServing: true })).seen?.params).toEqual({
      host: '10.0.0.7',
      wasServing: true,
    });
  });

  it('names the MAC address that was seen, and the expected one', () => {
    const { seen } = judgeHost(facts({ server: answered({}), neighbourMac: other }));
    expect(seen?.params).toMatchObject({ otherMac: { seen: other, expected: '02:00:00:00:00:20' } });
  });
});

describe('an address of this computer', () => {
  const interfaces = [
    { address: '127.0.0.1', internal: true },
    { address: '192.168.1.7', internal: false },
    { address: '10.0.0.7', internal: false },
  ];
  it.each<[string, string[], ReturnType<typeof placeOf>]>([
    ['127.0.0.1', [], 'loopback'],
    ['127.8.0.1', [], 'loopback'],
    ['localhost', [], 'loopback'],
    ['ollama.localhost', [], 'loopback'],
    ['::1', [], 'loopback'],
    ['0.0.0.0', [], 'loopback'],
    ['::', [], 'loopback'],
    ['192.168.1.7', [], 'own'],
    ['10.0.0.7', [], 'own'],
    ['192.168.1.70', [], 'elsewhere'],
    ['fe80::1', [], 'elsewhere'],
    ['laptop.lan', ['192.168.1.7'], 'own'],
    ['laptop', ['127.0.1.1'], 'own'],
    ['laptop', ['127.0.1.1', '192.168.1.7'], 'own'],
    ['tower.lan', ['192.168.1.20'], 'elsewhere'],
    ['tower.lan', [], 'elsewhere'],
  ])('%s, which resolves to %j, is %s', (host, resolved, place) => {
    expect(placeOf(host, resolved, interfaces)).toBe(place);
  });
});
