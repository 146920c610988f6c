import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** This repository. */
export const repo = resolve(import.meta.dirname, '../..')
const fixtures = join(repo, 'test/fixtures')

/** A fresh directory that is gone after the test. */
export interface TempRoot extends Disposable {
  readonly dir: string
  write(files: Readonly<Record<string, string>>): void
}

/** An empty temporary directory, or a copy of the fixture of that name. */
export function tempRoot(fixture?: string): TempRoot {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'ports-test-')))
  if (fixture) cpSync(join(fixtures, fixture), dir, { recursive: true })
  return {
    dir,
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true })
        writeFileSync(join(dir, name), text)
      }
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/**
 * Like {@link linkPackages}, but with the built package as files below `node_modules`: for tools that
 * treat what lies there differently.
 */
export function installCopy(dir: string, packages: Readonly<Record<string, string>> = {}): void {
  const copy = join(dir, 'node_modules/unplugin-ports')
  for (const name of ['dist', 'package.json']) {
    cpSync(join(repo, name), join(copy, name), { recursive: true })
  }
  const { dependencies } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const own = Object.keys(dependencies).map((name) => [name, name])
  symlinkPackages(dir, { ...Object.fromEntries(own), ...packages })
}

/** Makes packages of this repository resolvable from `dir`: `{ vite: 'vite6' }` links the alias as `vite`. */
export function linkPackages(dir: string, packages: Readonly<Record<string, string>> = {}): void {
  const modules = join(dir, 'node_modules')
  mkdirSync(modules, { recursive: true })
  symlinkSync(repo, join(modules, 'unplugin-ports'), 'junction')
  symlinkPackages(dir, packages)
}

function symlinkPackages(dir: string, packages: Readonly<Record<string, string>>): void {
  const modules = join(dir, 'node_modules')
  for (const [name, target] of Object.entries(packages)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(repo, 'node_modules', target), join(modules, name), 'junction')
  }
}
