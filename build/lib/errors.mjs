// @ts-check
import { stripVTControlCharacters } from 'node:util';

// The set-up runs before anything is installed, so it cannot use the catalogue in shared/contract/errors.ts.
// Its few errors have the same three parts: a code, what happened, and the next step.

/**
 * An error for the person who typed the command.
 */
export class SetUpError extends Error {
  /**
   * @param {string} code for example `SETUP_NODE_DOWNLOAD`
   * @param {string} message what happened, one sentence
   * @param {string} nextStep what to do now, one sentence
   * @param {{ cause?: unknown, details?: string, exitCode?: number }} [more] `details`: the last lines of a tool's output
   */
  constructor(code, message, nextStep, more = {}) {
    super(message, { cause: more.cause });
    this.name = 'SetUpError';
    this.code = code;
    this.nextStep = nextStep;
    this.details = more.details ?? '';
    this.exitCode = more.exitCode ?? 1;
  }
}

/**
 * The text for a terminal: details first, because people read the last line.
 * @param {unknown} error
 * @returns {string}
 */
export function describeError(error) {
  if (error instanceof SetUpError) {
    const text = stripVTControlCharacters(error.details).trim();
    const details = text === '' ? '' : `${text}\n\n`;
    return `${details}${error.message} ${error.nextStep} [${error.code}]`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/**
 * Runs the program of a script and ends the process with its exit code, or prints the error.
 * @param {() => Promise<number>} program
 * @returns {Promise<void>}
 */
export async function runMain(program) {
  try {
    process.exitCode = await program();
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    process.exitCode = error instanceof SetUpError ? error.exitCode : 1;
  }
}

/**
 * A system error code such as `ENOSPC`, or an empty string.
 * @param {unknown} error
 * @returns {string}
 */
export function systemCode(error) {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
