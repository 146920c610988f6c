import type { ServiceOptions } from '../types.ts'
import type { Suggestion } from './project/suggestion.ts'

/** The text of a `ports.config.mjs` with these services; it needs nothing to be installed. */
export function configText(suggestions: readonly Suggestion[]): string {
  const services = suggestions.map(
    ({ name, options }) => `    ${key(name)}: ${objectText(options)},\n`,
  )
  return `/** @type {import('unplugin-ports').PortsConfig} */
export default {
  services: {
${services.join('')}  },
}
`
}

/** One line for each service, for people. */
export function suggestionLines(suggestions: readonly Suggestion[]): string[] {
  const width = Math.max(0, ...suggestions.map(({ name }) => name.length))
  return suggestions.map(
    ({ name, options, seenBy }) => `  ${name.padEnd(width)}  ${commandLine(options)}  (${seenBy})`,
  )
}

/** What is started, for people. */
export function commandLine({ command }: ServiceOptions): string {
  if (command === undefined) return 'another port of it'
  return typeof command === 'string' ? command : command.join(' ')
}

function objectText(options: object): string {
  const entries = Object.entries(options).map(
    ([name, value]) => `${key(name)}: ${valueText(value)}`,
  )
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}'
}

function valueText(value: unknown): string {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) return objectText(value)
  const text = JSON.stringify(value)
  // The commonest quotes in JavaScript, where nothing has to be escaped for it.
  return typeof value === 'string' && !/['\\\n\r]/.test(value) ? `'${value}'` : text
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`
}
