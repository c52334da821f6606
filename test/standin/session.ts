import { EventEmitter } from 'node:events';

type RequestHandler = (contents: unknown, permission: string, answer: (granted: boolean) => void) => void;
type BeforeRequest = (
  details: { url: string; method: string },
  answer: (reply: { cancel?: boolean }) => void,
) => void;

/** The handlers that the program registered; without one Electron grants. */
class Session extends EventEmitter {
  #request: RequestHandler | null = null;
  #check: ((contents: unknown, permission: string) => boolean) | null = null;
  #before: BeforeRequest | null = null;
  readonly webRequest = {
    onBeforeRequest: (listener: BeforeRequest) => {
      this.#before = listener;
    },
  };

  setPermissionRequestHandler(handler: RequestHandler): void {
    this.#request = handler;
  }

  setPermissionCheckHandler(handler: (contents: unknown, permission: string) => boolean): void {
    this.#check = handler;
  }

  setDevicePermissionHandler(): void {}
  setSpellCheckerEnabled(): void {}

  /** What a page would get that asks. */
  async grants(permission: string): Promise<boolean> {
    const handler = this.#request;
    const asked =
      handler === null || (await new Promise<boolean>((answer) => handler(null, permission, answer)));
    return asked && (this.#check?.(null, permission) ?? true);
  }

  async cancels(url: string, method: string): Promise<boolean> {
    const before = this.#before;
    if (before === null) return false;
    const { cancel } = await new Promise<{ cancel?: boolean }>((answer) => before({ url, method }, answer));
    return cancel === true;
  }
}

export const defaultSession = new Session();
