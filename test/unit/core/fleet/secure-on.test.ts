import { describe, expect, it } from 'vitest';
import { secureOnSecret } from '../../../../shared/models/secrets.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';

const url = 'http://10.0.0.2:11434';
const diskFull = expect.objectContaining({ code: 'DISK_FULL' });

describe('the SecureOn password of a node', () => {
  it('is kept apart: views, records and streams only say that there is one', () => {
    const { fleet, secrets, saved, streams, views } = createFakeFleetWorld();
    const { id, hasSecureOn } = fleet.add({ url, secureOn: 'a1-b2-c3-d4-e5-f6' });
    expect(hasSecureOn).toBe(true);
    expect(fleet.secureOn(id)).toBe('A1:B2:C3:D4:E5:F6');
    expect(secrets.get(secureOnSecret(id))).toBe('A1:B2:C3:D4:E5:F6');
    const seen = JSON.stringify([[...saved], fleet.record(id), fleet.list(), streams.fleet.values(), views]);
    expect(seen).not.toContain('B2');
  });

  it('stays when it is not named, is replaced by another, and goes with null, with nothing, or with its node', () => {
    const { fleet, secrets } = createFakeFleetWorld();
    const { id } = fleet.add({ url, secureOn: '1.2.3.4' });
    expect(fleet.update(id, { name: 'tower' }).hasSecureOn).toBe(true);
    fleet.update(id, { secureOn: '5.6.7.8' });
    expect(fleet.secureOn(id)).toBe('5.6.7.8');
    expect(fleet.update(id, { secureOn: null }).hasSecureOn).toBe(false);
    fleet.update(id, { secureOn: '1.2.3.4' });
    expect(fleet.update(id, { secureOn: ' ' }).hasSecureOn).toBe(false);
    fleet.update(id, { secureOn: '1.2.3.4' });
    fleet.remove(id);
    expect([...secrets.values]).toEqual([]);
  });

  it('tells people when it comes and goes', () => {
    const { fleet, views } = createFakeFleetWorld();
    const { id } = fleet.add({ url });
    fleet.update(id, { secureOn: '1.2.3.4' });
    fleet.update(id, { secureOn: null });
    expect(views.map((view) => view.hasSecureOn)).toEqual([false, true, false]);
  });

  it('a bad one is refused, and nothing is changed', () => {
    const { fleet, secrets } = createFakeFleetWorld();
    const { id } = fleet.add({ url, secureOn: '1.2.3.4' });
    const refused = expect.objectContaining({ code: 'BAD_MAC', details: { field: 'secureOn' } });
    expect(() => fleet.update(id, { name: 'other', secureOn: 'open sesame' })).toThrow(refused);
    expect([fleet.get(id)?.name, fleet.secureOn(id)]).toEqual(['10.0.0.2', '1.2.3.4']);
    expect(() => fleet.add({ url: 'http://10.0.0.3', secureOn: 'open sesame' })).toThrow(refused);
    expect([fleet.list().length, secrets.values.size]).toEqual([1 + 1, 1]);
  });

  it('a disk that is full changes neither the password nor the node', () => {
    const { fleet, secrets, saved } = createFakeFleetWorld();
    const { id } = fleet.add({ url, secureOn: '1.2.3.4' });
    secrets.failing = true;
    expect(() => fleet.update(id, { name: 'other', secureOn: '5.6.7.8' })).toThrow(diskFull);
    expect(() => fleet.remove(id)).toThrow(diskFull);
    expect([fleet.get(id)?.name, fleet.secureOn(id), saved.get(id)?.name]).toEqual([
      '10.0.0.2',
      '1.2.3.4',
      '10.0.0.2',
    ]);
  });
});
