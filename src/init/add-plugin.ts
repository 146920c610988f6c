import { appendItem, insertAll, type Insertion, lineEndAt } from './edits.ts'
import { findConfig, propertyOf, type Refusal } from './find-config.ts'
import {
  nameOf,
  nodeOf,
  nodesOf,
  parseSource,
  requiredBy,
  type Source,
  type SyntaxNode,
  textOf,
  unwrap,
  walkAll,
} from './syntax.ts'

/** What becomes of a config file. */
export type Added =
  | { readonly text: string }
  /** It loads this package already. */
  | { readonly already: true }
  | Refusal

/** Names for the plugin, the first that the file does not use for something else. */
const NAMES = ['ports', 'unpluginPorts', 'portsPlugin'] as const

/**
 * Puts the plugin into the text of a config file. Only insertions: everything that was there stays.
 *
 * @param entry What is imported: `unplugin-ports/vite`.
 */
export async function addPlugin(original: string, entry: string): Promise<Added> {
  let source: Source
  try {
    source = await parseSource(original)
  } catch (error) {
    return { refused: `it can't be parsed (${firstLine(error)})` }
  }
  if (loadsPackage(source)) return { already: true }
  const config = findConfig(source)
  if ('refused' in config) return config
  const used = new Set([...walkAll(source)].map(nameOf))
  const name = NAMES.find((candidate) => !used.has(candidate))
  if (!name) return { refused: `it uses the names ${NAMES.join(', ')} for something else` }
  const added = pluginInsertions(source, config, `${name}()`)
  if ('refused' in added) return added
  const text = insertAll(original, [importInsertion(source, name, entry), ...added])
  return (await isRight(text, name)) ? { text } : { refused: 'its layout is too unusual' }
}

function pluginInsertions(
  { text }: Source,
  config: SyntaxNode,
  call: string,
): Insertion[] | Refusal {
  const properties = nodesOf(config, 'properties')
  const plugins = propertyOf(config, 'plugins')
  if (!plugins) {
    const hasSpread = properties.some(({ type }) => type === 'SpreadElement')
    // What is spread may bring plugins, which ours would replace.
    if (hasSpread) return { refused: 'its plugins may come from an object that is spread into it' }
    return appendItem(text, config, properties, `plugins: [${call}]`)
  }
  const list = pluginList(plugins)
  if (!list) return { refused: 'its plugins are computed elsewhere' }
  return appendItem(text, list, nodesOf(list, 'elements'), call)
}

/** The array literal that a `plugins` property has, `[…].filter(Boolean)` included. */
function pluginList(property: SyntaxNode): SyntaxNode | undefined {
  const value = nodeOf(property, 'value')
  const node = value && unwrap(value)
  if (node?.type === 'ArrayExpression') return node
  const callee = node?.type === 'CallExpression' ? nodeOf(node, 'callee') : undefined
  if (!callee || callee.type !== 'MemberExpression') return undefined
  const list = nodeOf(callee, 'object')
  const method = nameOf(nodeOf(callee, 'property'))
  const kept = method === 'flat' || (method === 'filter' && isBoolean(node))
  return kept && list?.type === 'ArrayExpression' ? list : undefined
}

function isBoolean(call: SyntaxNode | undefined): boolean {
  return call !== undefined && nameOf(nodesOf(call, 'arguments')[0]) === 'Boolean'
}

function importInsertion({ text, body }: Source, name: string, entry: string): Insertion {
  const imports = body.filter(({ type }) => type === 'ImportDeclaration')
  const requires = body.filter((statement) =>
    nodesOf(statement, 'declarations').some((it) => requiredBy(nodeOf(it, 'init')) !== undefined),
  )
  const isCommonJs =
    imports.length === 0 && !body.some(({ type }) => type === 'ExportDefaultDeclaration')
  const last = (isCommonJs ? requires : imports).at(-1)
  const quote = last && /"/.test(text.slice(last.start, last.end)) ? '"' : quoteOf(text)
  const semicolon = (last ? [last] : body).some(({ end }) => text[end - 1] === ';') ? ';' : ''
  const what = `${quote}${entry}${quote}`
  const line = isCommonJs
    ? `const ${name} = require(${what})${semicolon}`
    : `import ${name} from ${what}${semicolon}`
  if (last) return { at: lineEndAt(text, last.end), text: `\n${line}` }
  const at = headEnd(text)
  return { at, text: `${line}\n${text[at] === '\n' ? '' : '\n'}` }
}

/** Behind what must stay at the top: `#!`, `// @ts-check`, `'use strict'`. */
function headEnd(text: string): number {
  return (
    /^(?:#!.*\n)?(?:\/\/ *(?:@ts-|eslint).*\n|\s*(?:"use strict"|'use strict');?\n)*/.exec(
      text,
    )?.[0].length ?? 0
  )
}

function quoteOf(text: string): '"' | "'" {
  return text.includes('"') && !text.includes("'") ? '"' : "'"
}

function loadsPackage(source: Source): boolean {
  return [...walkAll(source)].some((node) => {
    const isImport = node.type === 'ImportDeclaration'
    const loaded = isImport ? textOf(nodeOf(node, 'source'), 'value') : requiredBy(node)
    return loaded !== undefined && /^unplugin-ports(?:\/|$)/.test(loaded)
  })
}

/** Read once more, as whoever starts it will. */
async function isRight(text: string, name: string): Promise<boolean> {
  try {
    const source = await parseSource(text)
    const config = findConfig(source)
    const plugins = 'refused' in config ? undefined : propertyOf(config, 'plugins')
    const list = plugins && pluginList(plugins)
    const last = list && nodesOf(list, 'elements').at(-1)
    return last?.type === 'CallExpression' && nameOf(nodeOf(last, 'callee')) === name
  } catch {
    return false
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
