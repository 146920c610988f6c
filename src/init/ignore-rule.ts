import { existsSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { isGitIgnored } from '../output/git-ignored.ts'
import { findCheckout } from '../utils/checkout.ts'
import { readText } from '../utils/read-text.ts'

/** What the ignore rule of an env file needs. */
export type IgnoreRule =
  /** Ignored, or nobody can say. */
  | { readonly kind: 'nothing' }
  /** The rule is there, but git tracks the file. */
  | { readonly kind: 'tracked'; readonly file: string }
  | {
      readonly kind: 'add'
      /** The `.gitignore`, absolute. */
      readonly path: string
      /** `undefined`: it does not exist yet. */
      readonly before: string | undefined
      readonly after: string
    }

/**
 * How git comes to ignore `file`, which differs in every checkout: a line in the nearest `.gitignore`
 * of its checkout, or a new one beside it.
 *
 * @param file Absolute; need not exist.
 */
export async function planIgnoreRule(file: string): Promise<IgnoreRule> {
  if ((await isGitIgnored(file, { keepAlive: true })) !== false) return { kind: 'nothing' }
  const checkout = findCheckout(dirname(file)).dir
  const candidates = [join(dirname(file), '.gitignore'), join(checkout, '.gitignore')]
  const path = candidates.find((candidate) => existsSync(candidate)) ?? candidates[0] ?? file
  const before = existsSync(path) ? readText(path) : undefined
  const rule = relative(dirname(path), file).split(sep).join('/')
  const text = before ?? ''
  const hasRule = text.split(/\r?\n/).some((line) => line.trim().replace(/^\//, '') === rule)
  if (hasRule) return { kind: 'tracked', file }
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n'
  const joint = text === '' || text.endsWith('\n') ? '' : lineEnd
  return { kind: 'add', path, before, after: `${text}${joint}${rule}${lineEnd}` }
}
