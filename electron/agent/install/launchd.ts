/** A launchd daemon that runs as a person's user, and the sudoers lines that let it power off. Pure. */

export function launchdPlist({
  label,
  command,
  user,
  log,
}: {
  label: string;
  command: readonly string[];
  user: string;
  log: string;
}): string {
  const strings = command.map((argument) => `    <string>${xmlText(argument)}</string>`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xmlText(label)}</string>
  <key>ProgramArguments</key>
  <array>
${strings}
  </array>
  <key>UserName</key>
  <string>${xmlText(user)}</string>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ProcessType</key>
  <string>Background</string>
  <key>Umask</key>
  <integer>63</integer>
  <key>StandardErrorPath</key>
  <string>${xmlText(log)}</string>
</dict>
</plist>
`;
}

/** Exactly these two commands with exactly these arguments. */
export function sudoersLines(user: string): string {
  return `# Written by the install command of the Pilotlight agent.
${user} ALL=(root) NOPASSWD: /sbin/shutdown -h now, /sbin/shutdown -r now
`;
}

export function xmlText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
