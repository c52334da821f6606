import { createRequire, syncBuiltinESMExports } from 'node:module';

/**
 * Records what the product's files do synchronously with files, processes and databases, in a program that imports
 * this first. `painted` ends the first part.
 */
const require = createRequire(import.meta.url);
const before = [];
const after = [];
let calls = before;

function record(name) {
  const stack = new Error().stack ?? '';
  const caller = /file:\/\/\S*\/(electron\/\S+?\.ts):/.exec(stack)?.[1];
  if (caller !== undefined) calls.push(`${name} in ${caller}`);
}

for (const module of ['node:fs', 'node:child_process']) {
  const functions = require(module);
  for (const name of Object.keys(functions).filter((key) => key.endsWith('Sync'))) {
    const original = functions[name];
    functions[name] = (...given) => {
      record(name);
      return original(...given);
    };
  }
}

const sqlite = require('node:sqlite');
sqlite.DatabaseSync = class extends sqlite.DatabaseSync {
  constructor(...given) {
    record('DatabaseSync');
    super(...given);
  }
};
syncBuiltinESMExports();

globalThis.syncCalls = {
  painted() {
    calls = after;
  },
  before,
  after,
};
