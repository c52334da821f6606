import { describe, expect, it } from 'vitest';
import { createWorld } from './world.ts';

const restart = '/v1/ollama/restart';

describe('restarting Ollama', () => {
  it('is refused where the configuration does not allow it, a named command alone included', async () => {
    await using world = await createWorld({ config: { commands: { restartOllama: ['mend'] } } });
    expect((await world.power()).mayRestartOllama).toBe(false);
    expect(await world.call('POST', restart)).toMatchObject({
      status: 403,
      body: { error: { code: 'NOT_ALLOWED' } },
    });
    expect(world.machine.ran).toEqual([]);
  });

  it('runs the system’s command, or the one that was named', async () => {
    await using world = await createWorld({ config: { restartOllama: true } });
    expect((await world.power()).mayRestartOllama).toBe(true);
    expect(await world.call('POST', restart, { by: 'panel one' })).toMatchObject({
      status: 200,
      body: { restarted: true, dryRun: false },
    });
    expect(world.machine.ran).toEqual(['systemctl --no-ask-password restart ollama']);
    expect(world.said.at(-1)).toBe('ollama: restart requested by panel one: done');
    await using other = await createWorld({
      config: { restartOllama: true, commands: { restartOllama: ['mend', 'it'] } },
    });
    await other.call('POST', restart);
    expect(other.machine.ran).toEqual(['mend it']);
  });

  it('says what went wrong, and runs nothing in a dry run', async () => {
    await using world = await createWorld({ config: { restartOllama: true } });
    world.machine.fails = new Error('Unit ollama.service not found.');
    expect(await world.call('POST', restart)).toMatchObject({
      status: 502,
      body: {
        error: { code: 'OLLAMA_NOT_RESTARTED', details: { reason: 'Unit ollama.service not found.' } },
      },
    });
    await using dry = await createWorld({ config: { restartOllama: true, dryRun: true } });
    expect((await dry.call('POST', restart)).body).toEqual({ restarted: false, dryRun: true });
    expect(dry.machine.ran).toEqual([]);
  });

  it('is one of the things that the agent says it can do', async () => {
    await using world = await createWorld();
    expect(await world.power()).toMatchObject({
      phase: 'idle',
      actions: ['shutdown', 'sleep', 'hibernate', 'restart'],
    });
  });
});
