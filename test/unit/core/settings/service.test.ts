import { describe, expect, it } from 'vitest';
import { createStreams } from '../../../../electron/core/runtime/streams.ts';
import { createSettingsService } from '../../../../electron/core/settings/service.ts';
import { savedSecrets } from '../../../../electron/core/settings/setting-secrets.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { SavedSettings } from '../../../../shared/models/settings.ts';
import { textOf } from '../../../../shared/text/index.ts';
import { createFakeClock } from '../../../fakes/clock.ts';
import { createMemorySecrets } from '../../../fakes/secrets.ts';
import { createRememberingLog } from '../../../fakes/transport.ts';

function createWorld(saved: unknown = null) {
  const written: SavedSettings[] = [];
  const state = { full: false };
  const secrets = createMemorySecrets({ 'api.indexToken': 'first-token' });
  const streams = createStreams({ clock: createFakeClock(), epoch: 'run' });
  const store = {
    settings: {
      read: () => saved,
      write(settings: SavedSettings) {
        if (state.full) throw new PilotlightError('DISK_FULL');
        written.push(settings);
      },
    },
  };
  const settings = createSettingsService({
    store,
    secrets: savedSecrets(secrets),
    streams,
    log: createRememberingLog(),
  });
  return { settings, secrets, streams, written, state };
}

const diskFull = expect.objectContaining({ code: 'DISK_FULL' });

describe('settings with secrets', () => {
  it('show and save only that one is set, and give its value to who uses it', () => {
    const { settings, streams, written } = createWorld();
    expect(settings.current().api.indexToken).toEqual({ set: true });
    const webhookUrl = 'https://example.test/hook/part';
    expect(settings.update({ optimizer: { webhookUrl, on: false } }).optimizer).toMatchObject({
      webhookUrl: { set: true },
      on: false,
    });
    expect(settings.secret('optimizer.webhookUrl')).toBe(webhookUrl);
    expect(JSON.stringify([written, streams.settings.values(), settings.current()])).not.toMatch(
      /example|first-token/,
    );
    expect(settings.update({ api: { indexToken: null } }).api.indexToken).toEqual({ set: false });
    expect(settings.secret('api.indexToken')).toBeNull();
  });

  it('refuse a patch with codes, and cross a link in English', () => {
    const { settings } = createWorld();
    let refusal: unknown;
    try {
      settings.update({ index: { batchSize: 'many' }, api: 5 });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      code: 'BAD_SETTING',
      said: {
        code: 'CANNOT_BE_SET',
        params: {
          fields: [
            { path: 'index.batchSize', message: { code: 'TEXT' } },
            { path: 'api', message: fact('SETTINGS_ARE_A_GROUP') },
          ],
        },
      },
    });
    // Scripts and the panel read the English of each field.
    expect((refusal as PilotlightError).toWire()).toMatchObject({
      message: expect.stringMatching(
        /^This cannot be set: index\.batchSize \(.+\), api \(this is a group of settings/,
      ),
      details: {
        fields: [
          { path: 'index.batchSize', message: expect.any(String) },
          { path: 'api', message: textOf(fact('SETTINGS_ARE_A_GROUP')) },
        ],
      },
    });
  });

  it('take back what they show, and change nothing by it', () => {
    const { settings, secrets } = createWorld();
    settings.update({ ...settings.current(), index: { batchSize: 4 } });
    expect(secrets.get('api.indexToken')).toBe('first-token');
    expect(settings.current()).toMatchObject({ index: { batchSize: 4 }, api: { indexToken: { set: true } } });
  });

  it('leave both as they were when the settings cannot be saved', () => {
    const { settings, secrets, state, streams } = createWorld();
    state.full = true;
    const heard: unknown[] = [];
    settings.onChange((next) => heard.push(next));
    expect(() => settings.update({ api: { indexToken: 'second-token' }, index: { batchSize: 4 } })).toThrow(
      diskFull,
    );
    expect(secrets.get('api.indexToken')).toBe('first-token');
    expect([settings.current().index.batchSize, streams.settings.get('settings'), heard]).toEqual([
      32,
      settings.current(),
      [],
    ]);
  });

  it('save nothing when the secret cannot be kept', () => {
    const { settings, secrets, written } = createWorld();
    secrets.failing = true;
    expect(() => settings.update({ api: { indexToken: 'second-token' }, index: { batchSize: 4 } })).toThrow(
      diskFull,
    );
    expect(written).toEqual([]);
    expect(settings.current().index.batchSize).toBe(32);
  });

  it('read what an older version saved, whatever stands where a secret is now', () => {
    const { settings } = createWorld({
      api: { indexToken: 'plain-token' },
      optimizer: { webhookUrl: 'https://example.test', on: false },
    });
    expect(settings.notice).toBeNull();
    expect(settings.current().optimizer).toMatchObject({ on: false, webhookUrl: { set: false } });
    expect(settings.secret('api.indexToken')).toBe('first-token');
  });
});

describe('who follows the settings', () => {
  it('gets every change in order, though one throws and one causes the next change', () => {
    const { settings } = createWorld();
    const heard: [boolean, boolean][] = [];
    settings.onChange(() => {
      throw new Error('defect');
    });
    settings.onChange(({ optimizer }) => {
      if (!optimizer.on) settings.update({ optimizer: { on: true } });
    });
    settings.onChange((now, before) => heard.push([before.optimizer.on, now.optimizer.on]));
    settings.update({ optimizer: { on: false } });
    expect(settings.current().optimizer.on).toBe(true);
    expect(heard).toEqual([
      [true, false],
      [false, true],
    ]);
  });
});
