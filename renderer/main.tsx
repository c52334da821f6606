import './styles/app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { client } from './client/index.ts';
import { fetchOnlyWhile } from './components/late-part.ts';
import { answersHere, followConnection } from './stores/connection.ts';

followConnection(client);
fetchOnlyWhile(answersHere);

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
