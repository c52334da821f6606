import type { MessagePortMain } from 'electron';
import type { Host } from '../host/start-host.ts';
import { type MessagePortLink, serveMessagePort } from '../transport/message-port.ts';
import type { DesktopHost } from './desktop.ts';

/** A running core as the window sees it: its links are ports. */
export function createDesktopHost(host: Host): DesktopHost {
  const links = new Set<MessagePortLink>();
  return {
    url: host.oneTimeUrl(),
    serve(port: MessagePortMain) {
      const { dispatcher, log } = host;
      const link = serveMessagePort({ port, dispatcher, streams: host.core.streams, log });
      links.add(link);
      port.once('close', () => links.delete(link));
    },
    async stop() {
      for (const link of links) link.stop();
      await host.stop();
    },
  };
}
