import {
  cpSync,
  mkdirSync,
  mkdtempSync,
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

/** Makes packages of this repository resolvable from `dir`: `{ vite: 'vite6' }` links the alias as `vite`. */
export function linkPackages(dir: string, packages: Readonly<Record<string, string>> = {}): void {
  const modules = join(dir, 'node_modules')
  mkdirSync(modules, { recursive: true })
  symlinkSync(repo, join(modules, 'unplugin-ports'), 'junction')
  for (const [name, target] of Object.entries(packages)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(repo, 'node_modules', target), join(modules, name), 'junction')
  }
}
