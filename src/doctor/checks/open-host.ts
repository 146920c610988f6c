import type { Finding } from '../finding.ts'
import type { WantedService } from '../wanted.ts'

/** A live port of this checkout that was reached through the machine's address in the network. */
export interface ReachedPort {
  readonly port: number
  readonly service: string
  /** The address. */
  readonly address: string
}

/** Servers that other machines reach, by what is configured and by what was tried. */
export function checkOpenHosts(
  services: readonly WantedService[],
  reached: readonly ReachedPort[],
): Finding[] {
  const fix = "Unless that is wanted, take `host` out, or say host: 'localhost'."
  const isReached = new Set(reached.map(({ service }) => service))
  const configured = services.filter(
    ({ host, name }) =>
      !isReached.has(name) && (host === true || host === '0.0.0.0' || host === '::' || host === ''),
  )
  return [
    ...reached.map(({ port, service, address }): Finding => ({
      code: 'open-host',
      severity: 'note',
      message: `"${service}" (${port}) answers on ${address}: everybody in the network reaches it.`,
      fix: `Unless that is wanted, let its server listen on localhost alone: host: 'localhost'.`,
      port,
      service,
    })),
    ...configured.map(({ name, host }): Finding => ({
      code: 'open-host',
      severity: 'note',
      message: `services.${name}.host is ${JSON.stringify(host)}: everybody in the network will reach it.`,
      fix,
      service: name,
    })),
  ]
}
