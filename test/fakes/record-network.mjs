/**
 * Preloaded into a process (`--import`), it writes down where that process wants to go: each connection, each
 * datagram, each name that is looked up; and where it listens. One JSON line each, into the file that RECORD_NETWORK names.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

const file = process.env.RECORD_NETWORK;
const note = (kind, target) => appendFileSync(file, `${JSON.stringify({ kind, target })}\n`);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const named = typeof options === 'object' ? (options.path ?? options.host ?? 'localhost') : args[1];
  note('connect', String(named ?? 'localhost'));
  return connect.apply(this, args);
};

const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...args) {
  const [options] = args;
  const named = typeof options === 'object' ? (options.path ?? options.host) : args[1];
  note('listen', typeof named === 'string' ? named : 'everywhere');
  return listen.apply(this, args);
};

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function (...args) {
  note('send', args.filter((arg) => typeof arg === 'string').join(' '));
  return send.apply(this, args);
};

for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) {
  const original = dns[name];
  dns[name] = (host, ...rest) => {
    note('lookup', String(host));
    return original(host, ...rest);
  };
}
syncBuiltinESMExports();
note('recording', 'on');
