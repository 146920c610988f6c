import { variableStem } from '../options/names.ts'
import type { ComposePort, ComposeProject } from './project.ts'

/** A published port that no variable says, so every checkout wants the same. */
export interface FixedPort {
  /** Name of the compose service. */
  readonly service: string
  readonly port: ComposePort
  /** First port of this machine. */
  readonly hostPort: number
  /** The variable that could say it. */
  readonly variable: string
}

/** The fixed ports of active services, each with a variable that nothing else in the files has. */
export function fixedPorts({ services }: ComposeProject): FixedPort[] {
  const active = services.filter((service) => service.active)
  const used = new Set(
    active.flatMap(({ ports }) => ports.flatMap(({ variable }) => variable ?? [])),
  )
  return active.flatMap(({ name, ports }) =>
    ports.flatMap((port): FixedPort[] => {
      if (port.variable !== undefined || !port.hostPorts) return []
      const stem = `${variableStem(name)}_PORT`
      const variable = used.has(stem) ? `${stem}_${port.containerPort}` : stem
      used.add(variable)
      return [{ service: name, port, hostPort: port.hostPorts.from, variable }]
    }),
  )
}

/** How a fixed port would be written with its variable: `${CACHE_PORT:-6379}:6379`. */
export function withVariable({ port, hostPort, variable }: FixedPort): string {
  const ip = port.hostIp?.includes(':') ? `[${port.hostIp}]` : port.hostIp
  const protocol = port.protocol === 'udp' ? '/udp' : ''
  return `${ip ? `${ip}:` : ''}\${${variable}:-${hostPort}}:${port.containerPort}${protocol}`
}
