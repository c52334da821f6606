import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../electron/agent/errors.ts';
import { createPairing } from '../../../electron/agent/pairing.ts';

const minute = 60_000;

function createWorld() {
  let now = 0;
  const pairing = createPairing({ monotonic: () => now });
  return {
    pairing,
    pass: (ms: number) => {
      now += ms;
    },
    /** 'taken', or the code of the refusal. */
    take(given: string): string {
      try {
        pairing.take(given);
        return 'taken';
      } catch (error) {
        return error instanceof AgentError ? error.code : String(error);
      }
    },
  };
}

/** Another code of six digits. */
const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('a pairing offer', () => {
  it('is accepted by its code or by its secret, once', () => {
    const { pairing, take } = createWorld();
    const { code, secret } = pairing.open();
    expect(take(secret)).toBe('taken');
    expect(take(secret)).toBe('PAIRING_CLOSED');
    expect(take(code)).toBe('PAIRING_CLOSED');
    expect(take(pairing.open().code)).toBe('taken');
  });

  it('takes a code as people write it', () => {
    const { pairing, take } = createWorld();
    const { code } = pairing.open();
    expect(take(` ${code.slice(0, 3)} ${code.slice(3)}\n`)).toBe('taken');
  });

  it.each([
    [4, 'taken'],
    [5, 'PAIRING_CLOSED'],
  ])('after %i wrong tries answers the right code with %s', (tries, answer) => {
    const { pairing, take } = createWorld();
    const { code } = pairing.open();
    for (let index = 0; index < tries; index += 1) expect(take(wrong(code))).toBe('PAIRING_CLOSED');
    expect(take(code)).toBe(answer);
  });

  it('counts tries of the secret and of the code together, and restarts for a new offer', () => {
    const { pairing, take } = createWorld();
    const first = pairing.open();
    for (const given of ['', 'x', wrong(first.code), `${first.secret}x`]) take(given);
    const { code } = pairing.open();
    expect(take(first.code === code ? wrong(code) : first.code)).toBe('PAIRING_CLOSED');
    for (let index = 0; index < 3; index += 1) take(wrong(code));
    expect(take(code)).toBe('taken');
  });

  it('is open for ten minutes', () => {
    const { pairing, take, pass } = createWorld();
    const { code, secondsLeft } = pairing.open();
    expect([/^\d{6}$/.test(code), secondsLeft]).toEqual([true, 600]);
    pass(10 * minute - 1);
    expect(take(code)).toBe('taken');
    const late = pairing.open();
    pass(10 * minute);
    expect(take(late.code)).toBe('PAIRING_CLOSED');
  });

  it('does not exist before it is opened', () => {
    const { take } = createWorld();
    expect(take('')).toBe('PAIRING_CLOSED');
    expect(take('000000')).toBe('PAIRING_CLOSED');
  });
});
