import {
  nameOf,
  nodeOf,
  nodesOf,
  type Source,
  type SyntaxNode,
  unwrap,
  walk,
  walkAll,
} from './syntax.ts'

/** Why a file is not changed: a sentence without its end, about "it". */
export interface Refusal {
  readonly refused: string
}

/** Functions that return what they are given. */
const IDENTITY = /^define\w*Config$/
/** Functions that put the `plugins` of all that they are given one behind the other. */
const MERGE = /^merge(?:Config|RsbuildConfig)?$/
const FUNCTIONS = new Set([
  'ArrowFunctionExpression',
  'FunctionExpression',
  'FunctionDeclaration',
  'ObjectMethod',
  'ClassMethod',
])

const DECLARATIONS = new Set(['VariableDeclarator', 'FunctionDeclaration'])

/** The object literal that a config file exports, and of several the one of the dev server. */
export function findConfig(source: Source): SyntaxNode | Refusal {
  const exported = exportsOf(source)
  const [only] = exported
  if (!only) return { refused: 'it exports no config' }
  if (exported.length > 1) return { refused: 'it exports in several places' }
  const found = resolve(only, source)
  if (!Array.isArray(found)) return found
  const [first] = found
  if (first && found.length === 1) return first
  const served = found.filter((object) => propertyOf(object, 'devServer'))
  return served.length === 1 && served[0]
    ? served[0]
    : {
        refused: `it exports ${found.length} configs, and which one has the dev server is not clear`,
      }
}

/** The property of an object literal. */
export function propertyOf(object: SyntaxNode, name: string): SyntaxNode | undefined {
  return nodesOf(object, 'properties').find((property) => nameOf(nodeOf(property, 'key')) === name)
}

function exportsOf({ body }: Source): SyntaxNode[] {
  return body.flatMap((statement) => {
    switch (statement.type) {
      case 'ExportDefaultDeclaration':
        return nodeOf(statement, 'declaration') ?? []
      case 'ExportNamedDeclaration':
        return nodesOf(statement, 'specifiers')
          .filter((specifier) => nameOf(nodeOf(specifier, 'exported')) === 'default')
          .flatMap((specifier) => nodeOf(specifier, 'local') ?? [])
      case 'ExpressionStatement':
        return moduleExports(nodeOf(statement, 'expression')) ?? []
      default:
        return []
    }
  })
}

function moduleExports(node: SyntaxNode | undefined): SyntaxNode | undefined {
  const left = node?.type === 'AssignmentExpression' ? nodeOf(node, 'left') : undefined
  if (!node || !left || !isMember(left, 'module', 'exports')) return undefined
  return nodeOf(node, 'right')
}

function isMember(node: SyntaxNode, object: string, property: string): boolean {
  if (node.type !== 'MemberExpression') return false
  return nameOf(nodeOf(node, 'object')) === object && nameOf(nodeOf(node, 'property')) === property
}

function resolve(wrapped: SyntaxNode, source: Source): SyntaxNode[] | Refusal {
  const node = unwrap(wrapped)
  if (FUNCTIONS.has(node.type)) return resolveFunction(node, source)
  switch (node.type) {
    case 'ObjectExpression':
      return [node]
    case 'ArrayExpression': {
      const all = nodesOf(node, 'elements').map((element) => resolve(element, source))
      return all.find((found) => !Array.isArray(found)) ?? (all as SyntaxNode[][]).flat()
    }
    case 'CallExpression':
      return resolveCall(node, source)
    case 'Identifier':
      return resolveName(nameOf(node) ?? '', source)
    default:
      return { refused: 'its config is computed' }
  }
}

function resolveCall(node: SyntaxNode, source: Source): SyntaxNode[] | Refusal {
  const callee = nodeOf(node, 'callee')
  const name = nameOf(callee?.type === 'MemberExpression' ? nodeOf(callee, 'property') : callee)
  const given = nodesOf(node, 'arguments')
  const wanted = IDENTITY.test(name ?? '') ? given[0] : given.at(-1)
  if (wanted && (IDENTITY.test(name ?? '') || MERGE.test(name ?? ''))) {
    return resolve(wanted, source)
  }
  return { refused: `its config is what ${name ?? 'a function'}() returns` }
}

function resolveFunction(node: SyntaxNode, source: Source): SyntaxNode[] | Refusal {
  const body = nodeOf(node, 'body')
  if (!body) return { refused: 'its config is computed' }
  if (body.type !== 'BlockStatement') return resolve(body, source)
  const returned = [...walk(body, (inner) => !FUNCTIONS.has(inner.type))]
    .filter(({ type }) => type === 'ReturnStatement')
    .map((statement) => nodeOf(statement, 'argument'))
  const [only] = returned
  if (!only || returned.length > 1) {
    return { refused: 'its function returns in several places' }
  }
  return resolve(only, source)
}

function resolveName(name: string, source: Source): SyntaxNode[] | Refusal {
  const nodes = [...walkAll(source)]
  const declared = nodes.filter(
    (node) => DECLARATIONS.has(node.type) && nameOf(nodeOf(node, 'id')) === name,
  )
  const [only] = declared
  if (!only || declared.length > 1) {
    return { refused: `what \`${name}\` is, is not said in this file alone` }
  }
  const changed = nodes.some((node) => {
    const left = node.type === 'AssignmentExpression' ? nodeOf(node, 'left') : undefined
    return left && (nameOf(left) === name || isMember(left, name, 'plugins'))
  })
  if (changed) return { refused: `\`${name}\` is given its value elsewhere` }
  const value = only.type === 'FunctionDeclaration' ? only : nodeOf(only, 'init')
  return value ? resolve(value, source) : { refused: `\`${name}\` has no value` }
}
