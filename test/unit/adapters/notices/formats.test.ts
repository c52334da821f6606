import { describe, expect, it } from 'vitest';
import {
  chatMessage,
  ntfyMessage,
  webhookMessage,
  writeBatch,
} from '../../../../electron/adapters/notices/formats.ts';
import type { Notice } from '../../../../electron/core/ports/notices.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';

const fell: Notice = {
  ...{ at: Date.UTC(2026, 10, 21), kind: 'models', severity: 'warning', node: 'tower' },
  message: fact('MODEL_FELL_TO_CPU', { model: 'llama3.1', node: 'tower' }),
  why: plainText('Its VRAM is full.'),
};
const named = (text: string): Notice => ({ ...fell, message: plainText(text), why: null });
const one = { notices: [fell], more: 0 };

describe('writeBatch', () => {
  it('one event is the title, and its reason the body', () => {
    const { title, body } = writeBatch(one);
    expect(title).toContain('llama3.1');
    expect(body).toBe('Its VRAM is full.');
  });

  it('several are lines, after how many came before them', () => {
    expect(writeBatch({ notices: [named('A.'), named('B.')], more: 3 })).toEqual({
      title: 'Pilotlight: 5 events',
      body: '• 3 earlier events, in Activity\n• A.\n• B.',
    });
    expect(writeBatch({ notices: [named('A.')], more: 1 }).body).toContain('• 1 earlier event,');
  });

  it('no name makes a line of its own', () => {
    expect(writeBatch({ notices: [named('a\nBcc: x@y')], more: 0 }).title).not.toContain('\n');
  });
});

describe('ntfyMessage', () => {
  it('goes to the root of the server, with the topic in it', () => {
    const { url, body } = ntfyMessage('https://ntfy.sh/my-topic', one);
    expect(url).toBe('https://ntfy.sh/');
    expect(body).toMatchObject({
      topic: 'my-topic',
      priority: 3,
      tags: ['warning'],
      message: 'Its VRAM is full.',
    });
  });

  it.each([
    ['https://:tk_1@push.lan/sub/alerts/', 'https://:tk_1@push.lan/sub', 'alerts'],
    ['http://127.0.0.1:80/%C3%BC', 'http://127.0.0.1/', 'ü'],
  ])('%s: at %s', (address, url, topic) => {
    expect(ntfyMessage(address, one)).toMatchObject({ url, body: { topic } });
  });

  it('is urgent for an error only, and never without text', () => {
    const { body } = ntfyMessage('https://ntfy.sh/t', {
      notices: [{ ...named('Gone.'), severity: 'error' }],
      more: 0,
    });
    expect(body).toMatchObject({ priority: 4, message: 'Gone.' });
  });
});

describe('chatMessage', () => {
  it('in the form of Discord, where no name calls anybody', () => {
    const body = chatMessage('https://discord.com/api/webhooks/1/x', {
      notices: [named('@everyone')],
      more: 0,
    });
    expect(body).toEqual({ username: 'Pilotlight', content: '@everyone', allowed_mentions: { parse: [] } });
  });

  it('in the form of Slack, where no name is a link', () => {
    const body = chatMessage('https://hooks.slack.com/services/1', {
      notices: [named('<!channel> & co')],
      more: 0,
    });
    expect(body).toEqual({ text: '&lt;!channel&gt; &amp; co' });
  });

  it('another host that only ends like it is not Discord', () => {
    expect(chatMessage('https://notdiscord.com/x', one)).toHaveProperty('text');
  });

  it('is cut where Discord would refuse it, never within a letter', () => {
    const body = chatMessage('https://discord.com/x', { notices: [named('🔥'.repeat(3000))], more: 0 });
    const { content } = body as { content: string };
    expect([...content]).toHaveLength(2000);
    expect(content.endsWith('🔥…')).toBe(true);
  });
});

it('the webhook gets every event with its code', () => {
  expect(webhookMessage({ notices: [fell], more: 2 })).toMatchObject({
    event: 'notices',
    more: 2,
    notices: [
      {
        at: '2026-11-21T00:00:00.000Z',
        kind: 'models',
        node: 'tower',
        code: 'MODEL_FELL_TO_CPU',
        why: 'Its VRAM is full.',
      },
    ],
  });
});
