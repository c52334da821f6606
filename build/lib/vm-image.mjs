// @ts-check
// Debian disk images for `npm run test:vm`: built once per recipe, stored in .cache/vm, never started themselves.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from './errors.mjs';
import { withLock } from './lock.mjs';
import { runCaptured } from './process.mjs';

/** @typedef {'bookworm' | 'trixie'} Release */

/** @type {Readonly<Record<Release, string>>} */
export const releases = { bookworm: 'Debian 12', trixie: 'Debian 13' };

/** A system package, and a program or file by which it is recognised. */
const requirements = [
  { name: 'qemu-system-x86', file: 'qemu-system-x86_64' },
  { name: 'qemu-utils', file: 'qemu-img' },
  { name: 'ovmf', file: '/usr/share/ovmf/OVMF.fd' },
  { name: 'debootstrap', file: 'debootstrap' },
  { name: 'e2fsprogs', file: 'mke2fs' },
  { name: 'openssh-client', file: 'ssh' },
  { name: 'util-linux', file: 'unshare' },
  { name: 'iproute2', file: 'ip' },
];

/**
 * @param {{ platform?: NodeJS.Platform, arch?: string, uid?: number | undefined, path?: string,
 *   exists?: (path: string) => boolean }} [facts]
 * @throws {SetUpError} `SETUP_SYSTEM` that names what to install
 */
export function requireVmTools({
  platform = process.platform,
  arch = process.arch,
  uid = process.getuid?.(),
  path = process.env.PATH ?? '',
  exists = existsSync,
} = {}) {
  if (platform !== 'linux' || arch !== 'x64') {
    throw new SetUpError(
      'SETUP_SYSTEM',
      'The machine tests run only on Linux on x64.',
      'Run them on a Linux x64 computer.',
    );
  }
  if (uid !== 0) {
    throw new SetUpError(
      'SETUP_SYSTEM',
      'The machine tests need root: they create disk images and a network namespace.',
      'Run them as root.',
    );
  }
  const folders = [...path.split(':'), '/usr/sbin', '/sbin'];
  const missing = requirements
    .filter(
      ({ file }) => !(file.startsWith('/') ? [file] : folders.map((one) => join(one, file))).some(exists),
    )
    .map(({ name }) => name);
  if (missing.length === 0) return;
  throw new SetUpError(
    'SETUP_SYSTEM',
    `The machine tests need programs that are not installed: ${missing.join(', ')}.`,
    `Run: apt-get install --no-install-recommends ${missing.join(' ')}`,
  );
}

/** What the guest needs to behave like a small server with systemd, polkit and sshd. */
const packages = [
  'dbus',
  'initramfs-tools',
  'iproute2',
  'kmod',
  'libpam-systemd',
  'linux-image-cloud-amd64',
  'login',
  'openssh-server',
  'passwd',
  'polkitd',
  'procps',
  'qemu-guest-agent',
  'systemd',
  'systemd-sysv',
  'udev',
  'zstd',
];

/** Files of the guest. `ann` is an ordinary user at her machine; the panel's hello port leads to the host. */
const guestFiles = {
  'etc/hostname': 'guest\n',
  'etc/hosts': '127.0.0.1 localhost guest\n',
  'etc/fstab': '/dev/vda / ext4 rw,noatime 0 1\n',
  'etc/systemd/network/10-qemu.network':
    '[Match]\nType=ether\n\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n',
  'etc/systemd/system/panel-hello.socket':
    '[Socket]\nListenStream=127.0.0.1:28799\n\n[Install]\nWantedBy=sockets.target\n',
  'etc/systemd/system/panel-hello.service':
    '[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd 10.0.2.100:28799\n',
  'etc/polkit-1/rules.d/40-ann.rules': `polkit.addRule(function (action, subject) {
  if (subject.user === "ann" && action.id === "org.freedesktop.login1.suspend") return polkit.Result.YES;
});
`,
};

/** Runs in the guest's root, before its first start. */
const setUpScript = `set -e
systemctl enable systemd-networkd.service ssh.service panel-hello.socket
systemctl mask systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer
for user in ann bob; do
  useradd --create-home --shell /bin/bash "$user"
  echo "$user:$user" | chpasswd
done
sed -i 's/^MODULES=.*/MODULES=list/' /etc/initramfs-tools/initramfs.conf
printf '%s\\n' virtio_pci virtio_blk ext4 > /etc/initramfs-tools/modules
update-initramfs -u
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
`;

const diskBytes = 2 * 1024 ** 3;
const stepLimitMs = 15 * 60_000;

/**
 * @typedef {object} VmImage
 * @property {string} disk raw; each test run puts an overlay on it
 * @property {string} kernel
 * @property {string} initrd
 */

/**
 * The image of a release with Node installed, built if necessary. Needs root, and for a build the system's package
 * mirror.
 * @param {{ release: Release, node: string, cache: string, say: (line: string) => void }} options
 * @returns {Promise<VmImage>}
 */
export async function makeVmImage({ release, node, cache, say }) {
  // The Node that goes into the image; not necessarily the one that runs this.
  const { tail: version } = await runCaptured(node, ['--version']);
  const recipe = JSON.stringify([packages, guestFiles, setUpScript, diskBytes, version.trim()]);
  const key = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = join(cache, 'vm', `${release}-${key}`);
  const image = (/** @type {string} */ base) => ({
    disk: join(base, 'disk.img'),
    kernel: join(base, 'kernel'),
    initrd: join(base, 'initrd'),
  });
  if (existsSync(folder)) return image(folder);
  await withLock(join(cache, 'vm.lock'), async () => {
    // Another run may have built it while this one waited.
    if (existsSync(folder)) return;
    say(`Building the image of ${releases[release]} (${release}) …`);
    removeOthers(join(cache, 'vm'), release);
    const draft = `${folder}.partial`;
    mkdirSync(draft, { recursive: true });
    try {
      await build({ release, node, root: join(draft, 'root'), image: image(draft) });
      rmSync(join(draft, 'root'), { recursive: true, force: true });
      renameSync(draft, folder);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      throw error;
    }
  });
  return image(folder);
}

/**
 * @param {{ release: Release, node: string, root: string, image: VmImage }} options
 */
async function build({ release, node, root, image }) {
  const mirror = await findMirror();
  await run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, release, root, mirror]);
  for (const [path, content] of Object.entries(guestFiles)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  copyFileSync(node, join(root, 'usr/local/bin/node'));
  await run('chroot', [root, 'sh', '-c', setUpScript]);
  const boot = readdirSync(join(root, 'boot'));
  for (const [prefix, target] of [
    ['vmlinuz-', image.kernel],
    ['initrd.img-', image.initrd],
  ]) {
    const name = boot.find((file) => file.startsWith(/** @type {string} */ (prefix)));
    copyFileSync(join(root, 'boot', name ?? `${prefix}*`), /** @type {string} */ (target));
  }
  writeFileSync(image.disk, '');
  truncateSync(image.disk, diskBytes);
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', root, image.disk]);
}

/** The system's first package mirror that is not for security updates. */
async function findMirror() {
  const output = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)']);
  const mirror = output.split('\n').find((line) => /^https?:/.test(line) && !line.includes('security'));
  if (mirror !== undefined) return mirror.trim();
  throw new SetUpError('SETUP_SYSTEM', 'apt has no package mirror.', 'Run apt-get update, then try again.');
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<string>} the last 8,000 characters of its output
 */
async function run(command, args) {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const { code, tail } = await runCaptured(command, args, { env, timeoutMs: stepLimitMs });
  if (code === 0) return tail;
  throw new SetUpError(
    'SETUP_SYSTEM',
    `${command} failed (${code}).`,
    'Fix the errors above, then try again.',
    { details: tail },
  );
}

/**
 * Images of older recipes, and leftovers of interrupted builds.
 * @param {string} folder
 * @param {string} release
 */
function removeOthers(folder, release) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${release}-`)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
