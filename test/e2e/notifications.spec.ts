import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, goTo, test } from './support/fixtures.ts';

test('a webhook is set, tried, and told what happens', async ({ page, startCore }) => {
  const bodies: { notices: { code: string; kind: string }[] }[] = [];
  let status = 500;
  const server = createServer(async (request, reply) => {
    bodies.push(JSON.parse(await text(request)));
    reply.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const core = await startCore();
    await page.goto(core.url);
    await goTo(page, 'Settings');
    const card = page.locator('form').getByRole('region', { name: 'Notifications' });
    await expect(card).toContainText('Nothing is sent anywhere yet');

    await card.getByRole('button', { name: 'Set: Webhook' }).click();
    await page
      .locator('[id="setting-notifications.webhookUrl"]')
      .fill(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
    await card.getByLabel('Quiet hours, from').fill('22:00');
    await expect(page.getByText('Fix the marked settings')).toBeVisible();
    await card.getByLabel('Quiet hours, to').fill('22:01');
    await page.getByRole('button', { name: 'Save' }).click();

    const messages = page.getByRole('region', { name: 'Messages' });
    const attempt = card.getByRole('button', { name: 'Send a test message by the webhook' });
    await attempt.click();
    await expect(messages).toContainText('it answered 500');
    status = 204;
    await attempt.click();
    await expect(messages).toContainText('Test message sent by the webhook');
    expect(bodies.map(({ notices }) => notices[0]?.code)).toEqual(['NOTICE_TEST', 'NOTICE_TEST']);
    expect((await core.call('settings.get', {})).notifications).toMatchObject({
      webhookUrl: { set: true },
      quietHours: { from: 1320, to: 1321 },
    });
  } finally {
    server.close();
  }
});
