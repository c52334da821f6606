/** An agent was killed, and another program has its port: no command hands that program the token. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentApi } from '../../../shared/contract/agent.ts';
import { type Answer, httpAnswer, startRecorder } from '../../fakes/recorder.ts';
import { createPlace, runAgent, startAgent } from './process.ts';

const dry = ['--dry-run'];
const challenge = { challenge: 'a-challenge-that-it-made-up', proof: 'and-a-proof' };

/** What a program on the port may do. */
const answers: Record<string, Answer> = {
  'answers nothing': () => null,
  'answers with nothing but a line break': () => '\r\n',
  'answers something else': () => httpAnswer('<html>It works!</html>'),
  'answers a challenge that it made up': () => httpAnswer(challenge),
  'claims that the token is missing': () =>
    httpAnswer({ error: { code: 'UNAUTHORIZED', message: 'Send it.', next: 'Now.' } }, '401 Unauthorized'),
  'sends the caller elsewhere': () =>
    'HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n',
};

const madeUp = answers['answers a challenge that it made up'] as Answer;
const cases: [command: string, does: string, answer: Answer][] = [
  ...Object.entries(answers).map(([does, answer]): (typeof cases)[number] => ['pair', does, answer]),
  ['pair --json', 'answers a challenge that it made up', madeUp],
  ['forget', 'answers a challenge that it made up', madeUp],
  ['forget panel-1', 'answers a challenge that it made up', madeUp],
];

describe('the port of a killed agent is taken', () => {
  it.each(cases)('%s sends nothing of use to a program that %s', async (command, _, answer) => {
    using place = createPlace();
    const agent = await startAgent(place.folder, dry);
    await agent.stop('SIGKILL');
    await using recorder = await startRecorder(agent.port, answer);
    const { code, out, complaints } = await runAgent([...command.split(' '), '--data', place.folder]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(complaints).toMatch(/^NOT_RUNNING: .+\n {2}.+/);
    expect(recorder.heard()).toContain(agentApi.localChallenge.path);
    expect(recorder.heard()).not.toContain(agent.token);
    expect(recorder.heard()).not.toContain(agentApi.localCall.path);
    expect(recorder.heard().toLowerCase()).not.toContain('authorization');
    expect(recorder.heard()).not.toContain('panel-1');
  });
});

describe('what a program on the port of a killed agent has recorded', () => {
  it('is of no use at the agent that runs again', async () => {
    using place = createPlace();
    const first = await startAgent(place.folder, dry);
    await first.stop('SIGKILL');
    let heard = '';
    {
      await using recorder = await startRecorder(first.port, () => httpAnswer(challenge));
      await runAgent(['pair', '--data', place.folder]);
      heard = recorder.heard();
    }
    await using again = await startAgent(place.folder, dry);
    const nonce = /"nonce":"([\w-]+)"/.exec(heard)?.[1];
    const offer = await again.call('POST', agentApi.localChallenge.path, { nonce }, null);
    expect(offer.status).toBe(200);
    // It has a proof now, but nothing that is sealed for the challenge.
    const sealed = { challenge: offer.body.challenge, sealed: String(offer.body.proof) };
    const call = await again.call('POST', agentApi.localCall.path, sealed, null);
    expect(call).toMatchObject({ status: 401, body: { error: { code: 'UNAUTHORIZED' } } });
  });

  it('is of no use when it passes on the challenge of the agent that runs elsewhere', async () => {
    using place = createPlace();
    const agent = await startAgent(place.folder, dry);
    const listening = readFileSync(join(place.folder, 'listening.json'), 'utf8');
    const recorded: { path: string; body: unknown }[] = [];
    // A relay: what it hears goes to the agent, and the answers come back.
    const relay = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      recorded.push({ path: request.url ?? '', body });
      const reply = await agent.call('POST', request.url ?? '', body, null);
      recorded.push({ path: 'answer', body: reply.body });
      response.writeHead(reply.status).end(JSON.stringify(reply.body));
    });
    await new Promise<void>((done) => relay.listen(0, '127.0.0.1', done));
    const { port } = relay.address() as { port: number };
    const moved = listening.replaceAll(`:${agent.port}`, `:${port}`);
    writeFileSync(join(place.folder, 'listening.json'), moved);
    const { out } = await runAgent(['pair', '--json', '--data', place.folder]);
    const { code } = JSON.parse(out) as { code: string };
    const text = JSON.stringify(recorded);
    // The command was carried out, and the relay knows neither the token nor the code.
    expect(text).not.toContain(agent.token);
    expect(text).not.toContain(code);
    const repeated = recorded.find(({ path }) => path === agentApi.localCall.path);
    const again = await agent.call('POST', agentApi.localCall.path, repeated?.body, null);
    expect(again.status).toBe(401);
    relay.close();
    relay.closeAllConnections();
    await agent.stop();
  });
});

describe('an agent that is not there at all', () => {
  it('is reported, by any command', async () => {
    using place = createPlace();
    const agent = await startAgent(place.folder, dry);
    await agent.stop('SIGKILL');
    for (const command of ['pair', 'forget']) {
      const { code, complaints } = await runAgent([command, '--data', place.folder]);
      expect([code, complaints]).toEqual([1, expect.stringMatching(/^NOT_RUNNING: /)]);
    }
  });

  it('has no countdown to cancel, whoever answers at its port', async () => {
    using place = createPlace();
    const agent = await startAgent(place.folder, dry);
    await agent.stop('SIGKILL');
    const request = { action: 'shutdown', countdownSeconds: 60, force: false, by: 'Ann' };
    writeFileSync(join(place.folder, 'countdown.json'), JSON.stringify({ request, key: 'the-key' }));
    await using recorder = await startRecorder(agent.port, () => httpAnswer('Cancelled, trust me'));
    const { code, out, complaints } = await runAgent(['cancel', '--data', place.folder]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(complaints).toMatch(/^NOT_RUNNING: /);
    expect(recorder.heard()).not.toContain(agent.token);
  });
});
