/** A panel over the real core that can be held still while pictures are taken of what passes quickly. */
import type { Page, WebSocketRoute } from '@playwright/test';
import type { MethodInput, MethodName, MethodResult } from '../../shared/contract/methods.ts';

export interface HeldPanel {
  page: Page;
  /** From now on the panel hears nothing, and its clock stands. */
  hold(): Promise<void>;
  /** It hears what it missed. */
  release(): Promise<void>;
  call<Name extends MethodName>(method: Name, params: MethodInput<Name>): Promise<MethodResult<Name>>;
  /** Goes to a page by its address and waits for its heading. */
  goTo(hash: string): Promise<void>;
}

export async function openPanel(page: Page, url: string): Promise<HeldPanel> {
  let held = false;
  const missed: (() => void)[] = [];
  await page.routeWebSocket('**/api/link', (socket: WebSocketRoute) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) => {
      if (held) missed.push(() => socket.send(message));
      else socket.send(message);
    });
  });
  await page.goto(url);
  await page.getByText('live', { exact: true }).waitFor();
  await page.evaluate(() => {
    const now = Date.now.bind(Date);
    let frozen: number | null = null;
    Date.now = () => frozen ?? now();
    addEventListener('picture:hold', () => {
      frozen = now();
    });
    addEventListener('picture:release', () => {
      frozen = null;
    });
  });

  return {
    page,
    async hold() {
      held = true;
      await page.evaluate(() => dispatchEvent(new Event('picture:hold')));
    },
    async release() {
      held = false;
      await page.evaluate(() => dispatchEvent(new Event('picture:release')));
      for (const send of missed.splice(0)) send();
    },
    async call(method, params) {
      const answer = await page.evaluate(
        async ([name, body]) => {
          const key = Object.keys(localStorage).find((one) => one.startsWith('pilotlight.session.'));
          const { bearer } = JSON.parse(localStorage.getItem(key ?? '') ?? '{}') as { bearer?: string };
          const response = await fetch(`/api/call/${name}`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              authorization: `Bearer ${bearer}`,
            },
            body,
          });
          return { ok: response.ok, text: await response.text() };
        },
        [method, JSON.stringify(params)] as const,
      );
      if (!answer.ok) throw new Error(`${method}: ${answer.text}`);
      return JSON.parse(answer.text) as MethodResult<typeof method>;
    },
    async goTo(hash) {
      await page.evaluate((next) => {
        location.hash = next;
      }, hash);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page
        .getByRole('status', { name: /^Loading/ })
        .first()
        .waitFor({ state: 'hidden' });
    },
  };
}
