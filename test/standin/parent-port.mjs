// What a utility process of Electron finds: messages come as events, and none is lost before there is a listener.
import { EventEmitter } from 'node:events';

const port = new EventEmitter();
const send = process.send?.bind(process);
process.send = undefined;
port.postMessage = (message) => send?.(message, undefined, undefined, () => {});
port.on('newListener', (name) => {
  if (name === 'message' && port.listenerCount('message') === 0) {
    process.on('message', (data) => port.emit('message', { data, ports: [] }));
  }
});
process.once('disconnect', () => process.exit(0));
process.parentPort = port;
