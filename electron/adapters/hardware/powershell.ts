/**
 * Windows PowerShell prints in the code page of its console, which is rarely UTF-8. A restricted PowerShell refuses the
 * setting, and prints as before.
 */
const IN_UTF_8 = 'try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { }';

/** The command that runs a script; what it prints is UTF-8. */
export const powershell = (script: string): readonly [string, ...string[]] => [
  'powershell.exe',
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  `${IN_UTF_8}; ${script}`,
];
