import { relative, resolve, sep } from 'node:path'
import type { Options, PortsConfig } from '../types.ts'
import { mergeOptions } from './merge.ts'

/**
 * What a config says for one root: the common options, with those of every entry of `packages` that
 * means the root or a directory above it on top, the most exact one last.
 *
 * @param dir Directory of the config file; a relative `root` in the file counts from there.
 */
export function optionsForRoot(
  { packages = {}, ...common }: PortsConfig,
  dir: string,
  root: string,
): Options {
  const place = relative(dir, root).split(sep).join('/')
  const parts = Object.entries(packages)
    .map(([pattern, options]) => ({ pattern: tidy(pattern), options }))
    .filter(({ pattern }) => means(pattern, place))
    .toSorted((a, b) => exactness(a.pattern) - exactness(b.pattern))
  return [common, ...parts.map(({ options }) => options)]
    .map((options) => withRoot(options, dir))
    .reduce(mergeOptions)
}

function withRoot(options: Options, dir: string): Options {
  return options.root === undefined ? options : { ...options, root: resolve(dir, options.root) }
}

function tidy(pattern: string): string {
  return pattern.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '') || '.'
}

/** A named directory counts more than any pattern, a deeper one more than one above it. */
function exactness(pattern: string): number {
  const depth = pattern.split('/').length
  return pattern.includes('*') ? depth : 1000 + depth
}

function means(pattern: string, place: string): boolean {
  if (pattern === '.') return place === ''
  const source = pattern
    .split(/(\*\*\/|\*\*|\*)/)
    .map((part) => WILDCARDS[part] ?? part.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`))
    .join('')
  // The root of a bundler may well be a directory inside the package.
  return new RegExp(`^${source}(?:/|$)`).test(place)
}

const WILDCARDS: Record<string, string> = {
  '**/': '(?:[^/]+/)*',
  '**': '[^/]+(?:/[^/]+)*',
  '*': '[^/]*',
}
