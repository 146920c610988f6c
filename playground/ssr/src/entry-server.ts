import type { Facts } from './facts.ts'
import { renderView } from './view.ts'

/** The page's changing part, and the facts that the browser renders it from again. */
export function render(facts: Facts): { html: string; facts: Facts } {
  return { html: renderView(facts), facts }
}
