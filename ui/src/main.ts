import '@xterm/xterm/css/xterm.css';
import './tokens.css';
import './base.css';

import { mount } from 'svelte';

import Main from './views/Main.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no place for the window');
mount(Main, { target });
