import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
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
