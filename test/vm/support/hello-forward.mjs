// @ts-check
// Started by QEMU for each connection of the guest to its panel: carries the bytes to the listener of the test.
import { connect } from 'node:net';

const socket = connect(28_798, '127.0.0.1');
socket.on('error', () => process.exit(1));
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('close', () => process.exit(0));
