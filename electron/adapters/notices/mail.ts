/** Sends a message as e-mail through a server of the person's choice. */
import { abortable } from '../../../shared/abortable.ts';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { plainText } from '../../../shared/models/message.ts';
import { printable } from '../../../shared/printable.ts';
import { systemCode } from '../system-code.ts';
import type { Written } from './formats.ts';

export interface Mail extends Written {
  /** `smtp://` or `smtps://`. */
  server: string;
  /** null: the user of the server's address, or `pilotlight@` its host. */
  from: string | null;
  to: readonly string[];
}

const LIMIT_MS = 15_000;

export async function sendMail({ server, from, to, title, body }: Mail, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const url = new URL(server.replace(/^smtp/i, 'http'));
  const user = decodeURIComponent(url.username);
  const secure = /^smtps:/i.test(server);
  // Half a megabyte of program, which most cores never need.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    // A password is never sent in the clear, except on this computer.
    requireTLS: !secure && user !== '' && !isLoopback(url.hostname),
    connectionTimeout: LIMIT_MS,
    greetingTimeout: LIMIT_MS,
    socketTimeout: LIMIT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sent = transport.sendMail({
      from: {
        name: 'Pilotlight',
        address: from ?? (user.includes('@') ? user : `pilotlight@${url.hostname}`),
      },
      to: [...to],
      subject: title,
      text: body || title,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    // What has begun ends by its own limits.
    await abortable(sent, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw mailError(error, url.hostname);
  } finally {
    transport.close();
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '[::1]' || /^127\./.test(host);

function mailError(error: unknown, host: string): PilotlightError {
  const { code, response } = error as { code?: string; response?: string };
  const system = systemCode((error as { cause?: unknown }).cause) ?? systemCode(error);
  if (code === 'ETIMEDOUT' || system === 'ETIMEDOUT')
    return new PilotlightError('HOST_TIMEOUT', { details: { host } });
  if (code === 'EDNS' || system === 'ENOTFOUND')
    return new PilotlightError('NAME_NOT_RESOLVED', { details: { host } });
  if (code === 'ESOCKET' || code === 'ECONNECTION' || system === 'ECONNREFUSED') {
    return new PilotlightError('HOST_UNREACHABLE', { details: { host } });
  }
  const said = response ?? (error instanceof Error ? error.message : '');
  return new PilotlightError('MAIL_REFUSED', {
    message: plainText(`The mail server refused the message: ${printable(said).slice(0, 300)}`),
  });
}
