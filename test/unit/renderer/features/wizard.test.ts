import { describe, expect, test } from 'vitest';
import {
  byHand,
  detected,
  emptyDraft,
  foundByText,
  isBegun,
  serverUrl,
  stepBefore,
  withFound,
} from '../../../../renderer/features/wizard/draft.ts';
import { found } from '../../../e2e/support/power-scenes.ts';

const nobody = {
  ...found,
  name: null,
  mac: null,
  broadcast: null,
  ollama: null,
  agent: null,
};

describe('what was found', () => {
  test('fills the fields', () => {
    expect(withFound(emptyDraft, { ...found, name: 'attic.example' }).form).toMatchObject({
      url: 'http://192.168.1.30:11434',
      name: 'attic',
      mac: '02:AA:00:00:00:30',
      wakeDestinations: '192.168.1.255',
      agentUrl: 'http://192.168.1.30:8765',
    });
  });

  test('never writes over what the person wrote, but over what an earlier answer had filled in', () => {
    const first = withFound(emptyDraft, found);
    const named = { ...first, form: { ...first.form, name: 'my tower' } };
    const second = withFound(named, { ...found, name: 'cellar', mac: '02:AA:00:00:00:31' });
    expect(second.form).toMatchObject({ name: 'my tower', mac: '02:AA:00:00:00:31' });
    expect(withFound(second, nobody).form).toMatchObject({ name: 'my tower', mac: '', url: '' });
  });

  test('a pairing belongs to its agent', () => {
    const paired = { url: 'http://192.168.1.30:8765', version: null, roles: [] };
    expect(withFound({ ...emptyDraft, paired }, found).paired).toEqual(paired);
    expect(withFound({ ...emptyDraft, paired }, nobody).paired).toBeNull();
  });

  test('is listed line by line; nothing for nothing known', () => {
    expect(detected(found)).toEqual([
      'Ollama 0.33.0 at http://192.168.1.30:11434',
      'Pilotlight agent 0.1.0 (power, telemetry) at http://192.168.1.30:8765',
      'MAC address 02:AA:00:00:00:30',
      'Broadcast address 192.168.1.255',
    ]);
    expect(detected({ ...nobody, relayUrl: 'http://a:9753', shutdownUrl: 'http://a:1' })).toHaveLength(2);
    expect(detected(nobody)).toEqual([]);
    expect(foundByText(found)).toBe('announced itself, responds');
  });
});

describe('by hand', () => {
  test.each([
    ['10.0.0.2', 'http://10.0.0.2:11434'],
    ['tower.lan:8080', 'http://tower.lan:8080'],
    ['https://tower.lan', 'https://tower.lan'],
    ['not a url', 'not a url'],
  ])('%s is taken as %s', (address, url) => {
    expect(serverUrl(address)).toBe(url);
    expect(byHand({ ...emptyDraft, address })).toMatchObject({ step: 'details', form: { url } });
  });

  test('keeps an address that was written already', () => {
    const form = { ...emptyDraft.form, url: 'http://mine:1' };
    expect(byHand({ ...emptyDraft, address: '10.0.0.2', form }).form.url).toBe('http://mine:1');
  });
});

test('back leads the way that one came, and nowhere once the machine is added', () => {
  expect(stepBefore(emptyDraft)).toBeNull();
  expect(stepBefore({ ...emptyDraft, step: 'agent' })).toBe('where');
  expect(stepBefore({ ...emptyDraft, step: 'details' })).toBe('where');
  expect(stepBefore({ ...emptyDraft, step: 'details', found })).toBe('agent');
  expect(stepBefore({ ...emptyDraft, step: 'try', nodeId: 'a' })).toBeNull();
});

test('a wizard that was begun is known from one that was not', () => {
  expect(isBegun(emptyDraft)).toBe(false);
  expect(isBegun({ ...emptyDraft, address: '1' })).toBe(true);
  expect(isBegun({ ...emptyDraft, step: 'details' })).toBe(true);
});
