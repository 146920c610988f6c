import { basename, relative, sep } from 'node:path'

/** A root for people and without the path to it: `shop`, or `shop/apps/web` below its checkout. */
export function projectLabel(root: string, checkout: string): string {
  const within = relative(checkout, root)
  const below = within === '' || within.startsWith('..') ? [] : within.split(sep)
  const top = within.startsWith('..') ? root : checkout
  return [basename(top), ...below].join('/')
}
