/** A file of a folder, with the separator of the folder's own path. Pure. */
export function joinPath(folder: string, path: string): string {
  const windows = /^[A-Za-z]:\\|^\\\\/.test(folder);
  const base = folder.replace(/[\\/]+$/, '');
  return windows ? `${base}\\${path.replaceAll('/', '\\')}` : `${base}/${path}`;
}
