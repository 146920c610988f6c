import { fill } from './fields.ts'
import { formatAge } from './format.ts'
import { applyHue } from './theme.ts'

/** Colours the page, and shows that what it knows outlives a hot update. */
export interface HotPanel {
  /** The module with this hue was replaced. */
  update(hue: number): void
}

/** Starts with the hue of `accent.ts` as it was when the page was loaded. */
export function startHotPanel(hue: number): HotPanel {
  const openedAt = Date.now()
  let updates = 0
  const show = (current: number): void => {
    applyHue(current)
    fill({ hue: String(current), updates: String(updates) })
  }
  show(hue)
  setInterval(() => fill({ open: formatAge(Date.now() - openedAt) }), 1000)
  return {
    update(current) {
      updates += 1
      show(current)
    },
  }
}
