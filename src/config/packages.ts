import { relative, resolve, sep } from 'node:path'
import type { Options, PortsConfig, ServiceOptions } from '../types.ts'
import { matchesPath } from '../utils/glob.ts'
import { mergeOptions } from './merge.ts'

type Service = ServiceOptions | number | boolean

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
  return [
    withPlaces(common, dir, dir),
    ...parts.map(({ options }) => withPlaces(options, dir, root)),
  ].reduce(mergeOptions)
}

/**
 * Directories that the file names count from where it lies, whichever root it is read for; those of
 * the commands of single packages from the package.
 */
function withPlaces(options: Options, dir: string, base: string): Options {
  const { root, services } = options
  return {
    ...options,
    ...(root !== undefined && { root: resolve(dir, root) }),
    ...(services && {
      services: Object.fromEntries(
        Object.entries(services).map(([name, service]) => [name, withCwd(service, base)]),
      ),
    }),
  }
}

function withCwd(service: Service, dir: string): Service {
  if (typeof service !== 'object') return service
  const { command, cwd } = service
  return command === undefined && cwd === undefined
    ? service
    : { ...service, cwd: resolve(dir, cwd ?? '.') }
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
  // The root of a bundler may well be a directory inside the package.
  return place !== '' && matchesPath(pattern, place, 'beginning')
}
