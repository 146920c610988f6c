/** A node of a syntax tree: Babel's, as far as it is looked at here. */
export interface SyntaxNode {
  readonly type: string
  /** Offset of its first character in {@link Source.text}. */
  readonly start: number
  /** Offset behind its last character. */
  readonly end: number
}

/** A program that was read. */
export interface Source {
  /** Without byte order mark, lines ending in LF. */
  readonly text: string
  readonly body: readonly SyntaxNode[]
}

/** What a tree has besides nodes, or a second time. */
const NO_CHILDREN = new Set(['loc', 'original', 'tokens', 'comments', 'leadingComments', 'extra'])

/**
 * Reads JavaScript or TypeScript.
 *
 * @throws SyntaxError for a text that is neither.
 */
export async function parseSource(original: string): Promise<Source> {
  const { parseModule } = await import('magicast')
  const text = plainText(original)
  // A tab counts as one column, or the tree's offsets would not be the text's.
  const tree = parseModule(text, { tabWidth: 1 }).$ast as unknown as SyntaxNode
  return { text, body: nodesOf(nodeOf(tree, 'program') ?? tree, 'body') }
}

/** The text as {@link Source} has it. */
export function plainText(original: string): string {
  return original.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
}

/** The node under `key`; `undefined` when there is none. */
export function nodeOf(node: SyntaxNode, key: string): SyntaxNode | undefined {
  const value = (node as unknown as Record<string, unknown>)[key]
  return isNode(value) ? value : undefined
}

/** The nodes in the list under `key`; holes are left out. */
export function nodesOf(node: SyntaxNode, key: string): SyntaxNode[] {
  const value = (node as unknown as Record<string, unknown>)[key]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The text under `key`, such as an identifier's `name` or a literal's `value`. */
export function textOf(node: SyntaxNode | undefined, key: string): string | undefined {
  const value = (node as unknown as Record<string, unknown> | undefined)?.[key]
  return typeof value === 'string' ? value : undefined
}

/** The name of an identifier, or of a key that is written as a string. */
export function nameOf(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'Identifier') return textOf(node, 'name')
  return node?.type === 'StringLiteral' ? textOf(node, 'value') : undefined
}

/** `node` and every node below it; `into` says below which ones. */
export function* walk(
  node: SyntaxNode,
  into: (node: SyntaxNode) => boolean = () => true,
): Generator<SyntaxNode> {
  yield node
  if (!into(node)) return
  for (const [key, value] of Object.entries(node)) {
    if (NO_CHILDREN.has(key)) continue
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) yield* walk(child, into)
    }
  }
}

/** Every node of a program. */
export function* walkAll({ body }: Source): Generator<SyntaxNode> {
  for (const statement of body) yield* walk(statement)
}

/** What `require('…')`, also `require('…').name`, and `import('…')` load; `undefined` for anything else. */
export function requiredBy(node: SyntaxNode | undefined): string | undefined {
  if (node?.type === 'MemberExpression') return requiredBy(nodeOf(node, 'object'))
  if (node?.type !== 'CallExpression') return undefined
  const callee = nodeOf(node, 'callee')
  if (nameOf(callee) !== 'require' && callee?.type !== 'Import') return undefined
  const [argument] = nodesOf(node, 'arguments')
  return argument?.type === 'StringLiteral' ? textOf(argument, 'value') : undefined
}

/** The expression without what TypeScript, `await` and parentheses put around it. */
export function unwrap(node: SyntaxNode): SyntaxNode {
  const inner = WRAPPERS.has(node.type)
    ? nodeOf(node, node.type === 'AwaitExpression' ? 'argument' : 'expression')
    : undefined
  return inner ? unwrap(inner) : node
}

const WRAPPERS = new Set([
  'TSSatisfiesExpression',
  'TSAsExpression',
  'TSTypeAssertion',
  'TSNonNullExpression',
  'ParenthesizedExpression',
  'AwaitExpression',
])

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}
