import { processWorld } from '../session/world.ts'
import type { Options } from '../types.ts'
import { ProgramPorts } from './ports.ts'
import type { Ports } from './interface.ts'

/** An instance in this process; what nobody listens to becomes a warning of Node. */
export function newPorts(options: Options): ProgramPorts {
  return new ProgramPorts(options, processWorld(), (message) =>
    process.emitWarning(message, 'PortsWarning'),
  )
}

// In the global object, so that every copy of this package has the same; the number changes when
// copies of different versions could not share it any more.
const KEY = Symbol.for('unplugin-ports.program.1')

/** The process's own instance, made on first use and anew after it was closed. */
export function sharedPorts(): Ports {
  const holder = globalThis as { [KEY]?: ProgramPorts }
  if (!holder[KEY] || holder[KEY].closed) holder[KEY] = newPorts({})
  return holder[KEY]
}
