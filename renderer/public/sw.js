// Keeps nothing of the panel: it is always that of the Pilotlight that answers. It only says so when none does.
const offline = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Pilotlight</title>
<body style="font-family:system-ui;background:#0d0f12;color:#e8e6e1;padding:15vh 1.5rem;text-align:center">
<h1 style="font-size:1.25rem">Pilotlight does not answer</h1>
<p>Check that its computer is on and that this device is on the same network, then reload.</p></body></html>`;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') return;
  event.respondWith(
    fetch(event.request).catch(
      () => new Response(offline, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
    ),
  );
});
