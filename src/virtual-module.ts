import type { UnpluginOptions } from 'unplugin'

/** What user code imports. No scheme in it: webpack refuses `virtual:`. */
export const MODULE_ID = '~ports'
/** Resolved id; the NUL keeps other plugins from looking for a file. */
export const RESOLVED_ID = '\0~ports'

/** Where services are reached, by name. */
export type Addresses = Record<string, { port: number; url: string }>

/** The hooks that serve the `~ports` module; `addresses` is asked each time it is loaded. */
export function moduleHooks(
  addresses: () => Addresses,
): Required<Pick<UnpluginOptions, 'resolveId' | 'load'>> {
  return {
    resolveId: {
      filter: { id: /^~ports$/ },
      handler: (id) => (id === MODULE_ID ? RESOLVED_ID : undefined),
    },
    load: {
      // eslint-disable-next-line no-control-regex -- the NUL marks the id as virtual
      filter: { id: /^\0~ports$/ },
      handler: (id) => (id === RESOLVED_ID ? renderModule(addresses()) : undefined),
    },
  }
}

/** Source of the module. */
export function renderModule(services: Addresses): string {
  return `export const services = Object.freeze(${JSON.stringify(services, null, 2)})\n`
}
