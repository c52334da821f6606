/** Reads an indexed file to show it. No other file is read, whatever its path. */
import { abortable } from '../../../shared/abortable.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { IndexSettings } from '../../adapters/vectors/protocol.ts';
import { isDocumentPath, textPathOf } from '../../core/indexing/document-file.ts';
import type { DocumentText, Passage } from '../../core/ports/vectors.ts';
import type { DocumentTexts } from './document-texts.ts';
import type { FileRows } from './file-rows.ts';
import type { OwnData } from './own-data.ts';
import { readStable, resolveInside } from './read-file.ts';
import type { Reader } from './reader.ts';

/** @throws NOT_FOUND, OUTSIDE_FOLDER, OWN_DATA_FOLDER, FILE_… */
export async function readDocument({
  world,
  root,
  rows,
  ownData,
  passage: { path, startByte, endByte },
  settings,
  signal,
}: {
  world: { now(): number; reader: Pick<Reader, 'show'>; documents: Pick<DocumentTexts, 'read'> };
  /** The folder of the source. */
  root: string;
  rows: Pick<FileRows, 'stampOf'>;
  ownData: Pick<OwnData, 'folders' | 'hides'>;
  passage: Passage;
  settings: IndexSettings;
  signal: AbortSignal;
}): Promise<DocumentText> {
  const indexed = rows.stampOf(path);
  const isHidden = await ownData.hides();
  if (indexed === null || isHidden(path))
    throw new PilotlightError('NOT_FOUND', { message: fact('FILE_NOT_INDEXED'), details: { path } });
  // A disk that does not respond must not delay a cancel.
  const absolute = await abortable(
    ownData.folders().then((folders) => resolveInside(root, path, folders)),
    signal,
  );
  const { bytes, size, modifiedMs, changedMs } = await abortable(
    readStable({ absolute, path, maxBytes: settings.maxFileBytes, signal, now: world.now }),
    signal,
  );
  const stamp = { size, modifiedMs, changedMs };
  const text = isDocumentPath(path)
    ? await world.documents.read({ path, absolute, stamp }, { signal, beat() {} })
    : null;
  const shown = await world.reader.show(
    {
      ...{ bytes: text?.bytes ?? bytes, path: text === null ? path : textPathOf(path) },
      show: { startByte, endByte },
    },
    signal,
  );
  if (!shown.ok) throw new PilotlightError(shown.code, { message: shown.reason, details: { path } });
  return {
    ...shown.document,
    ...(text === null ? {} : { language: text.format }),
    changed: size !== indexed.size || modifiedMs !== indexed.modifiedMs,
  };
}
