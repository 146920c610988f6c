import { resolve } from 'node:path'
import type { RunRequest } from '../bundlers/adapter.ts'
import { scriptText } from '../child/runtime.ts'
import type { ResolvedService } from '../options/resolved.ts'
import { realRoot } from '../utils/real-root.ts'
import { SERVICE_VARIABLE } from './processes/names.ts'

const STARTS_BUNDLER =
  /(?:^|[\s/;&|])(?:vite|webpack(?:-cli)?|webpack-dev-server|rspack|rsbuild|farm)(?:\s+(?:dev|serve|start|-|\.)|\s*$)/

/**
 * The request without services that are the bundler itself: one whose command would start this very
 * server, or that this process was started for. They are other names of `dev`.
 */
export function withoutOwnServer(
  request: RunRequest,
  env: Readonly<Record<string, string | undefined>>,
): RunRequest {
  const { services, root } = request
  const own = services.filter(({ service }) => isOwnServer(service, root, env))
  if (own.length === 0) return request
  const hasDev = services.some(({ service, hold }) => service.name === 'dev' && hold)
  if (!hasDev) {
    const without = (service: ResolvedService) => ({ ...service, process: undefined })
    return {
      ...request,
      services: services.map((host) =>
        own.includes(host) ? { ...host, service: without(host.service) } : host,
      ),
    }
  }
  const aliases = own.map(({ service }) => [service.name, 'dev'] as const)
  return {
    ...request,
    services: services.filter((host) => !own.includes(host)),
    shared: { ...request.shared, ...Object.fromEntries(aliases) },
  }
}

function isOwnServer(
  { name, kind, process }: ResolvedService,
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  if (kind !== 'external' || !process) return false
  if (env[SERVICE_VARIABLE] === name) return true
  const directory = realRoot(root, process.cwd)
  if (directory !== realRoot(root)) return false
  const { command } = process
  const words = typeof command === 'string' ? command.trim().split(/\s+/) : command
  return STARTS_BUNDLER.test(scriptText(words, resolve(directory)) ?? words.join(' '))
}
