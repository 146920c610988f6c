import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { parseReply } from '../../src/lease/order.ts'
import { leaseName } from '../../src/lease/names.ts'
import {
  type CliResult,
  project,
  runCli,
  runJson,
  startSession,
  startStranger,
} from '../_utils/cli.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { accepts, freePort, freeRange, isFree } from '../_utils/sockets.ts'
import { tempRoot, type TempRoot } from '../_utils/temp.ts'
import { startInTerminal } from '../_utils/terminal.ts'
import { until } from '../_utils/until.ts'

const stateDir = process.env.PORTS_STATE_DIR ?? ''
const orders = join(stateDir, 'orders')

const orderFiles = (pid: number): string[] => {
  try {
    return readdirSync(orders).filter((name) => name.startsWith(`${pid}-`))
  } catch {
    return []
  }
}
const only = (names: string[]): string | undefined => (names.length === 1 ? names[0] : undefined)
const isAlive = (child: Child): boolean =>
  child.process.exitCode === null && child.process.signalCode === null

/** Connects to a port's lease, says one line, and gives what comes back after the answer. */
async function say(port: number, line: string): Promise<string> {
  const socket = connect(leaseName(port, process.platform, stateDir).path)
  socket.write(`${line}\n`)
  let text = ''
  for await (const chunk of socket.setEncoding('utf8')) text += chunk as string
  return text.split('\n')[1] ?? ''
}

let shop: TempRoot
beforeEach(() => {
  shop = project()
  return () => shop[Symbol.dispose]()
})
const ports = (...args: string[]): Promise<CliResult> => runCli(args, { cwd: shop.dir })

describe('release of what is no TCP port', () => {
  test('names the service, or the endpoint as the list shows it', async () => {
    const udp = await freePort()
    shop.write({
      'hold.mjs': `import { reserve } from 'unplugin-ports/api'
const { services } = await reserve({ services: {
  dns: { preferred: ${udp}, protocol: 'udp' }, feed: { range: '${udp + 1}-${udp + 9}', protocol: 'udp' },
  sock: { protocol: 'unix' },
} })
console.log('path ' + services.sock.path)
setInterval(() => {}, 1_000_000)`,
    })
    await using holder = startNode(['hold.mjs'], { cwd: shop.dir })
    const [, path = ''] = await holder.sees(/path (.*)/)
    await until(() => only(orderFiles(holder.pid)))
    expect(await ports('release', `${udp}/udp`, '--dry-run')).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringContaining(`${udp}/udp  would be released: "dns"`),
    })
    const listed = async (): Promise<(string | undefined)[]> => {
      const { ports: rows } = await runJson<{ ports: { service?: string; here: boolean }[] }>([], {
        cwd: shop.dir,
      })
      return rows.filter(({ here }) => here).map(({ service }) => service)
    }
    expect((await listed()).toSorted()).toEqual(['dns', 'feed', 'sock'])
    const { ports: released, code } = await runJson<{ ports: object[] }>(['release', 'dns', path], {
      cwd: shop.dir,
    })
    expect(code).toBe(EXIT.ok)
    expect(released).toMatchObject([
      { port: udp, protocol: 'udp', service: 'dns', result: 'released' },
      { port: 0, protocol: 'unix', path, service: 'sock', result: 'released' },
    ])
    await until(async () => (await listed()).join() === 'feed')
    const { stdout } = await ports('env')
    expect(stdout).toMatch(/^FEED_PORT=\d+$/m)
    expect(await ports('explain', 'feed')).toMatchObject({ code: EXIT.ok })
    expect((await ports('stop', 'feed')).stderr).toMatch(/is at \d+\/udp, .*TCP ports alone/)
  })
})

describe('the token', () => {
  test('is readable for this user alone, and gone with its process', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, `held:web=${port}`)
    const name = await until(() => only(orderFiles(session.pid)))
    expect(statSync(join(orders, name)).mode & 0o777).toBe(0o600)
    expect(statSync(orders).mode & 0o777).toBe(0o700)
    await session.end('SIGKILL')
    // A killed process can't remove it; the next one to write its own does.
    expect(orderFiles(session.pid)).toEqual([name])
    await using next = await startSession(shop.dir, `held:web=${port}`)
    await until(() => orderFiles(next.pid).length === 1 && orderFiles(session.pid).length === 0)
  })

  test('without it nothing is done, whatever is said', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, `held:web=${port}`)
    const lines = [
      '{"v":1,"order":"release","proof":""}',
      `{"v":1,"order":"release","proof":${JSON.stringify('A'.repeat(43))}}`,
      '{"v":1,"order":"explain"}',
      '{"v":1,"order":"format","proof":"x"}',
      'release',
    ]
    for (const line of lines) {
      expect(parseReply(await say(port, line)), line).toEqual({ v: 1, ok: false, refusal: 'token' })
    }
    expect(await say(port, 'x'.repeat(5000))).toBe('')
    expect(await isFree(port)).toBe(false)
    expect(isAlive(session)).toBe(true)
  })

  test('of another process, or a file that others can read, is not used', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, `held:web=${port}`)
    const name = await until(() => only(orderFiles(session.pid)))
    const path = join(orders, name)
    const file = JSON.parse(readFileSync(path, 'utf8')) as { startedAt: number; token: string }
    // The number of a process that started at another time: this one got it later.
    writeFileSync(path, JSON.stringify({ ...file, startedAt: file.startedAt - 60_000 }))
    const stale = await ports('release', 'web')
    expect(stale.code).toBe(EXIT.failed)
    expect(stale.stderr).toContain('takes no orders from this user')
    const { chmodSync } = await import('node:fs')
    writeFileSync(path, JSON.stringify(file))
    chmodSync(path, 0o644)
    expect((await ports('release', 'web')).code).toBe(EXIT.failed)
    expect(await isFree(port)).toBe(false)
    chmodSync(path, 0o600)
    expect((await ports('release', 'web')).code).toBe(EXIT.ok)
  })
})

describe('ports release', () => {
  test('asks the holder, which lets go and lives on', async () => {
    const [from] = await freeRange(2)
    await using session = await startSession(shop.dir, `held:web=${from}`, `leased:db=${from + 1}`)
    await until(() => orderFiles(session.pid).length > 0)
    const dry = await ports('release', 'web', '--dry-run')
    expect(dry).toMatchObject({ code: EXIT.ok, stderr: '' })
    expect(dry.stdout).toContain('would be released')
    expect(await isFree(from)).toBe(false)
    const { code, stdout } = await ports('release', 'web', String(from + 1))
    expect(stdout).toMatch(new RegExp(`^${from}  released: "web"`))
    expect(code).toBe(EXIT.ok)
    await until(() => isFree(from))
    expect((await ports('check', `${from}-${from + 1}`)).code).toBe(EXIT.ok)
    expect(isAlive(session)).toBe(true)
  })

  test('does not take a port away from a server, or from another checkout', async () => {
    using other = project()
    const [from] = await freeRange(2)
    await using session = await startSession(shop.dir, `served:api=${from}`)
    await using theirs = await startSession(other.dir, `held:web=${from + 1}`)
    await until(() => orderFiles(session.pid).length > 0 && orderFiles(theirs.pid).length > 0)
    const serving = await ports('release', 'api')
    expect(serving.code).toBe(EXIT.failed)
    expect(serving.stderr).toContain(`\`ports stop ${from}\``)
    expect(await accepts(from)).toBe(true)
    const foreign = await ports('release', String(from + 1))
    expect(foreign.code).toBe(EXIT.refused)
    expect(await isFree(from + 1)).toBe(false)
    expect((await ports('release', String(from + 1), '--any')).code).toBe(EXIT.ok)
    await until(() => isFree(from + 1))
    const nobody = await runJson<{ ports: { result: string }[] }>(['release', String(from + 1)])
    expect(nobody).toMatchObject({ code: EXIT.failed, ports: [{ result: 'not-leased' }] })
  })

  test('--dynamic takes what nobody named and nobody uses', async () => {
    const [from] = await freeRange(6)
    await using session = await startSession(
      shop.dir,
      `leased:named=${from}`,
      `leased:idle=${from + 1}-${from + 2}`,
      `leased:used=${from + 3}-${from + 4}`,
    )
    await using server = await startStranger(shop.dir, from + 3)
    await until(() => orderFiles(session.pid).length > 0)
    const answer = await runJson<{ ports: object[] }>(['release', '--dynamic'], { cwd: shop.dir })
    expect(answer.ports).toMatchObject([{ port: from + 1, service: 'idle', result: 'released' }])
    const again = await ports('release', '--dynamic')
    expect(again).toMatchObject({ code: EXIT.ok, stderr: '' })
    expect(again.stdout).toContain('No unused dynamic port')
    expect(isAlive(server)).toBe(true)
  })
})

describe('ports stop', () => {
  test('stops nothing unasked where nobody can be asked', async () => {
    const port = await freePort()
    await using server = await startStranger(shop.dir, port)
    const { code, stderr } = await ports('stop', String(port))
    expect(code).toBe(EXIT.refused)
    expect(stderr).toContain(`(pid ${server.pid})`)
    expect(stderr).toContain('--yes')
    expect(isAlive(server)).toBe(true)
  })

  test('--yes stops a stranger with SIGTERM, and nobody else', async () => {
    const [from] = await freeRange(2)
    await using server = await startStranger(shop.dir, from)
    await using neighbour = await startStranger(shop.dir, from + 1)
    const { code, stdout } = await ports('stop', String(from), '--yes')
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain('stopped: node server.mjs')
    expect(await server.ended).toEqual({ code: null, signal: 'SIGTERM' })
    expect(isAlive(neighbour)).toBe(true)
    expect(await ports('stop', String(from), '--yes')).toMatchObject({ code: EXIT.failed })
  })

  test('shows who it is on a terminal and asks; no is the default', async () => {
    const port = await freePort()
    await using server = await startStranger(shop.dir, port)
    const ask = async (keys: string): Promise<number | null> => {
      await using terminal = startInTerminal(['stop', String(port)], { cwd: shop.dir })
      await terminal.sees(new RegExp(`Stop node server.mjs[^]*pid ${server.pid}[^]*${port}`))
      terminal.type(keys)
      return (await terminal.ended).code
    }
    expect(await ask('\r')).toBe(EXIT.refused)
    expect(await ask('\u0003')).toBe(EXIT.refused)
    expect(isAlive(server)).toBe(true)
    expect(await ask('y')).toBe(EXIT.ok)
    expect(await server.ended).toEqual({ code: null, signal: 'SIGTERM' })
  })

  test('does nothing when another process listens by the time of the answer', async () => {
    const port = await freePort()
    await using server = await startStranger(shop.dir, port)
    await using terminal = startInTerminal(['stop', String(port)], { cwd: shop.dir })
    await terminal.sees(/Stop node server.mjs/)
    await server.end()
    await using next = await startStranger(shop.dir, port)
    terminal.type('y')
    await terminal.sees(/not what listens there any more/)
    expect((await terminal.ended).code).toBe(EXIT.failed)
    expect(isAlive(next)).toBe(true)
  })

  test('gives up on a process that does not end, without force', async () => {
    const port = await freePort()
    shop.write({
      'stubborn.mjs': `import { createServer } from 'node:http'
process.on('SIGTERM', () => console.log('no'))
createServer().listen(${port}, () => console.log('listening'))`,
    })
    const { startNode } = await import('../_utils/children.ts')
    await using server = startNode(['stubborn.mjs'], { cwd: shop.dir })
    await server.sees(/listening/)
    const { code, stderr } = await ports('stop', String(port), '--yes', '--timeout', '200ms')
    expect(code).toBe(EXIT.timeout)
    expect(stderr).toContain('still there')
    expect(server.output()).toContain('no')
    expect(isAlive(server)).toBe(true)
  })

  test('stops a whole cluster by its primary', async () => {
    const port = await freePort()
    shop.write({
      'cluster.mjs': `import cluster from 'node:cluster'
import { createServer } from 'node:http'
if (cluster.isPrimary) { cluster.fork(); cluster.fork() }
else createServer((q, r) => r.end('hi')).listen(${port}, () => console.log('listening', process.pid))`,
    })
    const { startNode } = await import('../_utils/children.ts')
    await using server = startNode(['cluster.mjs'], { cwd: shop.dir })
    await server.sees(/listening[^]*listening/)
    expect((await ports('stop', String(port), '--yes')).code).toBe(EXIT.ok)
    await until(() => isFree(port))
    expect((await server.ended).signal).toBe('SIGTERM')
  })

  test('a port that is only kept free has nothing to stop', async () => {
    const port = await freePort()
    await using session = await startSession(shop.dir, `leased:db=${port}`)
    const { code, stderr } = await ports('stop', 'db', '--yes')
    expect(code).toBe(EXIT.failed)
    expect(stderr).toContain(`\`ports release ${port}\``)
    expect(isAlive(session)).toBe(true)
  })

  test('what runs this very command is left alone', async () => {
    const port = await freePort()
    using temp = tempRoot()
    temp.write({
      'inside.mjs': `import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
createServer().listen(${port}, () => {
  const child = spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' })
  child.on('exit', (code) => process.exit(code))
})`,
    })
    const { startNode } = await import('../_utils/children.ts')
    const { cliFile } = await import('../_utils/cli.ts')
    await using child = startNode(['inside.mjs', cliFile, 'stop', String(port), '--yes'], {
      cwd: temp.dir,
    })
    expect(await child.ended).toEqual({ code: EXIT.refused, signal: null })
    expect(child.output()).toContain('runs inside of it')
  })
})
