import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import {
  type CliResult,
  project,
  runCli,
  runJson,
  startSession,
  startStranger,
} from '../_utils/cli.ts'
import { freePort, freeRange } from '../_utils/sockets.ts'
import { type TempRoot, tempRoot } from '../_utils/temp.ts'

const DAY_MS = 86_400_000

let state: TempRoot
let shop: TempRoot
let env: Record<string, string>
beforeEach(() => {
  state = tempRoot()
  shop = project()
  env = { PORTS_STATE_DIR: state.dir }
  return () => {
    state[Symbol.dispose]()
    shop[Symbol.dispose]()
  }
})
const ports = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: shop.dir, env })
const records = (): string[] => readdirSync(join(state.dir, 'roots')).toSorted()

/** Runs a session once, so that its ports are remembered. */
async function remember(dir: string, ...services: string[]): Promise<string> {
  const before = existsSync(join(state.dir, 'roots')) ? records() : []
  await using session = await startSession(dir, env, ...services)
  await session.end()
  // Written a little after the start or not at all; not what these tests are about.
  rmSync(join(state.dir, 'orders'), { recursive: true, force: true })
  return join(state.dir, 'roots', records().find((name) => !before.includes(name)) ?? '')
}

describe('ports clean', () => {
  test('forgets roots that are gone, and no other', async () => {
    using parent = tempRoot()
    parent.write({ 'old/package.json': '{ "type": "module" }', 'neighbour/x': '' })
    const { linkPackages } = await import('../_utils/temp.ts')
    linkPackages(join(parent.dir, 'old'))
    const [from] = await freeRange(2)
    const kept = await remember(shop.dir, `held:web=${from}`)
    const gone = await remember(join(parent.dir, 'old'), `held:web=${from + 1}`)
    rmSync(join(parent.dir, 'old'), { recursive: true })
    const dry = await ports('clean', '--dry-run')
    expect(dry).toMatchObject({ code: EXIT.ok, stderr: '' })
    expect(dry.stdout).toBe(
      `would be forgotten: ports ${from + 1} of ${join(parent.dir, 'old')}, which is gone\n`,
    )
    expect(existsSync(gone)).toBe(true)
    const done = await runJson<{ removed: object[] }>(['clean'], { cwd: shop.dir, env })
    expect(done).toMatchObject({
      code: EXIT.ok,
      dryRun: false,
      removed: [{ what: 'root', why: 'gone', path: gone, ports: [from + 1] }],
    })
    expect(existsSync(gone)).toBe(false)
    expect(existsSync(kept)).toBe(true)
    expect((await ports('clean')).stdout).toBe('Nothing to clean up.\n')
  })

  test('--unused forgets services that later runs did without, not the root’s others', async () => {
    const [from] = await freeRange(2)
    const path = await remember(shop.dir, `held:web=${from}`, `held:old=${from + 1}`)
    const now = Date.now()
    const record = JSON.parse(readFileSync(path, 'utf8')) as {
      services: Record<string, { usedOn: string }>
    }
    const old = new Date(now - 10 * DAY_MS).toISOString().slice(0, 10)
    record.services.old = { ...record.services.old, usedOn: old }
    writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`)
    utimesSync(path, now / 1000, now / 1000)
    expect((await ports('clean')).stdout).toBe('Nothing to clean up.\n')
    const { code, stdout } = await ports('clean', '--unused', '5d')
    expect({ code, stdout }).toEqual({
      code: EXIT.ok,
      stdout: `forgotten: ports ${from + 1} of "old" in ${shop.dir}, last used on ${old}\n`,
    })
    const after = JSON.parse(readFileSync(path, 'utf8')) as typeof record
    expect(Object.keys(after.services)).toEqual(['web'])
    expect(Math.abs(statSync(path).mtimeMs - now)).toBeLessThan(1000)
    utimesSync(path, (now - 40 * DAY_MS) / 1000, (now - 40 * DAY_MS) / 1000)
    expect((await ports('clean', '--unused', '30d')).stdout).toContain('long unused')
    expect(existsSync(path)).toBe(false)
  })

  test('never forgets what runs now', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, env, `held:web=${port}`)
    const [name = ''] = records()
    const path = join(state.dir, 'roots', name)
    utimesSync(path, 1_000_000_000, 1_000_000_000)
    expect((await ports('clean', '--unused', '1d')).stdout).toBe('Nothing to clean up.\n')
    expect(existsSync(path)).toBe(true)
    expect(session.process.exitCode).toBeNull()
  })

  test('removes the token of a killed process, and what nobody can read', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, env, `held:web=${port}`)
    const { until } = await import('../_utils/until.ts')
    const orders = join(state.dir, 'orders')
    await until(() => existsSync(orders) && readdirSync(orders).length === 1)
    expect((await ports('clean')).stdout).toBe('Nothing to clean up.\n')
    await session.end('SIGKILL')
    mkdirSync(join(state.dir, 'roots'), { recursive: true })
    writeFileSync(join(state.dir, 'roots', 'junk-0123456789abcdef.json'), '{{{')
    const { stdout } = await ports('clean')
    expect(stdout).toContain(`the token of process ${session.pid}, which has ended`)
    expect(stdout).toContain('junk-0123456789abcdef.json, which nobody can read')
    expect(readdirSync(orders)).toEqual([])
  })

  test('says what it can’t remove, and goes on', async () => {
    mkdirSync(join(state.dir, 'roots', 'directory-0123456789abcdef.json'), { recursive: true })
    expect((await ports('clean')).code).toBe(EXIT.ok)
    expect(records()).toEqual(['directory-0123456789abcdef.json'])
  })
})

describe('ports reconcile', () => {
  test('finds a foreign server on a leased port', async () => {
    using other = project()
    const port = await freePort()
    await using session = await startSession(shop.dir, env, `leased:db=${port}`)
    const find = async (): Promise<{ port: number }[]> => {
      const { mismatches } = await runJson<{ mismatches: { port: number }[] }>(['reconcile'], {
        cwd: shop.dir,
        env,
      })
      // Leases are the machine's, so other tests' ones are listed as well.
      return mismatches.filter((mismatch) => mismatch.port === port)
    }
    expect(await find()).toEqual([])
    await using server = await startStranger(other.dir, port)
    expect(await find()).toMatchObject([
      { problem: 'foreign-server', lease: { service: 'db', pid: session.pid } },
    ])
    const { code, stderr } = await ports('reconcile')
    expect(code).toBe(EXIT.failed)
    expect(stderr).toContain(`${port}  is leased for "db" of this checkout (pid ${session.pid})`)
    expect(stderr).toContain(`pid ${server.pid}`)
    await server.end()
    expect(await find()).toEqual([])
  })

  test('finds an owner that does not answer', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, env, `held:web=${port}`)
    session.process.kill('SIGSTOP')
    try {
      const { code, stderr } = await ports('reconcile')
      expect(code).toBe(EXIT.failed)
      expect(stderr).toContain(`${port}  is leased, but its owner does not answer`)
    } finally {
      session.process.kill('SIGCONT')
    }
  })
})
