import { readFileSync } from 'node:fs'
import { findBundlerFiles } from '../../init/bundler-files.ts'
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
} from '../../init/syntax.ts'
import type { Options } from '../../types.ts'

const PACKAGE = /^unplugin-ports(?:\/\w+)?$/
/** What is not written as a literal, and known only to a program that runs. */
const COMPUTED = Symbol('computed')

/**
 * What the configs of bundlers in `directory` give to the plugin, as far as it is written there in
 * literals; nothing is run for it. Not validated.
 *
 * @returns One for each file in which the plugin is called with options.
 */
export async function inlineOptions(directory: string): Promise<Options[]> {
  const found: Options[] = []
  for (const { path } of findBundlerFiles(directory)) {
    try {
      const text = readFileSync(path, 'utf8')
      if (!text.includes('unplugin-ports')) continue
      found.push(...optionsIn(await parseSource(text)))
    } catch {
      // The bundler itself says best what is wrong with its config.
    }
  }
  return found
}

function optionsIn(source: Source): Options[] {
  const nodes = [...walkAll(source)]
  const plugins = new Set(nodes.flatMap(pluginNames))
  return nodes.flatMap((node) => {
    if (node.type !== 'CallExpression') return []
    if (!plugins.has(nameOf(nodeOf(node, 'callee')))) return []
    const [given] = nodesOf(node, 'arguments')
    const value = given && valueOf(given)
    return typeof value === 'object' && value !== null ? [value as Options] : []
  })
}

/** The names by which a statement makes the plugin known. */
function pluginNames(node: SyntaxNode): (string | undefined)[] {
  if (node.type === 'ImportDeclaration') {
    if (!PACKAGE.test(textOf(nodeOf(node, 'source'), 'value') ?? '')) return []
    return nodesOf(node, 'specifiers').map((specifier) => nameOf(nodeOf(specifier, 'local')))
  }
  if (node.type !== 'VariableDeclarator') return []
  return PACKAGE.test(requiredBy(nodeOf(node, 'init')) ?? '') ? [nameOf(nodeOf(node, 'id'))] : []
}

function valueOf(wrapped: SyntaxNode): unknown {
  const node = unwrap(wrapped)
  switch (node.type) {
    case 'StringLiteral':
    case 'NumericLiteral':
    case 'BooleanLiteral':
      return (node as SyntaxNode & { readonly value: unknown }).value
    case 'ArrayExpression': {
      const values = nodesOf(node, 'elements').map(valueOf)
      return values.includes(COMPUTED) ? COMPUTED : values
    }
    case 'ObjectExpression':
      return Object.fromEntries(nodesOf(node, 'properties').flatMap(entryOf))
    default:
      return COMPUTED
  }
}

function entryOf(property: SyntaxNode): [string, unknown][] {
  const name = nameOf(nodeOf(property, 'key'))
  const value = nodeOf(property, 'value')
  const isPlain =
    property.type === 'ObjectProperty' && !('computed' in property && property.computed)
  if (!isPlain || name === undefined || !value) return []
  const said = valueOf(value)
  return said === COMPUTED ? [] : [[name, said]]
}
