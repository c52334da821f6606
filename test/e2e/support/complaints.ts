/** What pages say that they should not: errors and warnings of the console, requests that failed. */
import type { BrowserContext } from '@playwright/test';

export interface Complaints {
  /** Also listen to this context. */
  watch(context: BrowserContext): void;
  /** A test that takes the core away says here what the browser itself then writes. */
  allow(pattern: RegExp): void;
  /** What was said and not allowed. */
  list(): string[];
}

/** What Chromium writes by itself when a core is gone: a page cannot catch these. */
export const coreIsGone =
  /WebSocket connection to|ERR_CONNECTION_(REFUSED|RESET)|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/;

const givenUp: ReadonlySet<string> = new Set(['script', 'stylesheet', 'font', 'image', 'media', 'other']);

export function createComplaints(): Complaints {
  const said: string[] = [];
  const allowed: RegExp[] = [];
  return {
    watch(context) {
      context.on('console', (message) => {
        const kind = message.type();
        if (kind === 'error' || kind === 'warning') said.push(`console ${kind}: ${message.text()}`);
      });
      context.on('weberror', (error) => said.push(`page: ${error.error().message}`));
      context.on('requestfailed', (request) => {
        const error = request.failure()?.errorText;
        // A page that is left gives up the files that it was still loading while idle.
        if (error === 'net::ERR_ABORTED' && givenUp.has(request.resourceType())) return;
        said.push(`request: ${request.method()} ${request.url()} ${error}`);
      });
      context.on('response', (response) => {
        if (response.status() >= 400) said.push(`response: ${response.status()} ${response.url()}`);
      });
    },
    allow(pattern) {
      allowed.push(pattern);
    },
    list: () => said.filter((text) => !allowed.some((pattern) => pattern.test(text))),
  };
}
