import { processWorld } from './session/world.ts'
import type { ServerAddress } from './test-runners/playwright-types.ts'
import type { SetupProject } from './test-runners/vitest.ts'
import type { TestPortsOptions } from './test-runners/vitest-types.ts'
import { workerAddress } from './test-runners/vitest-worker.ts'
import { realRoot } from './utils/real-root.ts'

export { PortsError, PortsOptionError } from './errors.ts'
export type { ServerAddress } from './test-runners/playwright-types.ts'
export type * from './test-runners/vitest-types.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The ports of every worker, by service; `VITEST_POOL_ID` counts them from 1. */
    ports: readonly Readonly<Record<string, ServerAddress>>[]
  }
}

/** The part of a Vite plugin that this is; any version of Vite takes it. */
export interface TestPortsPlugin {
  name: string
  config(config: { readonly root?: string }): Promise<{
    test: { globalSetup: string[]; setupFiles: string[] }
  }>
}

/**
 * Gives every worker of Vitest ports of its own for the services that tests start. Reserved before
 * the first test, kept while watching, given back at the end. Tests find them in `API_PORT` and
 * `API_URL`, or by {@link port}.
 *
 * ```ts
 * export default defineConfig({ plugins: [testPorts({ services: { api: {}, db: {} } })] })
 * ```
 *
 * @param options Default: the services of `ports.config`.
 */
export function testPorts(options: TestPortsOptions = {}): TestPortsPlugin {
  return {
    name: 'unplugin-ports:vitest',
    async config({ root }) {
      const { vitestConfig } = await import('./test-runners/vitest.ts')
      return { test: vitestConfig(options, realRoot(process.cwd(), root)) }
    },
  }
}

/**
 * Vitest's global setup, for `globalSetup: ['unplugin-ports/vitest']` without the plugin: the
 * services are those of `ports.config`, and tests find their ports by {@link port} alone.
 *
 * @throws PortsOptionError when no service is named.
 * @throws PortsError when there are not enough ports.
 */
export default async function setup(project: SetupProject): Promise<() => Promise<void>> {
  const { setUp } = await import('./test-runners/vitest.ts')
  return setUp(project, processWorld())
}

/**
 * In tests: the port that this worker has for a service.
 *
 * @throws PortsError `PORTS_NO_SERVICE`
 */
export function port(service: string): number {
  return workerAddress(service).port
}

/**
 * In tests: the URL of a service's server in this worker, without a slash at its end.
 *
 * @throws PortsError `PORTS_NO_SERVICE`
 */
export function url(service: string): string {
  return workerAddress(service).url
}
