import type { Document, Node } from 'yaml'

/** Each alias costs a walk through its whole document. */
const MAX_ALIASES = 1000

/** Text that is no YAML, from a place on. */
export class YamlError extends Error {
  /** In the text, counted from 0. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

/** The nodes of a document, which know where they stand, in time linear in the document. */
export class YamlTree {
  /** What stands at the top of the document, by key. */
  readonly root: ReadonlyMap<string, Node>
  readonly #yaml: typeof import('yaml')

  /** @throws YamlError for too many aliases, and for a key that is there twice at the top. */
  constructor(yaml: typeof import('yaml'), document: Document) {
    this.#yaml = yaml
    let aliases = 0
    yaml.visit(document, {
      Alias: (_, alias) => {
        if (++aliases > MAX_ALIASES) throw new YamlError('too many aliases', offsetOf(alias))
      },
    })
    this.root = this.children(document.contents)
  }

  /**
   * The values of a mapping by their keys, without those that an alias or a merge brings along; none
   * for anything else.
   *
   * @throws YamlError for a key that is there twice.
   */
  children(node: unknown): ReadonlyMap<string, Node> {
    const found = new Map<string, Node>()
    if (!this.#yaml.isMap(node)) return found
    for (const { key, value } of node.items) {
      if (!this.#yaml.isScalar(key) || key.value === '<<') continue
      const name = String(key.value)
      if (found.has(name)) throw new YamlError(`the key "${name}" is there twice`, offsetOf(key))
      found.set(name, value as Node)
    }
    return found
  }

  /** The entries of a list; none for anything else. */
  items(node: unknown): readonly (Node | undefined)[] {
    return this.#yaml.isSeq(node) ? (node.items as Node[]) : []
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0
}
