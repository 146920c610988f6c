import { createRequire } from 'node:module'
import type { LineCounter, Node } from 'yaml'
import { readText } from '../utils/read-text.ts'
import { YamlError, YamlTree } from './yaml-tree.ts'

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

/** A file with hundreds of services stays far below. */
const MAX_BYTES = 512 * 1024

/** Reads one compose file; what is wrong is told, and the rest counts. */
export function readComposeFile(file: string, tell: (problem: ComposeProblem) => void): RawFile {
  const nothing: RawFile = { services: new Map(), include: [] }
  let text: string
  try {
    text = readText(file, MAX_BYTES)
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    tell(unreadable(file, undefined, `can't be read (${syscall ? code : message})`))
    return nothing
  }
  // Not needed where there is no compose file, and hosts whose hooks may not wait need it as well.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml')
  const lineCounter = new yaml.LineCounter()
  try {
    // Both of the library's own ways with keys and errors take time by the square of their number.
    const options = { lineCounter, merge: true, uniqueKeys: false, prettyErrors: false } as const
    const document = yaml.parseDocument(text, { ...options, logLevel: 'silent' })
    const [error] = document.errors
    if (error) throw new YamlError(error.message, error.pos[0])
    const tree = new YamlTree(yaml, document)
    return fromValue(document.toJS(), { file, tree, lineCounter, tell })
  } catch (thrown) {
    if (thrown instanceof YamlError) {
      const { line } = lineCounter.linePos(thrown.offset)
      tell(unreadable(file, line, `is no YAML: ${thrown.message}`))
      return nothing
    }
    // An alias that leads nowhere, or thousands of them; lists in lists without end.
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
  readonly tree: YamlTree
  readonly lineCounter: LineCounter
  readonly tell: (problem: ComposeProblem) => void
}

function fromValue(value: unknown, source: Source): RawFile {
  const { services, include } = objectOf(value)
  const found = new Map<string, RawService>()
  const nodes = source.tree.children(source.tree.root.get('services'))
  for (const [name, service] of Object.entries(objectOf(services))) {
    found.set(name, serviceOf(name, objectOf(service), nodes.get(name), source))
  }
  return { services: found, include: listOf(include).flatMap(pathsOf) }
}

function serviceOf(
  name: string,
  service: Record<string, unknown>,
  node: Node | undefined,
  { file, tree, lineCounter, tell }: Source,
): RawService {
  const lineOf = (at: Node | undefined): number | undefined =>
    at?.range ? lineCounter.linePos(at.range[0]).line : undefined
  const { ports, profiles } = service
  const portsNode = tree.children(node).get('ports')
  if (ports !== undefined && ports !== null && !Array.isArray(ports)) {
    tell(composeProblem(file, lineOf(portsNode), `: "ports" of "${name}" is no list`))
  }
  const tag = portsNode?.tag
  const entries = tag === '!reset' ? [] : listOf(ports)
  const nodes = tree.items(portsNode)
  return {
    file,
    replaces: tag === '!reset' || tag === '!override',
    ports: entries.map((entry, index): RawPort => {
      const line = lineOf(nodes[index])
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
