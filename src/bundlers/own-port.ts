import type { ResolvedService } from '../options/resolved.ts'
import type { Wish } from '../plan/plan.ts'

/** What port 0 of a bundler's config means: any free one. */
const ANY = { from: 20_000, to: 32_767 }
/** Ports that are tried from the user's one on. */
const RANGE_SIZE = 100

/** The service with the port of the bundler's own config before what the plugin's options prefer. */
export function withPort(service: ResolvedService, port: number | undefined): ResolvedService {
  if (port === undefined) return service
  if (port === 0) return { ...service, preferred: [], range: ANY, rangeGiven: true }
  const preferred = [port, ...service.preferred.filter((other) => other !== port)]
  const to = Math.min(port + RANGE_SIZE - 1, 65_535)
  return { ...service, preferred, range: service.rangeGiven ? service.range : { from: port, to } }
}

/** The wish of a `--port` on the command line, for the service of that name. */
export function typedPort(
  service: string,
  port: number | undefined,
): Readonly<Record<string, readonly Wish[]>> {
  return port === undefined ? {} : { [service]: [{ port, source: 'typed', from: '--port' }] }
}

/** The env files that bundlers read in this mode, the one that wins last. */
export function envFileNames(mode: string): string[] {
  return ['.env', '.env.local', `.env.${mode}`, `.env.${mode}.local`]
}
