import { cpSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { type Child, startNode } from '../_utils/children.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'

const PACKAGES = [
  'picocolors',
  'ws',
  'vite',
  'webpack',
  'webpack-cli',
  'html-webpack-plugin',
  'esbuild',
  '@rspack/core',
  '@rspack/cli',
  '@rsbuild/core',
]

/** A checkout of this repository, as far as the playground needs one. */
export interface Checkout extends Disposable {
  readonly dir: string
  /** `npm run play` with the package built already. */
  play(name: string, env?: Record<string, string>): Child
  /** Variables in the env file of a playground. */
  env(name: string): Record<string, string | undefined>
}

/**
 * A checkout of its own for each test, so that neither another test nor a playground that somebody
 * is running decides which ports are free or what the env file says.
 */
export function checkout(): Checkout {
  const temp = tempRoot()
  const { dir } = temp
  linkPackages(dir, Object.fromEntries(PACKAGES.map((name) => [name, name])))
  // With these two the package refers to itself, as in the repository.
  cpSync(join(repo, 'package.json'), join(dir, 'package.json'))
  symlinkSync(join(repo, 'dist'), join(dir, 'dist'), 'junction')
  cpSync(join(repo, 'playground'), join(dir, 'playground'), {
    recursive: true,
    filter: (source) => !source.endsWith('.env.local'),
  })
  return {
    dir,
    play: (name, env = {}) => startNode(['playground/play.mjs', name], { cwd: dir, env }),
    env: (name) => parseEnv(readFileSync(join(dir, 'playground', name, '.env.local'), 'utf8')),
    [Symbol.dispose]: () => temp[Symbol.dispose](),
  }
}
