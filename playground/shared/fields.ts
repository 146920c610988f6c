/** The element of the page that this selector means; the page and its script belong together. */
export function find(selector: string): HTMLElement {
  const found = document.querySelector<HTMLElement>(selector)
  if (!found) throw new Error(`the page has no ${selector}`)
  return found
}

/** Fills the elements marked `data-field` with that name, wherever they are. */
export function fill(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    for (const element of document.querySelectorAll(`[data-field="${name}"]`)) {
      // Screen readers and selections are left alone when nothing changes.
      if (element.textContent !== value) element.textContent = value
    }
  }
}
