import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createIds } from '../../../electron/adapters/system.ts';
import { cleanFileName } from '../../../electron/adapters/tasks/file-name.ts';
import { createIngestedFiles } from '../../../electron/adapters/tasks/ingested-files.ts';
import { openSharedFolder } from '../../../electron/adapters/tasks/shared-folder.ts';
import { createTaskFiles } from '../../../electron/adapters/tasks/task-files.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { SHARED_PROOF_FILE } from '../../../shared/contract/task-worker.ts';
import { createFakeClock } from '../../fakes/clock.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'pilotlight-task-files-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const never = new AbortController().signal;
async function* parts(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('uploads and results', () => {
  const clock = createFakeClock();
  const open = () => createTaskFiles({ folder: join(base, 'tasks'), clock, ids: createIds() });
  const mostBytes = 100;

  it('are there when all of them has arrived, readable by this user only', async () => {
    const files = open();
    const content = parts('ab', '', 'cdé');
    const file = await files.save({ kind: 'upload', name: '../a/b.md', content }, { mostBytes }, never);
    expect(file).toMatchObject({ name: 'b.md', sizeBytes: 6, sha256: sha256('abcdé'), taskId: null });
    const again = open();
    expect(again.get(file.id)).toEqual(file);
    expect(await again.text(file.id, 100)).toBe('abcdé');
    // A limit in the middle of a letter leaves the letter out.
    expect(await again.text(file.id, 5)).toBe('abcd');
    const read: Uint8Array[] = [];
    for await (const part of await again.read(file.id, 3)) read.push(part);
    expect(Buffer.concat(read).toString()).toBe('dé');
    expect(statSync(again.path(file.id)).mode & 0o077).toBe(0);
    await again.attach(file.id, 'task_1');
    expect(open().get(file.id)?.taskId).toBe('task_1');
    expect(await open().list()).toMatchObject([{ id: file.id, taskId: 'task_1' }]);
    await again.remove([file.id, 'nope', '../tasks']);
    expect(readdirSync(join(base, 'tasks'))).toEqual([]);
  });

  it.each<[string, () => AsyncIterable<Uint8Array>, { sha256?: string }, string]>([
    ['too large', () => parts('x'.repeat(60), 'x'.repeat(60)), {}, 'UPLOAD_TOO_LARGE'],
    ['with another checksum', () => parts('ab'), { sha256: sha256('ba') }, 'CHECKSUM_MISMATCH'],
    ['that breaks off', () => brokenOff(), {}, 'HOST_UNREACHABLE'],
  ])('leave nothing behind if they are refused: %s', async (_, content, expected, code) => {
    const files = open();
    await expect(
      files.save({ kind: 'upload', name: 'a', content: content() }, { mostBytes, ...expected }, never),
    ).rejects.toMatchObject({ code });
    expect(readdirSync(join(base, 'tasks'))).toEqual([]);
    expect(await files.list()).toEqual([]);
  });

  it('leave nothing behind if their sender goes away', async () => {
    const leaving = new AbortController();
    const content = (async function* () {
      yield new Uint8Array(5);
      leaving.abort(new PilotlightError('CANCELLED'));
      yield new Uint8Array(5);
    })();
    const saving = open().save({ kind: 'result', name: 'a', content }, { mostBytes }, leaving.signal);
    await expect(saving).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(readdirSync(join(base, 'tasks'))).toEqual([]);
  });

  it('are found by their id only, and never outside their folder', () => {
    const files = open();
    writeFileSync(join(base, 'secret'), 'x');
    writeFileSync(join(base, 'secret.json'), '{}');
    for (const id of [
      '../secret',
      'file_../secret',
      '',
      '.',
      'file_1/../../secret',
      `file_${'a'.repeat(200)}`,
    ]) {
      expect(files.get(id)).toBeNull();
      expect(() => files.path(id)).toThrow(PilotlightError);
    }
  });

  it('of a process that was killed are deleted; one whose facts are damaged still counts', async () => {
    const files = open();
    const kept = await files.save({ kind: 'upload', name: 'a', content: parts('a') }, { mostBytes }, never);
    const folder = join(base, 'tasks');
    writeFileSync(join(folder, 'file_1.part'), 'half');
    writeFileSync(join(folder, 'file_2.json'), '{}');
    writeFileSync(join(folder, `${kept.id}.json.1234567.new`), '{');
    writeFileSync(join(folder, 'file_3'), 'without facts');
    writeFileSync(join(folder, 'file_4'), 'x');
    writeFileSync(join(folder, 'file_4.json'), '{');
    writeFileSync(join(folder, 'README'), 'of a person');
    const found = await open().list();
    expect(found.map(({ id }) => id).sort()).toEqual([kept.id, 'file_4'].sort());
    expect(readdirSync(folder).sort()).toEqual(
      ['README', kept.id, `${kept.id}.json`, 'file_4', 'file_4.json'].sort(),
    );
  });
});

// biome-ignore lint/correctness/useYield: it breaks off before the first part
async function* brokenOff(): AsyncGenerator<Uint8Array> {
  throw new PilotlightError('HOST_UNREACHABLE');
}

describe('names of files', () => {
  it.each([
    ['notes.md', 'notes.md'],
    ['/etc/passwd', 'passwd'],
    ['C:\\Windows\\win.ini', 'win.ini'],
    ['..', 'file'],
    ['a/..', 'file'],
    ['', 'file'],
    ['   ', 'file'],
    ['a\0b.md', 'ab.md'],
    ['a\nb\u001b[31m.md', 'ab[31m.md'],
    ['\u202egpj.exe', 'gpj.exe'],
    ['Résumé 日本.pdf', 'Résumé 日本.pdf'],
  ])('%j becomes %j', (given, expected) => {
    expect(cleanFileName(given)).toBe(expected);
  });

  it('have 200 letters at most, and keep their ending', () => {
    const long = cleanFileName(`${'ä'.repeat(300)}.mp4`);
    expect([...long]).toHaveLength(200);
    expect(long.endsWith('.mp4')).toBe(true);
  });
});

describe('the shared folder', () => {
  const shared = () => join(base, 'shared');
  beforeEach(() => {
    mkdirSync(join(shared(), 'sub'), { recursive: true });
    mkdirSync(join(base, 'shared-private'));
    writeFileSync(join(shared(), 'sub', 'film.mp4'), '12345');
    writeFileSync(join(base, 'shared-private', 'film.mp4'), 'x');
    writeFileSync(join(base, 'outside.md'), 'x');
    symlinkSync(join(base, 'outside.md'), join(shared(), 'link.md'));
    symlinkSync(base, join(shared(), 'up'));
    symlinkSync(join(shared(), 'sub', 'film.mp4'), join(shared(), 'inner.mp4'));
    symlinkSync('loop', join(shared(), 'loop'));
  });

  it.each(['sub/film.mp4', 'sub\\film.mp4', './sub/film.mp4', 'inner.mp4'])('has %s', async (path) => {
    expect(await openSharedFolder(shared()).resolve(path)).toMatchObject({
      path: 'sub/film.mp4',
      sizeBytes: 5,
    });
  });

  it('takes an absolute path inside it', async () => {
    const path = join(shared(), 'sub', 'film.mp4');
    expect(await openSharedFolder(shared()).resolve(path)).toMatchObject({ path: 'sub/film.mp4' });
  });

  it.each([
    '../outside.md',
    'sub/../../outside.md',
    'sub\\..\\..\\outside.md',
    'link.md',
    'up/outside.md',
    'up/shared/sub/../../outside.md',
    'loop',
    '/etc/passwd',
    '/etc/no-such-file',
    'a\0b',
    '',
    '.',
  ])('refuses %j', async (path) => {
    await expect(openSharedFolder(shared()).resolve(path)).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_FOLDER',
    });
  });

  it('refuses a neighbour whose name begins alike', async () => {
    const path = join(base, 'shared-private', 'film.mp4');
    await expect(openSharedFolder(shared()).resolve(path)).rejects.toMatchObject({
      code: 'FILE_OUTSIDE_FOLDER',
    });
  });

  it.each(['nope.md', 'sub', 'sub/film.mp4/x'])('does not have %s', async (path) => {
    await expect(openSharedFolder(shared()).resolve(path)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('may be reached by a link itself', async () => {
    symlinkSync(shared(), join(base, 'alias'));
    expect(await openSharedFolder(join(base, 'alias')).resolve('sub/film.mp4')).toMatchObject({
      path: 'sub/film.mp4',
    });
  });

  it('gets a file that proves it, once', async () => {
    const proof = await openSharedFolder(shared()).mark();
    expect(proof).toMatch(/^[0-9a-f]{32}$/);
    expect(await openSharedFolder(shared()).mark()).toBe(proof);
    expect(readdirSync(shared())).toContain(SHARED_PROOF_FILE);
    await expect(openSharedFolder(join(base, 'nope')).mark()).rejects.toThrow();
  });
});

describe('ingested texts', () => {
  const open = () => createIngestedFiles({ folder: join(base, 'ingested') });

  it('are one file each, replaced as a whole', async () => {
    const texts = open();
    await texts.write('task_1', 'A lamp', 'first');
    await texts.write('task_1', 'A lamp', '# A lamp\n\nsecond');
    expect(readdirSync(texts.folder)).toEqual(['task_1.md']);
    expect(await texts.list()).toMatchObject([{ taskId: 'task_1', sizeBytes: 16 }]);
    expect(texts.taskOf(texts.nameOf('task_1'))).toBe('task_1');
    await texts.remove(['task_1', 'nope']);
    expect(await texts.list()).toEqual([]);
  });

  it('never leave their folder, whatever another program called its task', async () => {
    const texts = open();
    for (const id of ['../../evil', 'a/b', '..', 'a\0b', 'x'.repeat(500)]) await texts.write(id, 'x', 'y');
    const names = readdirSync(texts.folder);
    expect(names).toHaveLength(5);
    for (const name of names) expect(name).toMatch(/^~[0-9a-f]{64}\.md$/);
    expect(readdirSync(base)).toEqual(['ingested']);
    await texts.remove(['../../evil']);
    expect(readdirSync(texts.folder)).toHaveLength(4);
  });

  it('that were half written are deleted', async () => {
    const texts = open();
    writeFileSync(join(texts.folder, 'task_1.md.part'), 'half');
    expect(await texts.list()).toEqual([]);
    expect(readdirSync(texts.folder)).toEqual([]);
  });
});
