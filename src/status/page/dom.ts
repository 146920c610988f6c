/** What an element is made of; `undefined`, `false` and `''` are left out. */
export type Child = Node | string | number | undefined | false | null | readonly Child[]

/** Attributes by name; `true` sets an empty one, `undefined` and `false` none. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

const SVG = 'http://www.w3.org/2000/svg'

/** An HTML element. Text is text: nothing in it is read as markup. */
export function el(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return fill(document.createElement(tag), attributes, children)
}

/** An SVG element. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children)
}

function fill<Kind extends Element>(
  element: Kind,
  attributes: Attributes,
  children: readonly Child[],
): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value))
    }
  }
  append(element, children)
  return element
}

function append(parent: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child as readonly Child[])
    else if (child instanceof Node) parent.append(child)
    else if (child !== undefined && child !== false && child !== null && child !== '') {
      parent.append(String(child))
    }
  }
}

/**
 * Makes `current` look like `wanted`, keeping every node that can stay: so focus, selection and the
 * place of a screen reader stay too. Children with a `data-key` are known by it.
 */
export function morph(current: Element, wanted: Element): void {
  for (const { name } of Array.from(current.attributes)) {
    if (!wanted.hasAttribute(name)) current.removeAttribute(name)
  }
  for (const { name, value } of Array.from(wanted.attributes)) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value)
  }
  const keyed = new Map<string, Element>()
  for (const child of Array.from(current.children)) {
    const key = keyOf(child)
    if (key !== undefined) keyed.set(key, child)
  }
  let at = current.firstChild
  for (const next of Array.from(wanted.childNodes)) {
    const key = keyOf(next)
    const same = key === undefined ? at : (keyed.get(key) ?? null)
    if (same && isAlike(same, next)) {
      if (same !== at) current.insertBefore(same, at)
      else at = at.nextSibling
      if (same instanceof Element) morph(same, next as Element)
      else if (same.nodeValue !== next.nodeValue) same.nodeValue = next.nodeValue
    } else current.insertBefore(next, at)
  }
  while (at) {
    const after: ChildNode | null = at.nextSibling
    at.remove()
    at = after
  }
}

function isAlike(a: Node, b: Node): boolean {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b)
}

function keyOf(node: Node): string | undefined {
  return node instanceof Element ? (node.getAttribute('data-key') ?? undefined) : undefined
}
