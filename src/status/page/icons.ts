import { svg } from './dom.ts'
import type { Look } from './look.ts'

/** Shapes on a field of 20 by 20: each state has its own outline, so that colour is never all there is. */
const SHAPES: Record<Look['icon'], () => SVGElement[]> = {
  up: () => [
    svg('circle', { cx: 10, cy: 10, r: 8, class: 'fill' }),
    svg('path', { d: 'M6.4 10.3l2.5 2.4 4.7-5', class: 'mark' }),
  ],
  wait: () => [
    svg('circle', { cx: 10, cy: 10, r: 7.2, class: 'ring dashed' }),
    svg('circle', { cx: 10, cy: 10, r: 2, class: 'fill' }),
  ],
  warn: () => [
    svg('path', { d: 'M10 2.2l8.4 15H1.6z', class: 'fill round' }),
    svg('path', { d: 'M10 7.6v4.2M10 14.6v.1', class: 'mark' }),
  ],
  down: () => [
    svg('rect', { x: 2.5, y: 2.5, width: 15, height: 15, rx: 3.5, class: 'fill' }),
    svg('path', { d: 'M7 7l6 6M13 7l-6 6', class: 'mark' }),
  ],
  stolen: () => [
    svg('path', { d: 'M10 1.4l8.6 8.6-8.6 8.6L1.4 10z', class: 'fill round' }),
    svg('path', { d: 'M6.6 8.6h6l-1.8-1.8M13.4 11.6h-6l1.8 1.8', class: 'mark thin' }),
  ],
  shared: () => [
    svg('path', {
      d: 'M8.6 11.4a3.2 3.2 0 004.5 0l2.4-2.4a3.2 3.2 0 00-4.5-4.5l-1 1M11.4 8.6a3.2 3.2 0 00-4.5 0L4.5 11a3.2 3.2 0 004.5 4.500l1-1',
      class: 'ring',
    }),
  ],
  none: () => [
    svg('circle', { cx: 10, cy: 10, r: 7.2, class: 'ring' }),
    svg('path', { d: 'M6.5 10h7', class: 'ring' }),
  ],
}

/** The shape of a state, for the eye only: its label stands beside it. */
export function stateIcon({ icon, tone }: Pick<Look, 'icon' | 'tone'>): SVGElement {
  return svg(
    'svg',
    { class: `state-icon tone-${tone}`, viewBox: '0 0 20 20', 'aria-hidden': 'true' },
    SHAPES[icon](),
  )
}

const LINES = {
  copy: 'M7.5 7.500V4.800A1.3 1.3 0 018.8 3.500h6.400a1.3 1.3 0 011.3 1.300v6.400a1.3 1.3 0 01-1.3 1.300h-2.700M4.8 7.500h6.400a1.3 1.3 0 011.3 1.300v6.400a1.3 1.3 0 01-1.3 1.300H4.800a1.3 1.3 0 01-1.3-1.300V8.800a1.3 1.3 0 011.3-1.300z',
  done: 'M4.5 10.500l3.5 3.5 7.5-8',
  open: 'M8 4.500H5.500a1 1 0 00-1 1v9a1 1 0 001 1h9a1 1 0 001-1V12M11.5 4.500h4v4M15.5 4.500L9 11',
  phone:
    'M7.3 2.500h5.400a1.3 1.3 0 011.3 1.300v12.400a1.3 1.3 0 01-1.3 1.300H7.300A1.3 1.3 0 016 16.200V3.800a1.3 1.3 0 011.3-1.300zM9.2 14.900h1.600',
  chevron: 'M6 8l4 4 4-4',
  branch:
    'M6 6.500v7M6 6.500a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.600zM6 17.100a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.600zM14 8.500a1.8 1.8 0 100-3.6 1.8 1.8 0 000 3.600zM14 8.500c0 3-3.5 3.5-6 4',
} as const

/** A small drawing beside words, for the eye only. */
export function lineIcon(name: keyof typeof LINES): SVGElement {
  return svg(
    'svg',
    { class: `line-icon icon-${name}`, viewBox: '0 0 20 20', 'aria-hidden': 'true' },
    svg('path', { d: LINES[name] }),
  )
}

/** The mark of the page. */
export function logo(): SVGElement {
  return svg(
    'svg',
    { class: 'logo', viewBox: '0 0 32 32', 'aria-hidden': 'true' },
    svg('rect', { width: 32, height: 32, rx: 9, class: 'logo-ground' }),
    svg('circle', { cx: 9.5, cy: 16, r: 3.6, class: 'logo-line' }),
    svg('circle', { cx: 22.5, cy: 16, r: 3.6, class: 'logo-line' }),
    svg('path', { d: 'M13.1 16h5.8', class: 'logo-line' }),
  )
}
