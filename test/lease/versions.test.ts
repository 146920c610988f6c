import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { start } from '../_utils/children.ts'
import { type NodeBinary, testNodes } from '../_utils/nodes.ts'
import { freePort } from '../_utils/sockets.ts'
import { linkPackages, type TempRoot, tempRoot } from '../_utils/temp.ts'

interface Answer {
  readonly version: string
  readonly holder?: Record<string, unknown>
  readonly attempt?: Record<string, unknown>
}

const nodes = await testNodes()
const pairs = nodes.flatMap((one) =>
  nodes.filter((other) => other !== one).map((other) => [one.version, other.version, one, other]),
) as [string, string, NodeBinary, NodeBinary][]

if (nodes.length === 0) test.skip('needs Linux on x64, or PORTS_TEST_NODES')
else {
  test('there are two versions at least, all different', () => {
    const versions = new Set(nodes.map(({ version }) => version))
    expect(versions.size).toBeGreaterThan(1)
    expect(versions.size).toBe(nodes.length)
  })
}

test.each(pairs)('%s and %s see each other and keep apart', async (_one, _other, one, other) => {
  using state = tempRoot()
  const env = { PORTS_STATE_DIR: state.dir }
  using root = checkout()
  using rivalRoot = checkout()
  const ask = async (port: number): Promise<Answer> => {
    const rival = { cwd: rivalRoot.dir, env: { ...process.env, ...env } }
    const { stdout } = await promisify(execFile)(other.file, ['rival.mjs', String(port)], rival)
    return JSON.parse(stdout) as Answer
  }

  for (const kind of ['held', 'leased']) {
    const port = await freePort()
    await using holder = start(one.file, ['holder.mjs', kind, String(port)], { cwd: root.dir, env })
    await holder.sees(/has it/)
    const facts = { port, via: 'lease', service: 'api', root: root.dir, pid: holder.pid }
    const during = await ask(port)
    expect(during).toMatchObject({
      version: other.version,
      holder: facts,
      attempt: { port, rejected: 'leased', holder: facts },
    })

    await holder.end('SIGKILL')
    expect(await ask(port)).toEqual({ version: other.version })
  }
})

function checkout(): TempRoot {
  const root = tempRoot('versions')
  root.write({ 'package.json': '{ "type": "module" }' })
  linkPackages(root.dir, { vite: 'vite' })
  return root
}
