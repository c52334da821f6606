// Ends the processes that a test run started when the run has ended, however it ended: a killed runner cannot.
// It reads a line for each process, `+PID` and later `-PID`, with a PID below zero for a whole group. The end of its input
// is the end of the run.
const living = new Set();
let rest = '';

function endAll() {
  for (const pid of living) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended at the same moment.
    }
  }
  process.exit(0);
}

// Ctrl+C ends the run; this process ends after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
process.stdin
  .setEncoding('utf8')
  .on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const pid = Number(line.slice(1));
      if (line.startsWith('+')) living.add(pid);
      else living.delete(pid);
    }
  })
  .on('end', endAll)
  .on('error', endAll);
