// What a utility process of Electron finds: messages come as events, and none is lost before there is a listener.
import childProcess from 'node:child_process';
import { EventEmitter } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';

// A packaged Electron has the fuse `runAsNode` off: to start itself as Node starts another window instead.
const refuse = () => {
  throw new Error('A packaged program cannot run as plain Node.');
};
childProcess.fork = refuse;
const { spawn } = childProcess;
childProcess.spawn = (program, ...rest) =>
  program === process.execPath ? refuse() : spawn(program, ...rest);
syncBuiltinESMExports();

const port = new EventEmitter();
const post = process.send?.bind(process);
const send = (message) => post?.(message, undefined, undefined, () => {});
process.send = undefined;

/** By number: the ends of channels that were handed to this process. */
const handed = new Map();
function receiveHanded(id) {
  const kept = [];
  let started = false;
  const end = new EventEmitter();
  end.deliver = (data) => (started ? end.emit('message', { data, ports: [] }) : kept.push(data));
  end.start = () => {
    started = true;
    for (const data of kept.splice(0)) end.deliver(data);
  };
  end.postMessage = (data) => send({ standin: 'port', id, data });
  end.close = () => send({ standin: 'close', id });
  handed.set(id, end);
  return end;
}

port.postMessage = (message) => send({ standin: 'message', message });
port.on('newListener', (name) => {
  if (name !== 'message' || port.listenerCount('message') > 0) return;
  process.on('message', ({ standin, message, ports = [], id, data }) => {
    if (standin === 'message') port.emit('message', { data: message, ports: ports.map(receiveHanded) });
    else if (standin === 'port') handed.get(id)?.deliver(data);
    else handed.get(id)?.emit('close');
  });
});
process.once('disconnect', () => process.exit(0));
process.parentPort = port;
