import { svelte } from '@sveltejs/vite-plugin-svelte';
import subsetFont from 'subset-font';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * Leaves in each font of the styles what its `unicode-range` names: a tenth of it, and fonts are
 * waited for before the first picture.
 */
function onlySignsInRange(): Plugin {
  return {
    name: 'only-signs-in-range',
    apply: 'build',
    async generateBundle(_options, bundle) {
      const assets = Object.values(bundle).filter((file) => file.type === 'asset');
      const styles = assets.filter(({ fileName }) => fileName.endsWith('.css'));
      const faces = styles.flatMap(
        ({ source }) => String(source).match(/@font-face\s*{[^}]*}/g) ?? [],
      );
      for (const font of assets.filter(({ fileName }) => fileName.endsWith('.woff2'))) {
        const name = font.fileName.split('/').pop() ?? '';
        const ranges = faces
          .find((face) => face.includes(name))
          ?.match(/unicode-range:([^;}]+)/)?.[1];
        if (!ranges) this.error(`${font.fileName}: no style says which signs it is for`);
        const whole = Buffer.from(font.source);
        font.source = await subsetFont(whole, signsOf(ranges), { targetFormat: 'woff2' });
      }
    },
  };
}

/** Every character of a value of CSS's `unicode-range`: `U+2190-21FF, U+2B1B`. */
function signsOf(ranges: string): string {
  return ranges
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = (range.match(/[0-9a-f]+/gi) ?? []).map((hex) =>
        parseInt(hex, 16),
      );
      return Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at));
    })
    .join('');
}

export default defineConfig({
  plugins: [svelte(), onlySignsInRange()],
  // Relative addresses work under Tauri's own protocol on every system.
  base: './',
  server: { port: 1420, strictPort: true },
  clearScreen: false,
  build: {
    target: ['es2022', 'safari16'],
    // One small window: splitting it would only add round trips before the first picture.
    chunkSizeWarningLimit: 1200,
    // A computer that is busy is nothing to warn of.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node', css: true },
});
