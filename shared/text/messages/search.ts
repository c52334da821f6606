import { plural } from '../../units.ts';
import { clause, list } from '../grammar.ts';
import type { Text } from '../types.ts';

const quotedList = (names: readonly string[]) => list(names.map((name) => `"${name}"`));

/** What a search had to leave out. */
export const searchMessages = {
  /** What a machine is used for, as part of a sentence. */
  USED_FOR_SEARCH: () => 'a search',
  KEYWORDS_ONLY_NO_NODE: ({ model }: { model: string }) =>
    `Keyword matches only: no machine that is awake has ${model}.`,
  KEYWORDS_ONLY_NO_ANSWER: ({ model, node, reason }: { model: string; node: string; reason: Text }) =>
    `Keyword matches only: ${model} on ${node} did not answer (${clause(reason)}).`,
  KEYWORDS_ONLY_QDRANT: ({ folder, reason }: { folder: string; reason: Text }) =>
    `Keyword matches only in "${folder}": ${clause(reason)}.`,
  VECTORS_BEING_SENT: ({ folder, unsent }: { folder: string; unsent: number }) =>
    `"${folder}": ${plural(unsent, 'vector')} ${unsent === 1 ? 'is' : 'are'} still being sent to Qdrant, so a search by meaning may miss something.`,
  FOLDER_HAS_OTHER_EMBEDDER: ({ folder }: { folder: string }) =>
    `"${folder}" was indexed with another embedder. Rebuild it to search by vectors.`,
  QUERY_HAS_NO_WORD: () => 'There is no word in the query, so files are only compared by meaning.',
  FOLDER_NOT_SEARCHED: ({ folder, reason }: { folder: string; reason: Text }) =>
    `"${folder}" could not be searched: ${clause(reason)}.`,
  FOLDERS_INCOMPLETE: ({ folders }: { folders: readonly string[] }) =>
    folders.length === 1
      ? `${quotedList(folders)} is incomplete, because its index was damaged. Index it again.`
      : `${folders.length} folders are incomplete, because their indexes were damaged: ${quotedList(folders)}. Index them again.`,
};
