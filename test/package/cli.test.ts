import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testNodes } from '../_utils/nodes.ts'
import { freePort, occupy } from '../_utils/sockets.ts'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { npm } from './_pack.ts'
import { INSTALL_DEADLINE_MS, installPackage } from './_install.ts'

const run = promisify(execFile)
const { version } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
  version: string
}

let app: TempRoot
beforeAll(async () => {
  app = await installPackage()
  app.write({
    'package.json': JSON.stringify({
      private: true,
      type: 'module',
      scripts: { ports: 'ports', free: 'ports check' },
    }),
  })
}, INSTALL_DEADLINE_MS)
afterAll(() => app[Symbol.dispose]())

describe('the installed command', () => {
  test('runs through npx', async () => {
    const { stdout } = await run('npx', ['--no-install', 'ports', '--version'], { cwd: app.dir })
    expect(stdout).toBe(`${version}\n`)
  })

  test('runs through npm run, with its arguments and exit code', async () => {
    const port = await freePort()
    const free = await npm(['run', '--silent', 'free', '--', String(port)], app.dir)
    expect(free.stdout).toBe(`${port}  free\n`)
    await using busy = await occupy('127.0.0.1', port)
    const again = npm(['run', '--silent', 'free', '--', String(busy.port)], app.dir)
    await expect(again).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`pid ${process.pid}`) as string,
    })
    const json = await npm(['run', '--silent', 'ports', '--', '--json'], app.dir)
    expect(JSON.parse(json.stdout)).toMatchObject({ v: 1, checkout: app.dir })
  })

  test('runs on every supported Node', async () => {
    const nodes = await testNodes()
    const cli = join(app.dir, 'node_modules/unplugin-ports/dist/cli.mjs')
    const port = await freePort()
    for (const { file, version: node } of nodes) {
      const line = async (...args: string[]): Promise<string> =>
        (await run(file, [cli, ...args], { cwd: app.dir })).stdout
      expect(await line('--version'), node).toBe(`${version}\n`)
      expect(await line('check', String(port)), node).toBe(`${port}  free\n`)
      expect(await line('help', 'who'), node).toContain('ports who <port|service…>')
    }
  })
})

test('the version loads one small file', async () => {
  const cli = join(app.dir, 'node_modules/unplugin-ports/dist/cli.mjs')
  const coverage = join(app.dir, 'coverage')
  await run(process.execPath, [cli, '--version'], {
    cwd: app.dir,
    env: { ...process.env, NODE_V8_COVERAGE: coverage },
  })
  const scripts = readdirSync(coverage).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(coverage, name), 'utf8')) as {
      result: { url: string }[]
    }
    return result.map(({ url }) => url)
  })
  const files = scripts.filter((url) => url.startsWith('file:'))
  expect(files).toEqual([pathToFileURL(realpathSync(cli)).href])
  expect(statSync(cli).size).toBeLessThan(4096)
})
