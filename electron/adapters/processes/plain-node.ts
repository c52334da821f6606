/** The path of the Node that runs this program, for others to use; null in Electron and in the single file. */
export function plainNode(): string | null {
  const isPlain =
    process.versions.electron === undefined && process.getBuiltinModule('node:sea')?.isSea() !== true;
  return isPlain ? process.execPath : null;
}
