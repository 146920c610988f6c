import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

/** A bundler that has a plugin entry which `ports init` can put into its config. */
export interface InitBundler {
  /** As people write it. */
  readonly title: string
  /** What the plugin is imported from. */
  readonly entry: string
  /** Package that a project with this bundler depends on. */
  readonly dependency: string
  /** Config files without their extension, in the order in which the bundler looks. */
  readonly files: readonly string[]
  /** What starts its dev server. */
  readonly dev: string
}

/** Every one of them; what a project with two of them means, its user must say. */
export const INIT_BUNDLERS: readonly InitBundler[] = [
  {
    title: 'Rsbuild',
    entry: 'unplugin-ports/rsbuild',
    dependency: '@rsbuild/core',
    files: ['rsbuild.config'],
    dev: 'rsbuild dev',
  },
  {
    title: 'Vite',
    entry: 'unplugin-ports/vite',
    dependency: 'vite',
    files: ['vite.config'],
    dev: 'vite',
  },
  {
    title: 'Rspack',
    entry: 'unplugin-ports/rspack',
    dependency: '@rspack/core',
    files: ['rspack.config'],
    dev: 'rspack dev',
  },
  {
    title: 'Farm',
    entry: 'unplugin-ports/farm',
    dependency: '@farmfe/core',
    files: ['farm.config'],
    dev: 'farm start',
  },
  {
    title: 'webpack',
    entry: 'unplugin-ports/webpack',
    dependency: 'webpack',
    files: ['webpack.config', 'webpack.dev', 'config/webpack.dev', 'webpack.config.dev'],
    dev: 'webpack serve',
  },
]

const EXTENSIONS = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts'] as const

/** A config file of a bundler. */
export interface BundlerFile {
  readonly bundler: InitBundler
  /** Absolute. */
  readonly path: string
}

/** The config file of each bundler that has one in `dir`. */
export function findBundlerFiles(dir: string): BundlerFile[] {
  return INIT_BUNDLERS.flatMap((bundler) => {
    const path = bundler.files
      .flatMap((file) => EXTENSIONS.map((extension) => join(dir, `${file}.${extension}`)))
      .find((path) => existsSync(path))
    return path === undefined ? [] : [{ bundler, path }]
  })
}

/** The bundler that a config file is for, by its name; `undefined` when that says nothing. */
export function bundlerOfFile(path: string): InitBundler | undefined {
  const name = basename(path)
  return INIT_BUNDLERS.find(({ entry }) => {
    const word = entry.slice('unplugin-ports/'.length)
    return new RegExp(`(?:^|\\W)${word}\\b`, 'i').test(name)
  })
}
