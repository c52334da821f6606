/** What an item of a list works on. */
import { fact } from '../../../../shared/models/message.ts';
import { readText, wrongField } from './fields.ts';

type Input = { kind: 'url'; url: string } | { kind: 'shared'; path: string };

/** An address, or a file in the shared folder. Throws FIELD_WRONG. */
export function inputOf(item: Record<string, unknown>, at: (field: string) => string): Input {
  const url = readText(at('url'), item.url);
  if (url !== null) return { kind: 'url', url };
  const path = readText(at('file_path'), item.file_path ?? item.path, 4096);
  if (path !== null) return { kind: 'shared', path };
  throw wrongField(at('url'), fact('FIELD_MISSING', { field: at('url') }));
}
