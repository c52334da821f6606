import { saveFile } from '../../components/save-file.ts';

/** Downloads a JSON text as a file. */
export const download = (name: string, text: string): void =>
  saveFile(name, new Blob([text], { type: 'application/json' }));
