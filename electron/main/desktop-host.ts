import type { MessagePortMain } from 'electron';
import type { MethodName, MethodResult } from '../../shared/contract/methods.ts';
import { mediaPath } from '../../shared/models/media-types.ts';
import { everyRight } from '../../shared/rights.ts';
import type { Host } from '../host/start-host.ts';
import { type MessagePortLink, serveMessagePort } from '../transport/message-port.ts';
import type { DesktopHost } from './shell-core.ts';

/** A running core as the desktop shell sees it; its links are message ports. */
export function createDesktopHost(host: Host, installer: { finish(): boolean } | null = null): DesktopHost {
  const { core, dispatcher, log } = host;
  const { streams, services } = core;
  const links = new Set<MessagePortLink>();
  const stopping = new AbortController();
  return {
    url: host.oneTimeUrl(),
    core: {
      streams,
      settings: services.settings,
      call: <Name extends MethodName>(method: Name, params: unknown) =>
        dispatcher.call({ method, params, scopes: everyRight, signal: stopping.signal }) as Promise<
          MethodResult<Name>
        >,
      record: services.activity.record,
      pause: core.pause,
      resume: core.resume,
    },
    openGateway: host.openGateway,
    media: (query, { method, headers }) =>
      fetch(new URL(`${mediaPath}${query}`, host.url), {
        method,
        headers: rangeOf(headers),
        redirect: 'error',
      }),
    serve(port: MessagePortMain) {
      const link = serveMessagePort({ port, dispatcher, streams, log });
      links.add(link);
      port.once('close', () => links.delete(link));
    },
    async stop() {
      stopping.abort();
      for (const link of links) link.stop();
      await host.stop();
    },
    finishUpdate: () => installer?.finish() ?? false,
  };
}

/** What a player asks for besides the address. */
const rangeOf = (headers: Headers) =>
  ['range', 'if-range'].flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
