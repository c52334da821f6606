import type { MessagePortMain } from 'electron';
import type { MethodInput, MethodName, MethodResult } from '../../shared/contract/methods.ts';
import type { NewActivityEntry } from '../../shared/models/activity.ts';
import type { GatewayView } from '../../shared/models/gateway.ts';
import type { Settings } from '../../shared/models/settings.ts';
import type { Streams } from '../core/runtime/streams.ts';

/** What the tray, the notifications and the links need of the core. */
export interface ShellCore {
  readonly streams: Pick<Streams, 'fleet' | 'power' | 'jobs' | 'sources' | 'gateway' | 'activity'>;
  readonly settings: {
    current(): Pick<Settings, 'desktop' | 'notifications'>;
    onChange(
      listener: (
        settings: Pick<Settings, 'desktop' | 'notifications'>,
        previous: Pick<Settings, 'desktop' | 'notifications'>,
      ) => void,
    ): () => void;
  };
  /** Calls a method as the panel would, through the contract. */
  call<Name extends MethodName>(method: Name, params: MethodInput<Name>): Promise<MethodResult<Name>>;
  /** Adds an entry to the activity log. */
  record(entry: NewActivityEntry): void;
  /** The computer is going to sleep: loops stop. */
  pause(): Promise<void>;
  /** It is awake again: loops continue, with a check right away. */
  resume(): void;
}

/** What the window needs of a running core. */
export interface DesktopHost {
  /** Where the panel and the control API are also served; printed when the start is complete. */
  readonly url: string;
  readonly core: ShellCore;
  /** Opens the gateway; resolves when it runs, has failed for the first time, or is off. */
  openGateway(): Promise<GatewayView>;
  /** A recording, video or picture, at the signed query of its address. */
  media(query: string, request: Pick<Request, 'method' | 'headers'>): Promise<Response>;
  /** Serves the contract on a port, and starts it. */
  serve(port: MessagePortMain): void;
  /** Ends streams, loops and workers, and saves. */
  stop(): Promise<void>;
  /** After `stop`: replaces the program if an update waits for that. True if what it started quits the program. */
  finishUpdate(): boolean;
}
