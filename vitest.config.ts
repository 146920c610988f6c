import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // A busy machine may miss a deadline; what is wrong fails each time. The report names each retry.
    retry: process.env.CI ? 2 : 0,
    setupFiles: 'test/_utils/state-dir.ts',
    reporters: process.env.CI ? ['default'] : ['dot'],
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/browser/**'],
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/*.test.ts'],
          // Only this project needs a browser; `--project node` runs without one.
          globalSetup: 'test/browser/setup.ts',
        },
      },
    ],
  },
})
