import '@xterm/xterm/css/xterm.css';
import './fonts.css';
import './tokens.css';
import './base.css';

import { mount } from 'svelte';

import { app } from './state/app.svelte';
import { reasonOf } from './state/errors';
import Main from './views/Main.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no place for the window');

// What nobody caught is said, too: otherwise a click would seem to have worked. (A late observer
// of sizes is no failure: the browser reports it as one.)
window.addEventListener('unhandledrejection', (event) => {
  app.trouble = reasonOf(event.reason);
});
window.addEventListener('error', (event) => {
  if (!event.message.startsWith('ResizeObserver loop')) {
    app.trouble = reasonOf(event.error ?? event.message);
  }
});

mount(Main, { target });
