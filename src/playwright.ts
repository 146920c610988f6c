import { playwrightAddress, playwrightPorts } from './test-runners/playwright.ts'
import { processWorld } from './session/world.ts'
import type { PlaywrightPorts, TestServer, TestServers } from './test-runners/playwright-types.ts'

export { PortsError, PortsOptionError } from './errors.ts'
export type * from './test-runners/playwright-types.ts'

/**
 * The ports of the servers that Playwright's tests need, for `playwright.config`: `webServer` starts
 * them, `use.baseURL` is the first one's. The main process and every worker get the same ports,
 * however often the config is loaded, and nobody else gets them in between.
 *
 * ```ts
 * const { webServer, use } = ports({ command: 'npm run dev' })
 * export default defineConfig({ webServer, use })
 * ```
 *
 * A server of this checkout that runs already is used as it is. A port where another checkout's
 * server stands is passed over, or with `strict` an error that says whose it is.
 *
 * @param options One server, whose service is `dev`, or several by name. Of a service that
 * `ports.config` names, what it says there counts as well.
 * @throws PortsOptionError for options that can't be understood.
 * @throws PortsError when a port can't be had; it says who has it.
 */
export function ports(options: TestServer): PlaywrightPorts<'dev'>
/** The same for several servers. */
export function ports<const Servers extends TestServers>(
  options: Servers,
): PlaywrightPorts<keyof Servers['servers'] & string>
export function ports(options: TestServer | TestServers): PlaywrightPorts {
  return playwrightPorts(options, processWorld())
}

/**
 * In tests: the port of a server of Playwright's config.
 *
 * @throws PortsError `PORTS_NO_SERVICE`
 */
export function port(service: string): number {
  return playwrightAddress(service).port
}

/**
 * In tests: the URL of a server of Playwright's config, without a slash at its end.
 *
 * @throws PortsError `PORTS_NO_SERVICE`
 */
export function url(service: string): string {
  return playwrightAddress(service).url
}
