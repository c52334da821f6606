import { createComplaints } from './support/complaints.ts';
import { expect, test } from './support/fixtures.ts';

test('what no page may do is heard: errors and warnings of the console, pages that throw, requests that fail', async ({
  browser,
}) => {
  const complaints = createComplaints();
  const context = await browser.newContext();
  complaints.watch(context);
  await context.route('http://panel.test/**', (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/gone') return route.fulfill({ status: 404, body: '' });
    if (pathname === '/cut') return route.abort('connectionreset');
    return route.fulfill({ contentType: 'text/html', body: '<title>panel</title>' });
  });
  const page = await context.newPage();
  await page.goto('http://panel.test/');
  expect(complaints.list()).toEqual([]);

  await page.evaluate(async () => {
    console.log('said, and no complaint');
    console.error('an error');
    console.warn('a warning');
    await fetch('/gone');
    await fetch('/cut').catch(() => {});
    setTimeout(() => {
      throw new Error('thrown');
    });
  });
  await expect
    .poll(() => complaints.list())
    .toEqual(
      expect.arrayContaining([
        'console error: an error',
        'console warning: a warning',
        'response: 404 http://panel.test/gone',
        expect.stringMatching(/^request: GET http:\/\/panel\.test\/cut /),
        'page: thrown',
      ]),
    );
  expect(complaints.list().filter((text) => text.includes('no complaint'))).toEqual([]);

  complaints.allow(/./);
  expect(complaints.list()).toEqual([]);
  await context.close();
});
