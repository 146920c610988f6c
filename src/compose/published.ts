import { MAX_PORT } from '../options/ranges.ts'
import { showValue } from '../options/show.ts'
import type { Range } from '../options/resolved.ts'
import { parseTemplate, renderTemplate, TemplateError, type Values } from './template.ts'

/** A port of a compose service that this machine gets. */
export interface PublishedPort {
  /** Port inside of the container; of several the first. */
  readonly containerPort: number
  /** Port or ports of this machine as the files and variables say now; absent when Docker chooses. */
  readonly hostPorts?: Range
  /** Absent for all interfaces. */
  readonly hostIp?: string
  readonly protocol: 'tcp' | 'udp'
  /** The one variable that says the port: `DB_PORT` of `${DB_PORT:-5432}:5432`. Absent for a fixed one. */
  readonly variable?: string
  /** The port without that variable, where the file says one. */
  readonly byDefault?: number
}

/**
 * Reads an entry of `ports`, in its short or its long form.
 *
 * @returns `undefined` for what has no TCP or UDP port.
 * @throws TemplateError for what Compose would refuse.
 */
export function readPublished(entry: unknown, values: Values): PublishedPort | undefined {
  if (typeof entry === 'number') return { containerPort: entry, protocol: 'tcp' }
  if (typeof entry === 'string') return readShort(entry, values)
  if (typeof entry !== 'object' || entry === null) throw noPort(entry)
  const { target, published, host_ip: ip, protocol } = entry as Record<string, unknown>
  return assemble(
    { container: text(target), host: text(published), ip: text(ip), protocol: text(protocol) },
    values,
    entry,
  )
}

function readShort(entry: string, values: Values): PublishedPort | undefined {
  const { head, protocol } = splitProtocol(entry)
  const pieces = splitAtColons(head)
  const container = pieces.pop() ?? ''
  const host = pieces.pop() ?? ''
  // An IPv6 address without brackets has colons of its own.
  const words = { container, host, ip: pieces.join(':'), protocol }
  const named = host ? variableOf(host, values) : undefined
  if (named && !valueOf(named, values)?.includes(':')) return assemble(words, values, entry)
  const whole = renderTemplate(parseTemplate(entry), values)
  // A variable may hold several parts at once; then none of them alone is the port.
  const isOne = splitAtColons(whole).length === splitAtColons(entry).length
  return isOne || whole === entry ? assemble(words, values, entry) : readShort(whole, {})
}

interface Words {
  readonly container: string
  readonly host: string
  readonly ip: string
  readonly protocol: string
}

function assemble(words: Words, values: Values, entry: unknown): PublishedPort | undefined {
  const render = (template: string): string => renderTemplate(parseTemplate(template), values)
  const protocol = render(words.protocol).toLowerCase() || 'tcp'
  if (protocol !== 'tcp' && protocol !== 'udp') return undefined
  const container = parsePorts(render(words.container))
  if (!container) throw noPort(entry)
  const named = words.host ? variableOf(words.host, values) : undefined
  const said = named
    ? (valueOf(named, values) ?? String(named.byDefault ?? ''))
    : render(words.host)
  const host = parsePorts(said)
  if (said !== '' && !host && !named) throw noPort(entry)
  const ip = render(words.ip).replace(/^\[|\]$/g, '')
  return {
    containerPort: container.from,
    ...(host && { hostPorts: host }),
    ...(ip && ip !== '0.0.0.0' && ip !== '::' && { hostIp: ip }),
    protocol,
    ...(container.from === container.to && named),
  }
}

/** The variable that alone says the port; one that only switches it on or off is none. */
function variableOf(
  template: string,
  values: Values,
): (Pick<PublishedPort, 'variable' | 'byDefault'> & { variable: string }) | undefined {
  const [part, ...more] = parseTemplate(template)
  if (typeof part !== 'object' || more.length > 0 || part.operator?.endsWith('+')) return undefined
  const hasDefault = part.operator?.endsWith('-')
  const byDefault = hasDefault ? parsePorts(renderTemplate(part.word, values)) : undefined
  if (byDefault && byDefault.from !== byDefault.to) return undefined
  return { variable: part.name, ...(byDefault && { byDefault: byDefault.from }) }
}

/** Not what every object has: `constructor` is a name as good as any. */
function valueOf({ variable }: { readonly variable: string }, values: Values): string | undefined {
  return Object.hasOwn(values, variable) ? values[variable] : undefined
}

function splitProtocol(entry: string): { head: string; protocol: string } {
  let depth = 0
  for (let at = entry.length - 1; at >= 0; at--) {
    if (entry[at] === '}') depth++
    else if (entry[at] === '{') depth--
    else if (entry[at] === '/' && depth === 0) {
      return { head: entry.slice(0, at), protocol: entry.slice(at + 1) }
    }
  }
  return { head: entry, protocol: '' }
}

/** At the colons outside of variables and brackets. */
function splitAtColons(text: string): string[] {
  const pieces = ['']
  let depth = 0
  for (const letter of text) {
    if (letter === '{' || letter === '[') depth++
    if (letter === '}' || letter === ']') depth--
    if (letter === ':' && depth === 0) pieces.push('')
    else pieces[pieces.length - 1] += letter
  }
  return pieces
}

function parsePorts(said: string): Range | undefined {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(said.trim()) ?? []
  if (first === undefined) return undefined
  const [from, to] = [Number(first), Number(last)]
  return from >= 1 && from <= to && to <= MAX_PORT ? { from, to } : undefined
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function noPort(entry: unknown): TemplateError {
  return new TemplateError(
    `${showValue(entry)} is no port; expected "8080:80", "\${WEB_PORT:-8080}:80" or an object with "target"`,
  )
}
