export async function runCommandLine(_entry: string): Promise<void> {}
