/** Recordings that the simulator cannot sensibly follow, and why. A file as a whole is named without a case. */
export const notCompared: Readonly<Record<string, string>> = {
  'gpu/server-log-lines.txt': 'the log of the server, which the simulator does not write',
  'gpu/throughput.json: all-minilm, vectors a second':
    'how fast one card is; the speed of a simulated machine is a setting',
};
