import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repo, type TempRoot, tempRoot } from '../_utils/temp.ts'

const run = promisify(execFile)

/** The repository as npm would publish it; `dist` was built before. */
export interface Tarball extends TempRoot {
  readonly file: string
  /** Paths inside the package. */
  readonly paths: readonly string[]
}

/** Packs into a temporary directory. */
export async function pack(): Promise<Tarball> {
  const root = tempRoot()
  const { stdout } = await npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', root.dir],
    repo,
  )
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[]
  if (!packed) throw new Error(`npm pack said ${stdout}`)
  return {
    ...root,
    file: join(root.dir, packed.filename),
    paths: packed.files.map(({ path }) => path),
  }
}

/** Runs npm in `cwd`; rejects, with its output, when it fails. */
export function npm(args: string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  // npm is a `.cmd` file on Windows, which only a shell can start.
  return run('npm', args, { cwd, shell: process.platform === 'win32', maxBuffer: 1 << 26 })
}

/** `name@version` of a package that this repository has installed. */
export function sameVersion(name: string): string {
  const manifest = readFileSync(join(repo, 'node_modules', name, 'package.json'), 'utf8')
  return `${name}@${(JSON.parse(manifest) as { version: string }).version}`
}
