import { EventEmitter } from 'node:events';
import type { BrowserWindow, Dialog, IpcMain } from 'electron';
import { describe, expect, it } from 'vitest';
import { folderChannel, openFolderDoor } from '../../../electron/main/folder-dialog.ts';
import { panelUrl } from '../../../electron/main/origin.ts';

type Chosen = Awaited<ReturnType<Dialog['showOpenDialog']>>;

function createDoor(window: object | null = { name: 'the window' }) {
  const ipc = new EventEmitter();
  const shown: unknown[][] = [];
  const answers: PromiseWithResolvers<Chosen>[] = [];
  openFolderDoor({
    ipc: ipc as unknown as IpcMain,
    dialog: {
      showOpenDialog(...args: unknown[]) {
        shown.push(args);
        const answer = Promise.withResolvers<Chosen>();
        answers.push(answer);
        return answer.promise;
      },
    } as Pick<Dialog, 'showOpenDialog'>,
    windowOf: () => window as BrowserWindow | null,
  });
  function ask(senderFrame: object | null = { url: panelUrl, frameTreeNodeId: 4 }) {
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    const said: unknown[] = [];
    const port = { postMessage: (data: unknown) => said.push(data), close: () => resolve(said) };
    ipc.emit(folderChannel, { senderFrame, sender: { mainFrame: { frameTreeNodeId: 4 } }, ports: [port] });
    return promise;
  }
  return { ask, shown, answers };
}

describe('choosing a folder', () => {
  it('opens the dialog of the system over the window, and answers with the path', async () => {
    const { ask, shown, answers } = createDoor();
    const said = ask();
    expect(shown).toEqual([[{ name: 'the window' }, { properties: ['openDirectory'] }]]);
    answers[0]?.resolve({ canceled: false, filePaths: ['/home/me/models'] });
    expect(await said).toEqual(['/home/me/models']);
  });

  it.each([
    [
      'nothing was chosen',
      (one: PromiseWithResolvers<Chosen>) => one.resolve({ canceled: true, filePaths: [] }),
    ],
    ['the window was closed', (one: PromiseWithResolvers<Chosen>) => one.reject(new Error('gone'))],
  ])('answers with null if %s, and can be asked again', async (_name, end) => {
    const { ask, shown, answers } = createDoor(null);
    const said = ask();
    end(answers[0] as PromiseWithResolvers<Chosen>);
    expect(await said).toEqual([null]);
    void ask();
    expect(shown).toHaveLength(2);
  });

  it('opens one dialog at a time', async () => {
    const { ask, shown, answers } = createDoor();
    const first = ask();
    expect(await ask()).toEqual([null]);
    expect(shown).toHaveLength(1);
    answers[0]?.resolve({ canceled: false, filePaths: ['/a'] });
    expect(await first).toEqual(['/a']);
  });

  it.each([
    ['another page', { url: 'https://example.org/', frameTreeNodeId: 4 }],
    ['a frame inside', { url: panelUrl, frameTreeNodeId: 5 }],
    ['a frame that is gone', null],
  ])('is refused to %s', async (_name, frame) => {
    const { ask, shown } = createDoor();
    expect(await ask(frame)).toEqual([]);
    expect(shown).toEqual([]);
  });
});
