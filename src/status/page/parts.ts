import { el } from './dom.ts'
import { lineIcon } from './icons.ts'
import type { View } from './view.ts'

/** A button that copies `value`; `what` says for a screen reader what that is. */
export function copyButton(
  value: string,
  what: string,
  { copied }: View,
  label?: string,
): HTMLElement {
  const done = copied === value
  return el(
    'button',
    {
      type: 'button',
      class: label === undefined ? 'copy icon-button' : 'copy button',
      'data-do': 'copy',
      'data-value': value,
      'aria-label': label === undefined ? `Copy ${what}` : undefined,
      title: done ? 'Copied' : `Copy ${what}`,
    },
    lineIcon(done ? 'done' : 'copy'),
    label,
  )
}

/** A section with its heading, and a note beside that. */
export function section(
  id: string,
  title: string,
  note: string | undefined,
  ...content: (HTMLElement | undefined)[]
): HTMLElement {
  return el(
    'section',
    { id, class: 'section', 'aria-labelledby': `${id}-title`, 'data-key': id },
    el(
      'header',
      { class: 'section-head' },
      el('h2', { id: `${id}-title` }, title),
      note !== undefined && el('p', { class: 'note' }, note),
    ),
    content,
  )
}

/** A branch's name as a tag. */
export function branchTag(branch: string | undefined): HTMLElement | undefined {
  if (branch === undefined) return undefined
  return el(
    'span',
    { class: 'branch' },
    lineIcon('branch'),
    el('span', { class: 'visually-hidden' }, 'branch '),
    branch,
  )
}

/** What stands where there is nothing. */
export function empty(text: string): HTMLElement {
  return el('p', { class: 'empty' }, text)
}
