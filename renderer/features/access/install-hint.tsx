import { useEffect, useState } from 'react';
import { Button } from '../../components/button.tsx';

/** What Chromium offers to a page that can be installed. */
interface InstallEvent extends Event {
  prompt(): Promise<unknown>;
}

/** How the panel gets onto the home screen of the device that shows it. */
export function InstallHint() {
  const [offer, setOffer] = useState<InstallEvent | null>(null);
  useEffect(() => {
    const onOffer = (event: Event) => {
      event.preventDefault();
      setOffer(event as InstallEvent);
    };
    addEventListener('beforeinstallprompt', onOffer);
    return () => removeEventListener('beforeinstallprompt', onOffer);
  }, []);
  if (offer !== null)
    return (
      <Button
        className="justify-self-start"
        onClick={async () => {
          await offer.prompt();
          setOffer(null);
        }}
      >
        Add to Home screen
      </Button>
    );
  return (
    <p className="text-xs text-faint">
      {isSecureContext
        ? 'To add the panel to a home screen, open it on the phone and choose “Add to Home screen” in the menu of its browser.'
        : 'The browser menu of the phone can keep a bookmark on its home screen. Installing it as an app needs HTTPS.'}
    </p>
  );
}
