const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text made safe between tags and in double-quoted attributes. */
export function escapeHtml(text: string | number): string {
  return String(text).replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
