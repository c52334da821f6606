import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checked } from '../../../../electron/agent/http/body.ts';
import { formatPairingLine, parsePairingLine } from '../../../../shared/contract/agent/pairing-line.ts';
import { idSchema } from '../../../../shared/contract/agent/requests.ts';
import { type AgentEndpoint, agentApi, agentPath, agentStream } from '../../../../shared/contract/agent.ts';

function mistakesOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    const { code, details } = error as { code: string; details?: { mistakes?: unknown } };
    expect(code).toBe('BAD_REQUEST');
    return details?.mistakes;
  }
  return 'accepted';
}

const endpoints: [string, AgentEndpoint][] = Object.entries(agentApi);
const takers = endpoints.flatMap(([name, { request }]) =>
  request === undefined ? [] : [[name, request] as const],
);

describe('what an agent takes', () => {
  it('has its fields filled in where they may be left out', () => {
    expect(checked(agentApi.powerOff.request, { action: 'sleep' })).toEqual({
      action: 'sleep',
      countdownSeconds: 0,
      force: false,
      by: 'a panel',
    });
    expect(checked(agentApi.putPolicy.request, { finishAlone: true })).toEqual({
      finishAlone: true,
      onlyIfWoken: true,
      idleMinutes: 15,
      action: 'shutdown',
      respectUsers: true,
      countdownSeconds: 60,
      helloUrl: null,
    });
    expect(checked(agentApi.woken.request, { bootId: 'boot-1' })).toEqual({
      bootId: 'boot-1',
      by: 'Pilotlight',
    });
  });

  it.each([undefined, null, {}])('may be nothing (%j) where every field has a default', (body) => {
    expect(checked(agentApi.cancelPowerOff.request, body)).toEqual({ by: 'a panel' });
    expect(checked(agentApi.restartOllama.request, body)).toEqual({ by: 'a panel' });
    expect(checked(agentApi.wake.request, body)).toEqual({ mac: null });
  });

  it.each([
    [
      { holder: 'panel', purpose: 'index', ttlSeconds: 0 },
      ['ttlSeconds: expected a whole number from 1 to 86400, not 0.'],
    ],
    [
      { holder: 'panel', purpose: 'index', ttlSeconds: 1.5 },
      ['ttlSeconds: expected a whole number from 1 to 86400, not 1.5.'],
    ],
    [
      { holder: '', purpose: 'index', ttlSeconds: 60 },
      ['holder: expected a text of 1 to 200 characters, not "".'],
    ],
    [
      { holder: 'a\u0007b', purpose: {}, ttlSeconds: [] },
      [
        'holder: expected a text of 1 to 200 characters, not "a\\u0007b".',
        'purpose: expected a text of 1 to 200 characters, not an object.',
        'ttlSeconds: expected a whole number from 1 to 86400, not a list.',
      ],
    ],
    [{ holder: 'panel', ttlSeconds: 60, ttl: 60 }, ['purpose: required.', 'ttl: unknown field.']],
    [[], ['body: expected an object, not a list.']],
    [null, ['body: expected an object, not null.']],
  ])('%j is refused, and each mistake is named', (body, mistakes) => {
    expect(mistakesOf(() => checked(agentApi.putLease.request, body))).toEqual(mistakes);
  });

  it('names what it can choose from, and shortens what was sent', () => {
    expect(
      mistakesOf(() => checked(agentApi.powerOff.request, { action: 'x'.repeat(100), force: 'yes' })),
    ).toEqual([
      `action: expected shutdown or sleep or hibernate or restart, not "${'x'.repeat(59)}….`,
      'force: expected true or false, not "yes".',
    ]);
    expect(mistakesOf(() => checked(idSchema, 'a/b', 'id'))).toEqual([
      'id: expected a text of 1 to 128 letters, digits and . _ : -, not "a/b".',
    ]);
  });

  it.each([
    ['http://10.0.0.2:9000/hello', 'http://10.0.0.2:9000/hello'],
    ['HTTPS://Panel.lan', 'https://panel.lan/'],
    [null, null],
  ])('a panel may be told at %j', (helloUrl, wanted) => {
    expect(checked(agentApi.putPolicy.request, { finishAlone: true, helloUrl }).helloUrl).toBe(wanted);
  });

  it.each(['file:///etc/passwd', 'http://user:secret@10.0.0.2', 'panel', `http://${'x'.repeat(2000)}`, 5])(
    'and not at %j',
    (helloUrl) => {
      expect(mistakesOf(() => checked(agentApi.putPolicy.request, { finishAlone: true, helloUrl }))).toEqual([
        expect.stringMatching(/^helloUrl: expected an http:\/\/ or https:\/\/ address, not /),
      ]);
    },
  );

  it.each(takers)('%s refuses a field that it does not know, whatever else it gets', (_, request) => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom('__proto__x', 'constructor', 'unknownField'),
        (value, name) => {
          expect(request.safeParse({ [name]: value }).success).toBe(false);
          const whatever = request.safeParse(value);
          if (!whatever.success) expect(mistakesOf(() => checked(request, value))).not.toEqual([]);
        },
      ),
    );
  });
});

describe('a path of the agent', () => {
  it('belongs to one endpoint', () => {
    const all = [
      ...endpoints.map(([, { method, path }]) => `${method} ${path}`),
      `${agentStream.method} ${agentStream.path}`,
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('holds its id encoded, and nothing of another path', () => {
    expect(agentPath(agentApi.putLease, 'job/1 ü')).toBe('/v1/leases/job%2F1%20%C3%BC');
    expect(agentPath(agentApi.health)).toBe('/health');
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (id) => {
        const last = agentPath(agentApi.putPolicy, id).slice('/v1/policies/'.length);
        expect(last).not.toContain('/');
        expect(decodeURIComponent(last)).toBe(id);
      }),
    );
  });
});

describe('a pairing line', () => {
  const secret = fc.stringMatching(/^[\w-]{16,64}$/);

  it('is read as it was written', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6()),
        fc.integer({ min: 1, max: 65_535 }),
        secret,
        (host, port, code) => {
          const read = parsePairingLine(formatPairingLine(host, port, code));
          expect(read).toEqual({
            address: `${host.includes(':') ? `[${host}]` : host}:${port}/`,
            secret: code,
          });
        },
      ),
    );
  });

  it.each([
    '',
    'http://10.0.0.2:8765/#0123456789abcdef',
    'pilotlight+agent:///#0123456789abcdef',
    'pilotlight+agent://10.0.0.2:8765/#short',
  ])('%j is none', (line) => {
    expect(parsePairingLine(line)).toBeNull();
  });
});

it('the line to paste carries the secret behind the #, and brackets around IPv6', () => {
  expect(formatPairingLine('192.168.1.30', 8765, 'abc')).toBe('pilotlight+agent://192.168.1.30:8765/#abc');
  expect(formatPairingLine('fe80::1', 8765, 'abc')).toBe('pilotlight+agent://[fe80::1]:8765/#abc');
});
