import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../electron/transport/http/access.ts';
import { createEarlierTabs } from '../../../electron/transport/http/earlier-tabs.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { bearerProtocol, linkProtocol } from '../../../shared/contract/link.ts';
import { everyRight } from '../../../shared/rights.ts';
import { createMemoryAccess } from '../../fakes/access.ts';
import { createFakeClock } from '../../fakes/clock.ts';

const day = 24 * 3_600_000;
const host = '127.0.0.1:4711';

function setup({ earlierKey = null as Buffer | null } = {}) {
  const clock = createFakeClock();
  const { access: credentials } = createMemoryAccess({ clock });
  const access = createAccess({
    controlToken: 'control-token',
    credentials,
    earlierTabs: createEarlierTabs(earlierKey, clock.now),
  });
  const request = (bearer: string | null, headers: Record<string, string> = {}, url = '/') =>
    ({
      url,
      headers: { host, ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), ...headers },
    }) as never;
  const principalOf = (bearer: string, headers: Record<string, string> = {}) => {
    const found = access.authenticate(request(bearer, headers));
    return 'principal' in found ? found.principal : null;
  };
  const signIn = (headers: Record<string, string> = {}, bearer: string | null = null) =>
    access.signIn({ token: access.mintOneTimeToken() }, request(bearer, headers));
  return { access, credentials, clock, request, principalOf, signIn };
}

function codeOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return isPilotlightError(error) ? error.code : String(error);
  }
}

describe('signing in', () => {
  it('gives a session for a one-time token, once', () => {
    const { access, request, principalOf } = setup();
    let used = 0;
    const token = access.mintOneTimeToken(() => {
      used += 1;
    });
    const { bearer, session } = access.signIn({ token }, request(null));
    expect(principalOf(bearer)).toEqual({ rights: everyRight, credentialId: session, kind: 'session' });
    expect(codeOf(() => access.signIn({ token }, request(null)))).toBe('TOKEN_USED');
    expect(codeOf(() => access.signIn({ token: 'never minted' }, request(null)))).toBe('UNAUTHORIZED');
    expect(used).toBe(1);
  });

  it('again keeps the session of the browser, and gives it its whole life', async () => {
    const { credentials, clock, signIn, principalOf } = setup();
    const first = signIn();
    await clock.advance(29 * day);
    const second = signIn({}, first.bearer);
    expect(second).toEqual(first);
    await clock.advance(29 * day);
    expect(principalOf(first.bearer)).not.toBeNull();
    expect(credentials.sessions()).toHaveLength(1);
  });

  it('with an ended or foreign bearer opens a new session', () => {
    const { credentials, signIn } = setup();
    const first = signIn();
    const elsewhere = signIn({ host: 'localhost:4711' }, first.bearer);
    credentials.revokeSession(first.session);
    const again = signIn({}, first.bearer);
    expect(new Set([first, elsewhere, again].map(({ bearer }) => bearer)).size).toBe(3);
  });
});

describe('a session', () => {
  it('is accepted at the origin where its browser signed in, and nowhere else', () => {
    const { signIn, principalOf } = setup();
    const { bearer } = signIn();
    expect(principalOf(bearer)).not.toBeNull();
    expect(principalOf(bearer, { host: '127.0.0.1:4712' })).toBeNull();
    expect(principalOf(bearer, { host: 'localhost:4711' })).toBeNull();
  });
});

describe('a refusal', () => {
  it('says why a known credential is not accepted any more, to its holder only', async () => {
    const { access, credentials, clock, request, signIn } = setup();
    const why = (bearer: string | null, url?: string) => access.whyRefused(request(bearer, {}, url)).code;
    const key = credentials.addKey({ name: 'a', kind: 'script', expiresInDays: 1 });
    const other = credentials.addKey({ name: 'b', kind: 'script', expiresInDays: null });
    const { bearer, session } = signIn();
    credentials.revokeKey(other.credential.id);
    credentials.revokeSession(session);
    await clock.advance(day);
    expect([why(key.secret), why(other.secret), why(bearer)]).toEqual([
      'KEY_EXPIRED',
      'KEY_REVOKED',
      'SESSION_ENDED',
    ]);
    expect([why('guess'), why(null), why(other.credential.id)]).toEqual([
      'UNAUTHORIZED',
      'UNAUTHORIZED',
      'UNAUTHORIZED',
    ]);
  });

  it('names a key in the address, and does not accept it there', () => {
    const { access, credentials, request } = setup();
    const { secret } = credentials.addKey({ name: 'a', kind: 'script', expiresInDays: null });
    for (const url of [
      `/metrics?key=${secret}`,
      `/metrics?token=${secret}&a=b`,
      `/index/jobs?Authorization=Bearer%20${secret}`,
    ]) {
      const asked = request(null, {}, url);
      expect(access.authenticate(asked)).toEqual({ refused: 'missing' });
      expect(access.whyRefused(asked).code).toBe('KEY_IN_ADDRESS');
    }
  });
});

describe('what authenticates', () => {
  it.each([
    ['a header of another scheme', { authorization: 'Basic YTpi' }],
    ['an empty header', { authorization: 'Bearer ' }],
    ['two values', { authorization: 'Bearer control-token control-token' }],
    ['a subprotocol without an upgrade', { 'sec-websocket-protocol': bearerProtocol('control-token') }],
    ['a cookie', { cookie: 'token=control-token' }],
    ['a header on a WebSocket', { upgrade: 'websocket', authorization: 'Bearer control-token' }],
  ])('is not %s', (_what, headers) => {
    const { access, request } = setup();
    expect(access.authenticate(request(null, headers))).toMatchObject({ refused: expect.any(String) });
  });

  it('is the subprotocol of a WebSocket', () => {
    const { access, request } = setup();
    const protocols = `${linkProtocol}, ${bearerProtocol('control-token')}`;
    const headers = { upgrade: 'WebSocket', 'sec-websocket-protocol': protocols };
    expect(access.authenticate(request(null, headers))).toMatchObject({ principal: { credentialId: null } });
  });

  it('carries only the rights of the key, with those they include', () => {
    const { credentials, principalOf } = setup();
    const { secret } = credentials.addKey({
      name: 'a',
      kind: 'script',
      rights: ['control'],
      expiresInDays: null,
    });
    expect([...(principalOf(secret)?.rights ?? [])].toSorted()).toEqual(['control', 'tasks', 'view', 'wake']);
  });
});

describe('what is open', () => {
  it('ends once, when its credential ends, and not after it was let go', () => {
    const { access, credentials, signIn } = setup();
    const [one, other] = [signIn(), signIn()];
    const ended: string[] = [];
    access.uses.hold(one.session, () => ended.push('first'));
    access.uses.hold(one.session, () => ended.push('second'))();
    access.uses.hold(other.session, () => ended.push('other'));
    access.uses.hold(null, () => ended.push('none'));
    credentials.revokeSession(one.session);
    credentials.revokeOtherSessions(other.session);
    expect(ended).toEqual(['first']);
  });
});

describe('a tab of an earlier version', () => {
  const key = randomBytes(32);
  const bearerOf = (at: number, by = key) => {
    const body = `${randomBytes(32).toString('base64url')}.${Math.floor(at).toString(36)}`;
    return `${body}.${createHmac('sha256', by).update(body).digest('base64url')}`;
  };

  it('works for its week, and trades its bearer in once', async () => {
    const { access, clock, principalOf, request } = setup({ earlierKey: key });
    const [bearer, unused] = [bearerOf(clock.now()), bearerOf(clock.now())];
    expect(principalOf(bearer)).toMatchObject({ rights: everyRight, credentialId: null });
    const session = access.signIn({ earlierBearer: bearer }, request(null));
    expect(principalOf(session.bearer)).toMatchObject({ kind: 'session' });
    expect(principalOf(bearer)).toBeNull();
    expect(codeOf(() => access.signIn({ earlierBearer: bearer }, request(null)))).toBe('UNAUTHORIZED');
    await clock.advance(7 * day);
    expect(principalOf(unused)).toBeNull();
  });

  it('cannot be forged', () => {
    const { clock, principalOf } = setup({ earlierKey: key });
    const bearer = bearerOf(clock.now());
    const [random, issued, signature] = bearer.split('.');
    const later = (Number.parseInt(issued ?? '', 36) + 30 * day).toString(36);
    const forged = [
      `${random}.${later}.${signature}`,
      `x${random}.${issued}.${signature}`,
      `${random}.${issued}.${signature}x`,
      `${random}.${issued}.`,
      `${random}.${issued}`,
      `${bearer}.more`,
      bearerOf(clock.now(), randomBytes(32)),
      '..',
    ];
    for (const attempt of forged) expect(principalOf(attempt), attempt).toBeNull();
  });

  it('is unknown where no key was left', () => {
    const { access, clock, principalOf, request } = setup();
    expect(principalOf(bearerOf(clock.now()))).toBeNull();
    expect(codeOf(() => access.signIn({ earlierBearer: bearerOf(clock.now()) }, request(null)))).toBe(
      'UNAUTHORIZED',
    );
  });
});
