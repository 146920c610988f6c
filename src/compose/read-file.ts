import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Document, LineCounter, Node } from 'yaml'

/** Something in a compose file that can't be understood. */
export interface ComposeProblem {
  readonly code: 'PORTS_COMPOSE'
  /** Absolute. */
  readonly file: string
  /** Counted from 1; absent when the whole file is meant. */
  readonly line?: number
  /** Nothing of the file counts, as it can't be read as YAML. */
  readonly whole?: true
  /** A sentence for people, with file and line. */
  readonly message: string
}

/** One service as one file says it. */
export interface RawService {
  /** Of the file. */
  readonly file: string
  readonly ports: readonly RawPort[]
  /** What the file's tag says of earlier files' ports: `!override` and `!reset` leave none. */
  readonly replaces: boolean
  readonly profiles?: readonly string[]
  readonly extends?: { readonly service: string; readonly file?: string }
}

/** An entry of `ports`, and where it stands. */
export interface RawPort {
  readonly entry: unknown
  readonly file: string
  readonly line?: number
}

/** What one file says. */
export interface RawFile {
  readonly services: ReadonlyMap<string, RawService>
  /** Paths as written. */
  readonly include: readonly string[]
}

/** Reads one compose file; what is wrong is told, and the rest counts. */
export function readComposeFile(file: string, tell: (problem: ComposeProblem) => void): RawFile {
  const nothing: RawFile = { services: new Map(), include: [] }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException
    tell(unreadable(file, undefined, `can't be read (${code})`))
    return nothing
  }
  // Not needed where there is no compose file, and hosts whose hooks may not wait need it as well.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml')
  const lineCounter = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter, merge: true, logLevel: 'silent' })
  const [error] = document.errors
  if (error) {
    const line = lineCounter.linePos(error.pos[0]).line
    const [first = ''] = error.message.split('\n', 1)
    tell(unreadable(file, line, `is no YAML: ${first.replace(/ at line \d+.*$/, '')}`))
    return nothing
  }
  try {
    return fromValue(document.toJS(), { file, document, lineCounter, tell })
  } catch (thrown) {
    // An alias that leads nowhere, or thousands of them.
    tell(unreadable(file, undefined, `can't be understood: ${String(thrown)}`))
    return nothing
  }
}

/** A problem with its place, as a sentence. */
export function composeProblem(
  file: string,
  line: number | undefined,
  what: string,
): ComposeProblem {
  return problemAt(file, line, `${what}. Its other services count all the same.`)
}

function unreadable(file: string, line: number | undefined, what: string): ComposeProblem {
  return { ...problemAt(file, line, `${what}. Nothing of it counts.`), whole: true }
}

function problemAt(file: string, line: number | undefined, what: string): ComposeProblem {
  const where = line === undefined ? file : `${file}:${line}`
  const message = `${where} ${what}`
  return { code: 'PORTS_COMPOSE', file, message, ...(line !== undefined && { line }) }
}

interface Source {
  readonly file: string
  readonly document: Document
  readonly lineCounter: LineCounter
  readonly tell: (problem: ComposeProblem) => void
}

function fromValue(value: unknown, source: Source): RawFile {
  const { services, include } = objectOf(value)
  const found = new Map<string, RawService>()
  for (const [name, service] of Object.entries(objectOf(services))) {
    found.set(name, serviceOf(name, objectOf(service), source))
  }
  return { services: found, include: listOf(include).flatMap(pathsOf) }
}

function serviceOf(name: string, service: Record<string, unknown>, source: Source): RawService {
  const { file, document, lineCounter, tell } = source
  const at = (...keys: (string | number)[]): Node | undefined =>
    document.getIn(['services', name, ...keys], true) as Node | undefined
  const lineOf = (node: Node | undefined): number | undefined =>
    node?.range ? lineCounter.linePos(node.range[0]).line : undefined
  const { ports, profiles } = service
  if (ports !== undefined && ports !== null && !Array.isArray(ports)) {
    tell(composeProblem(file, lineOf(at('ports')), `: "ports" of "${name}" is no list`))
  }
  const tag = at('ports')?.tag
  const entries = tag === '!reset' ? [] : listOf(ports)
  return {
    file,
    replaces: tag === '!reset' || tag === '!override',
    ports: entries.map((entry, index): RawPort => {
      const line = lineOf(at('ports', index))
      return { entry, file, ...(line !== undefined && { line }) }
    }),
    ...(profiles !== undefined && { profiles: listOf(profiles).map(String) }),
    ...extendsOf(service.extends),
  }
}

function extendsOf(value: unknown): Pick<RawService, 'extends'> {
  if (typeof value === 'string') return { extends: { service: value } }
  const { service, file } = objectOf(value)
  if (typeof service !== 'string') return {}
  return { extends: { service, ...(typeof file === 'string' && { file }) } }
}

function pathsOf(entry: unknown): string[] {
  if (typeof entry === 'string') return [entry]
  const { path } = objectOf(entry)
  return (typeof path === 'string' ? [path] : listOf(path)).map(String)
}

function objectOf(value: unknown): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Record<string, unknown>) : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
