import { describe, expect, it } from 'vitest';
import { normaliseWakeMethods, refuseUnknownRelays } from '../../../../electron/core/fleet/validate.ts';

const coded = (code: string, field: string) =>
  expect.objectContaining({ code, details: expect.objectContaining({ field }) });

describe('ways to wake, as a person writes them', () => {
  it('are in one form, each once', () => {
    expect(
      normaliseWakeMethods([
        { kind: 'direct' },
        { kind: 'relay', url: 'http://192.168.7.2:9753/wake' },
        { kind: 'relay', url: 'http://192.168.7.2:9753' },
        { kind: 'command', command: ['wake', 'tower'] },
        { kind: 'direct' },
      ]),
    ).toEqual([
      { kind: 'direct' },
      { kind: 'relay', url: 'http://192.168.7.2:9753' },
      { kind: 'command', command: ['wake', 'tower'] },
    ]);
  });

  it.each([[[' ', 'x']], [['wake\0', 'x']], [['wake', 'a\0b']]])('refuse the command %j', (command) => {
    expect(() => normaliseWakeMethods([{ kind: 'direct' }, { kind: 'command', command }])).toThrow(
      coded('BAD_WAY', 'wakeWays.1'),
    );
  });

  it('refuse a relay with a password in its address', () => {
    expect(() => normaliseWakeMethods([{ kind: 'relay', url: 'http://me:secret@192.168.7.2' }])).toThrow(
      coded('BAD_URL', 'wakeWays.0'),
    );
  });

  it('go by the agent of another node that is there', () => {
    const known = (id: string) => id === 'nas' || id === 'tower';
    const by = (nodeId: string) => () =>
      refuseUnknownRelays({ id: 'tower', wakeWays: [{ kind: 'agent', nodeId }] }, known);
    expect(by('nas')).not.toThrow();
    expect(by('gone')).toThrow(coded('BAD_WAY', 'wakeWays.0'));
    expect(by('tower')).toThrow('A sleeping machine cannot wake itself.');
  });
});
