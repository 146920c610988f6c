import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Meter, MetricsAPI } from '@opentelemetry/api'

/** Where every copy of `@opentelemetry/api` 1 keeps what has been registered. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

/** Whether somebody in this process collects metrics. Costs one look; nothing is loaded for it. */
export function hasMeterProvider(): boolean {
  const holder = globalThis as { [REGISTERED]?: { metrics?: unknown } }
  return holder[REGISTERED]?.metrics !== undefined
}

/**
 * A meter of the user's own `@opentelemetry/api`, as `root` resolves it.
 *
 * @returns `undefined` where there is none, or no meter provider has been registered with it.
 */
export function findMeter(root: string): Meter | undefined {
  if (!hasMeterProvider()) return undefined
  const require = createRequire(join(root, 'index.js'))
  let api: { metrics?: MetricsAPI }
  try {
    api = require('@opentelemetry/api') as typeof api
  } catch {
    // Registered with a copy that this root can't see; it is not ours to look for.
    return undefined
  }
  return api.metrics?.getMeter('unplugin-ports')
}
