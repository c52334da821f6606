/** The runner's own paths: its state, and who it is. */
import type { RunnerStatus } from '../../../../shared/models/runner.ts';
import { identityPath, proofOf } from '../../../adapters/processes/runner/identity.ts';
import type { RunnerRoute } from '../http/route.ts';
import { metricsText } from './metrics.ts';

export interface DoorRoutesOptions {
  token: string;
  /** Where it listens; the proof of who it is holds for this port only. */
  port(): number;
  status(): Promise<RunnerStatus>;
  /** Tries the providers again, and resolves when they have been. */
  check(): Promise<void>;
  /** Resolves when the providers have been tried. */
  settled(): Promise<void>;
}

export function doorRoutes({ token, port, status, check, settled }: DoorRoutesOptions): RunnerRoute[] {
  return [
    {
      method: 'GET',
      path: identityPath,
      access: 'open',
      handle: ({ query }) => ({
        status: 200,
        body: { proof: proofOf(token, query.get('nonce') ?? '', port()) },
      }),
    },
    {
      method: 'GET',
      path: '/runner/status',
      async handle({ query }) {
        if (query.get('wait') === 'ladder') await settled();
        return { status: 200, body: await status() };
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      handle: async () => ({
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        body: metricsText(await status()),
      }),
    },
    {
      method: 'POST',
      path: '/runner/check',
      access: 'token',
      async handle() {
        await check();
        return { status: 200, body: await status() };
      },
    },
  ];
}
