import type { Options, PortsConfig, PortsConfigFunction } from './types.ts'

export type * from './types.ts'

/** Types and completion for options that are kept in a file of their own. */
export function defineConfig(options: Options): Options
/** The same for a config file with `packages`. */
export function defineConfig(config: PortsConfig): PortsConfig
/** The same for a config that depends on who asks. */
export function defineConfig(config: PortsConfigFunction): PortsConfigFunction
export function defineConfig(
  config: PortsConfig | PortsConfigFunction,
): PortsConfig | PortsConfigFunction {
  return config
}
