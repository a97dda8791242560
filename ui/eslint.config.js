import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

import svelteConfig from './svelte.config.js';

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/bindings'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig },
    },
  },
  {
    rules: {
      // The type checker knows better, in .svelte files too.
      'no-undef': 'off',
      'prefer-const': 'off',
      'svelte/prefer-const': 'error',
      // Everything that is shown may come from a project, a program or a store: text only.
      'svelte/no-at-html-tags': 'error',
      'no-restricted-properties': [
        'error',
        { property: 'innerHTML', message: 'Untrusted text stays text.' },
        { property: 'outerHTML', message: 'Untrusted text stays text.' },
        { property: 'insertAdjacentHTML', message: 'Untrusted text stays text.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [{ group: ['@tauri-apps/*'], message: 'Only src/ipc.ts talks to the app.' }],
        },
      ],
    },
  },
  { files: ['src/ipc.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['*.js', '*.ts'], languageOptions: { globals: globals.node } },
);
