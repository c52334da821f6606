/** A node and its secrets are saved together or not at all. */
import { describe, expect, it } from 'vitest';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { agentTokenSecret, shutdownSecret } from '../../../../shared/models/secrets.ts';
import { createFakeFleetWorld } from '../../../fakes/fleet-world.ts';

const url = 'http://192.168.7.20:11434';
const shutdownUrl = 'http://192.168.7.20:8766';

function createWorld() {
  const world = createFakeFleetWorld();
  const put = world.saved.set.bind(world.saved);
  const remove = world.saved.delete.bind(world.saved);
  const full = () => {
    throw new PilotlightError('DISK_FULL');
  };
  return {
    ...world,
    fillDisk() {
      world.saved.set = full;
      world.saved.delete = full;
    },
    emptyDisk() {
      world.saved.set = put;
      world.saved.delete = remove;
    },
  };
}

const diskFull = expect.objectContaining({ code: 'DISK_FULL' });

describe('when a node cannot be saved', () => {
  it('a new one leaves no secret behind', () => {
    const { fleet, secrets, fillDisk, emptyDisk } = createWorld();
    fillDisk();
    const input = { url, shutdownUrl, shutdownSecret: 's3cret', mac: '02:00:00:00:00:01' };
    expect(() => fleet.add(input)).toThrow(diskFull);
    expect([...secrets.values]).toEqual([]);
    emptyDisk();
    const { id } = fleet.add(input);
    expect([...secrets.values]).toEqual([[shutdownSecret(id), 's3cret']]);
  });

  it('a changed one has the secrets that it had: those that were written, added and removed', () => {
    const { fleet, secrets, fillDisk } = createWorld();
    const { id } = fleet.add({
      url,
      shutdownUrl,
      shutdownSecret: 's3cret',
      mac: '02:00:00:00:00:01',
      secureOn: 'A1:B2:C3:D4:E5:F6',
    });
    const before = new Map(secrets.values);
    fillDisk();
    const change = {
      name: 'other',
      shutdownSecret: 'another',
      secureOn: null,
      agentUrl: 'http://192.168.7.20:8765',
      agentToken: 'token',
    };
    expect(() => fleet.update(id, change)).toThrow(diskFull);
    expect(new Map(secrets.values)).toEqual(before);
    expect([fleet.secureOn(id), fleet.agentToken(id)]).toEqual(['A1:B2:C3:D4:E5:F6', null]);
    expect(fleet.record(id)).toMatchObject({ name: '192.168.7.20', agentUrl: null });
  });

  it('one that cannot be removed keeps them, and its place', () => {
    const { fleet, secrets, fillDisk, emptyDisk } = createWorld();
    const { id } = fleet.add({ url, agentUrl: 'http://192.168.7.20:8765', agentToken: 'token' });
    fillDisk();
    expect(() => fleet.remove(id)).toThrow(diskFull);
    expect([...secrets.values]).toEqual([[agentTokenSecret(id), 'token']]);
    expect(fleet.get(id)).not.toBeNull();
    emptyDisk();
    fleet.remove(id);
    expect([...secrets.values]).toEqual([]);
  });
});
