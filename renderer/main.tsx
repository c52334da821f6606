import './styles/app.css';
// Before anything else hears of a navigation.
import './components/unsaved.ts';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { client } from './client/index.ts';
import { fetchOnlyWhile } from './components/late-part.ts';
import { answersHere, followConnection } from './stores/connection.ts';

followConnection(client);
fetchOnlyWhile(answersHere);

// Not on loopback: another program may take the port later, and must not find a worker of ours. Nor in the desktop app,
// which has its own files.
if (location.protocol === 'https:' && !window.pilotlight)
  navigator.serviceWorker?.register('/sw.js').catch(() => undefined);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
