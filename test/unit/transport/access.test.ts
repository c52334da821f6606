import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../electron/transport/http/access.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';

const day = 24 * 3_600_000;

function setup({ sessionKey = randomBytes(32), at = 1_800_000_000_000 } = {}) {
  const time = { at };
  const access = createAccess({ controlToken: 'control-token', sessionKey, now: () => time.at });
  return { access, sessionKey, time };
}

function codeOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return isPilotlightError(error) ? error.code : String(error);
  }
}

describe('access', () => {
  it('gives a bearer for a one-time token, once', () => {
    const { access } = setup();
    const token = access.mintOneTimeToken();
    const bearer = access.exchange(token);
    expect(access.principalOf(bearer)?.scopes).toEqual(new Set(['view', 'control']));
    expect(codeOf(() => access.exchange(token))).toBe('TOKEN_USED');
    expect(codeOf(() => access.exchange('never minted'))).toBe('UNAUTHORIZED');
  });

  it('knows a bearer after a restart with the same key, and not with another', () => {
    const before = setup();
    const bearer = before.access.exchange(before.access.mintOneTimeToken());
    expect(setup({ sessionKey: before.sessionKey }).access.principalOf(bearer)).not.toBeNull();
    expect(setup().access.principalOf(bearer)).toBeNull();
  });

  it('forgets a bearer after a week, and survives a clock that is set back', () => {
    const { access, time } = setup();
    const bearer = access.exchange(access.mintOneTimeToken());
    time.at += 7 * day - 1;
    expect(access.principalOf(bearer)).not.toBeNull();
    time.at += 1;
    expect(access.principalOf(bearer)).toBeNull();
    time.at -= 20 * day;
    expect(access.principalOf(bearer)).not.toBeNull();
  });

  it('refuses a bearer that was changed anywhere', () => {
    const { access } = setup();
    const bearer = access.exchange(access.mintOneTimeToken());
    const [random, issued, signature] = bearer.split('.');
    const later = (Number.parseInt(issued ?? '', 36) + 30 * day).toString(36);
    const forged = [
      `${random}.${later}.${signature}`,
      `x${random}.${issued}.${signature}`,
      `${random}.${issued}.${signature}x`,
      `${random}.${issued}.`,
      `${random}.${issued}`,
      `${bearer}.more`,
      '..',
      '',
    ];
    for (const attempt of forged) expect(access.principalOf(attempt), attempt).toBeNull();
    expect(access.principalOf('control-token')).not.toBeNull();
  });
});
