/** A guest: QEMU as a process, its disk an overlay that lasts for the run, so that it can go off and be started again. */
import { execFileSync } from 'node:child_process';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ChildProcess, spawn } from '../../fakes/children.ts';
import { type Console, openConsole } from './console.ts';
import { EVENT_MS, within } from './deadline.ts';
import { type GuestResult, runInGuest } from './guest-agent.ts';
import { connectQmp, type Qmp, type QmpEvent } from './qmp.ts';

export interface GuestImage {
  disk: string;
  kernel: string;
  initrd: string;
}

export const guestMac = '52:54:00:12:34:56';
/** On loopback of the namespace. */
export const ports = { agent: 28_765, ssh: 28_022, wake: 28_009, helloTap: 28_798, hello: 28_799 };

export interface Guest {
  /** Whether QEMU runs; it ends with a power-off. */
  isRunning(): boolean;
  /** Presses the power button of a machine that is off. Resolves before the system is up. */
  start(): Promise<void>;
  /** Wakes a suspended guest, starts one that is off, and does nothing otherwise: what its network card would do. */
  wake(): Promise<'woken' | 'started' | 'on'>;
  /** Resolves with the next event of this name, from now on. */
  next(name: string): Promise<QmpEvent>;
  /** Names of all events so far. */
  readonly events: readonly string[];
  /** `running`, `suspended`, or `off`. */
  status(): Promise<string>;
  /** As root, without a login session. */
  run(script: string, input?: string): Promise<GuestResult>;
  /** As `run`; its output. Rejects where the script fails. */
  sh(script: string, input?: string): Promise<string>;
  console(): Console;
  stop(): Promise<void>;
}

const ignored = new Set(['RTC_CHANGE', 'VSERPORT_CHANGE', 'NIC_RX_FILTER_CHANGED']);
const forward = `tcp:127.0.0.1:${ports.agent}`;

export function createGuest({
  folder,
  image,
  accelerator,
}: {
  folder: string;
  image: GuestImage;
  accelerator: string;
}): Guest {
  const at = (name: string) => join(folder, name);
  const disk = at('disk.qcow2');
  const log = at('qemu.log');
  const events: string[] = [];
  const listeners = new Set<(event: QmpEvent) => void>();
  let child: ChildProcess | null = null;
  let qmp: Qmp | null = null;
  let screen: Console | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let starting: Promise<void> | null = null;
  /** From its SHUTDOWN event to the end of QEMU, which that promise is. */
  let leaving = false;
  let exited: Promise<void> = Promise.resolve();

  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', 'raw', disk]);

  function notify(event: QmpEvent): void {
    if (ignored.has(event.event)) return;
    if (event.event === 'SHUTDOWN') leaving = true;
    events.push(event.event);
    for (const listener of listeners) listener(event);
  }

  function onEvent(event: QmpEvent): void {
    // The network of QEMU takes connections for a guest that sleeps; a sleeping machine takes none.
    const line =
      event.event === 'SUSPEND'
        ? `hostfwd_remove n0 ${forward}`
        : event.event === 'WAKEUP'
          ? `hostfwd_add n0 ${forward}-:8765`
          : null;
    if (line === null || qmp === null) notify(event);
    else
      void qmp.monitor(line).then(
        () => notify(event),
        () => notify(event),
      );
  }

  async function start(): Promise<void> {
    const sockets = ['qmp', 'agent', 'console'].map((name) => at(`${name}.sock`));
    for (const path of sockets) rmSync(path, { force: true });
    const [monitor = '', agent = '', serial = ''] = sockets;
    const hello = `guestfwd=tcp:10.0.2.100:${ports.hello}-cmd:${process.execPath} ${join(import.meta.dirname, 'hello-forward.mjs')}`;
    const output = openSync(log, 'a');
    const started = spawn(
      'qemu-system-x86_64',
      [
        ...[
          '-name',
          'guest',
          '-machine',
          'q35',
          '-accel',
          accelerator,
          '-cpu',
          'max',
          '-smp',
          '2',
          '-m',
          '1024',
        ],
        // With the older firmware a resume from suspend, or a power-off after it, hangs.
        ...['-bios', '/usr/share/ovmf/OVMF.fd', '-nodefaults', '-display', 'none'],
        ...['-kernel', image.kernel, '-initrd', image.initrd],
        // A kernel on a busy computer takes an emulated timer that is late for a broken one.
        ...['-append', 'root=/dev/vda rw console=ttyS0 loglevel=3 no_timer_check'],
        ...['-drive', `file=${disk},if=virtio,cache=unsafe`],
        ...[
          '-netdev',
          `user,id=n0,restrict=on,${hello},hostfwd=${forward}-:8765,hostfwd=tcp:127.0.0.1:${ports.ssh}-:22`,
        ],
        ...['-device', `virtio-net-pci,netdev=n0,mac=${guestMac}`, '-device', 'virtio-rng-pci'],
        ...['-chardev', `socket,id=m0,path=${monitor},server=on,wait=off`, '-mon', 'chardev=m0,mode=control'],
        ...[
          '-chardev',
          `socket,id=s0,path=${serial},server=on,wait=off,logfile=${at('console.log')},logappend=on`,
        ],
        ...['-serial', 'chardev:s0', '-device', 'virtio-serial-pci'],
        ...['-chardev', `socket,id=a0,path=${agent},server=on,wait=off`],
        ...['-device', 'virtserialport,chardev=a0,name=org.qemu.guest_agent.0'],
      ],
      { stdio: ['ignore', output, output] },
    );
    child = started;
    leaving = false;
    exited = new Promise((resolve) => started.once('exit', () => resolve()));
    const ended = new Promise<never>((_, reject) => {
      started.once('error', reject);
      started.once('exit', (code) => {
        if (child === started) child = null;
        qmp = null;
        screen = null;
        notify({ event: 'GONE' });
        reject(new Error(`QEMU ended (${code}): ${readFileSync(log, 'utf8').slice(-2000)}`));
      });
    });
    ended.catch(() => {});
    const connected = connectWhenThere(monitor, onEvent);
    qmp = await Promise.race([connected, ended]);
    screen = openConsole(serial);
  }

  async function status(): Promise<string> {
    if (child === null || qmp === null) return 'off';
    const { status: now } = (await qmp.execute('query-status')) as { status: string };
    return now;
  }

  const guest: Guest = {
    events,
    isRunning: () => child !== null,
    start() {
      starting ??= start().finally(() => {
        starting = null;
      });
      return starting;
    },
    async wake() {
      if (leaving) await within(exited, 'the end of QEMU');
      if (child === null || starting !== null) {
        await guest.start();
        return 'started';
      }
      if ((await status()) !== 'suspended') return 'on';
      await qmp?.execute('system_wakeup');
      return 'woken';
    },
    next(name) {
      const arrived = Promise.withResolvers<QmpEvent>();
      const listener = (event: QmpEvent) => {
        if (event.event === name) arrived.resolve(event);
      };
      listeners.add(listener);
      const from = events.length;
      return within(arrived.promise, `${name} of the guest`)
        .catch((error: unknown) => {
          throw new Error(`${error}. Its events since: ${events.slice(from).join(', ') || 'none'}.`);
        })
        .finally(() => listeners.delete(listener));
    },
    status,
    run(script, input) {
      const signal = AbortSignal.timeout(EVENT_MS);
      const result = queue.then(() => runInGuest(at('agent.sock'), script, { input, signal }));
      queue = result.catch(() => {});
      return result;
    },
    async sh(script, input) {
      const { code, stdout, stderr } = await guest.run(script, input);
      if (code === 0) return stdout.trim();
      throw new Error(`In the guest: ${script}\nended with ${code}: ${stdout}${stderr}`);
    },
    console() {
      if (screen === null) throw new Error('The guest is off.');
      return screen;
    },
    async stop() {
      const running = child;
      if (running === null) return;
      running.kill('SIGKILL');
      await exited;
    },
  };
  return guest;
}

/** QEMU makes its sockets as it starts, without a word. */
async function connectWhenThere(path: string, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
  const signal = AbortSignal.timeout(30_000);
  for (;;) {
    try {
      return await connectQmp(path, onEvent);
    } catch (error) {
      if (signal.aborted) throw error;
      await pause(50);
    }
  }
}
