import { fill } from '../../shared/fields.ts'
import { formatAge } from '../../shared/format.ts'
import { applyHue } from '../../shared/theme.ts'
import { hue } from './accent.ts'

const openedAt = Date.now()
let updates = 0

/** Colours the page, and shows that what it knows outlives an update of `accent.ts`. */
export function startHotPanel(): void {
  show(hue)
  setInterval(() => fill({ open: formatAge(Date.now() - openedAt) }), 1000)
}

function show(current: number): void {
  applyHue(current)
  fill({ hue: String(current), updates: String(updates) })
}

import.meta.hot?.accept('./accent.ts', (next) => {
  if (typeof next?.hue !== 'number') return
  updates += 1
  show(next.hue)
})
