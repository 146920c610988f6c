const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

/**
 * The page with `[prefix] ` before its title; a page without a title gets the prefix as one.
 *
 * Titles inside the body belong to drawings (`<svg>`) and stay.
 */
export function prefixTitle(html: string, prefix: string): string {
  const shown = `[${prefix.replace(/[&<>]/g, (char) => ENTITIES[char] ?? char)}]`
  const bodyAt = html.search(/<body[\s>]/i)
  const head = bodyAt < 0 ? html : html.slice(0, bodyAt)
  const rest = bodyAt < 0 ? '' : html.slice(bodyAt)
  // A function, because `$` in a branch's name would mean something in a replacement.
  if (/<title[\s>]/i.test(head)) {
    return head.replace(/<title(?:\s[^>]*)?>\s*/i, (tag) => `${tag.trimEnd()}${shown} `) + rest
  }
  return head.replace(/<head(?:\s[^>]*)?>/i, (tag) => `${tag}<title>${shown}</title>`) + rest
}
