import type { NoticeChannel } from '../../../shared/models/notifications.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useAction } from '../../components/use-action.ts';

const channels: readonly {
  channel: NoticeChannel;
  label: string;
  isSet(own: Settings['notifications']): boolean;
}[] = [
  { channel: 'ntfy', label: 'ntfy', isSet: (own) => own.ntfyUrl.set },
  { channel: 'chat', label: 'Discord or Slack', isSet: (own) => own.chatUrl.set },
  { channel: 'mail', label: 'e-mail', isSet: (own) => own.mailServer.set && own.mailTo.length > 0 },
  { channel: 'webhook', label: 'the webhook', isSet: (own) => own.webhookUrl.set },
];

/** A button for each channel that is saved: it sends a test message. */
export function NoticeTries({ settings }: { settings: Settings }) {
  const own = settings.notifications;
  const there = channels.filter(({ isSet }) => isSet(own));
  return (
    <div className="mb-1 flex min-h-12 flex-wrap items-center gap-x-3 gap-y-2 rounded-lg bg-sunken px-3 py-2">
      <p className="min-w-0 flex-1 basis-40 text-[0.8125rem] text-soft">
        {there.length === 0
          ? 'Nothing is sent anywhere yet. Save an address below, then send a test message.'
          : 'Send a test message with what is saved:'}
      </p>
      {there.map(({ channel, label }) => (
        <TryButton key={channel} channel={channel} label={label} />
      ))}
    </div>
  );
}

function TryButton({ channel, label }: { channel: NoticeChannel; label: string }) {
  const { busy, run } = useAction();
  return (
    <Button
      size="small"
      busy={busy}
      aria-label={`Send a test message by ${label}`}
      onClick={() =>
        run(
          () => client.call('notifications.try', { channel }),
          () => `Test message sent by ${label}`,
        )
      }
    >
      {label === 'ntfy' ? label : `${label.charAt(0).toUpperCase()}${label.slice(1)}`}
    </Button>
  );
}
