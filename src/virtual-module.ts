/** What user code imports. No scheme in it: webpack refuses `virtual:`. */
export const MODULE_ID = '~ports'
/** Resolved id; the NUL keeps other plugins from looking for a file. */
export const RESOLVED_ID = '\0~ports'

/** Source of the `~ports` module. */
export function renderModule(services: Record<string, { port: number; url: string }>): string {
  return `export const services = Object.freeze(${JSON.stringify(services, null, 2)})\n`
}
