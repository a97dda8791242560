// The window's own modules, for programs that run without a window.
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ui = fileURLToPath(new URL('../../ui/', import.meta.url));
const require = createRequire(`${ui}package.json`);

/** xterm.js without a page. */
export function headless() {
  if (!existsSync(`${ui}node_modules/@xterm/headless`)) {
    console.error(`${ui}node_modules has no @xterm/headless: run "npm ci" in ${ui}`);
    process.exit(3);
  }
  return require('@xterm/headless');
}

/** Imports a module below ui/src, for instance `terminal/inspect`, and the ones beside it that it imports. */
export async function importUi(name) {
  return import(moduleUrl(name));
}

function moduleUrl(name) {
  const typescript = require('typescript');
  const source = readFileSync(`${ui}src/${name}.ts`, 'utf8');
  let { outputText } = typescript.transpileModule(source, {
    compilerOptions: { target: 'ES2022', module: 'ESNext', verbatimModuleSyntax: true },
  });
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  for (const [whole, other] of outputText.matchAll(/from '\.\/([\w-]+)'/g)) {
    outputText = outputText.replace(whole, `from '${moduleUrl(folder + other)}'`);
  }
  return `data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`;
}
