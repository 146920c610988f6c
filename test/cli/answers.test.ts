import { parseEnv } from 'node:util'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import type { InventoryRow } from '../../src/machine/inventory.ts'
import type { PortView } from '../../src/machine/look-at.ts'
import { project, runCli, runJson, startSession, startStranger } from '../_utils/cli.ts'
import { freePort, freeRange, occupy } from '../_utils/sockets.ts'
import { startInTerminal } from '../_utils/terminal.ts'
import { until } from '../_utils/until.ts'

interface Listing {
  checkout: string
  ports: InventoryRow[]
}

describe('ports', () => {
  test('lists what this checkout has first, and each port’s state', async () => {
    using shop = project()
    using other = project()
    const [from] = await freeRange(4)
    const [held, served, leased, theirs] = [from, from + 1, from + 2, from + 3]
    await using session = await startSession(
      shop.dir,
      `held:web=${held}`,
      `served:api=${served}`,
      `leased:db=${leased}`,
    )
    await using stranger = await startSession(other.dir, `held:web=${theirs}`)
    const listing = await runJson<Listing>([], { cwd: shop.dir })
    expect(listing).toMatchObject({ v: 1, code: EXIT.ok, checkout: shop.dir })
    const mine = listing.ports.filter(({ here }) => here)
    expect(mine.map(({ service, port, state, pid }) => [service, port, state, pid])).toEqual([
      ['web', held, 'held', session.pid],
      ['api', served, 'serving', session.pid],
      ['db', leased, 'waiting', session.pid],
    ])
    expect(listing.ports.slice(0, 3)).toEqual(mine)
    const row = listing.ports.find(({ port }) => port === theirs)
    expect(row).toMatchObject({ here: false, checkout: other.dir, pid: stranger.pid })

    await using server = await startStranger(shop.dir, leased)
    const again = await runJson<Listing>(['list'], { cwd: shop.dir })
    expect(again.ports.find(({ port }) => port === leased)).toMatchObject({
      state: 'running',
      service: 'db',
      pid: server.pid,
      command: expect.stringContaining('server.mjs') as string,
    })

    const { stdout } = await runCli(['list'], { cwd: shop.dir, env: { COLUMNS: '80' } })
    const lines = stdout.trimEnd().split('\n')
    expect(lines[0]).toBe('this checkout')
    expect(lines[1]).toMatch(new RegExp(`^ {2}web +${held} +held +.*pid ${session.pid} +\\d+[sm]$`))
    expect(lines.filter((line) => line.length > 80)).toEqual([])
  })

  test('--all shows strangers too', async () => {
    using shop = project()
    const port = await freePort()
    await using server = await startStranger(shop.dir, port)
    const find = async (...flags: string[]): Promise<InventoryRow | undefined> =>
      (await runJson<Listing>(flags, { cwd: shop.dir })).ports.find((row) => row.port === port)
    expect(await find()).toBeUndefined()
    expect(await find('--all')).toMatchObject({
      state: 'listening',
      pid: server.pid,
      checkout: shop.dir,
      here: true,
    })
  })

  test('--watch follows on a terminal, and q leaves it as it was', async () => {
    using shop = project()
    const [from] = await freeRange(2)
    await using first = await startSession(shop.dir, `held:web=${from}`)
    await using terminal = startInTerminal(['--watch'], { cwd: shop.dir })
    await terminal.sees(new RegExp(`web +${from} +held`))
    expect(terminal.raw()).toContain('\u001b[?1049h')
    await using second = await startSession(shop.dir, `held:late=${from + 1}`)
    await terminal.sees(new RegExp(`late +${from + 1} +held`))
    terminal.type('q')
    expect((await terminal.ended).code).toBe(EXIT.ok)
    expect(terminal.raw()).toContain('\u001b[?1049l')
    expect(first.process.exitCode ?? second.process.exitCode).toBeNull()
  })

  test('--watch ends with Ctrl-C as an interrupt', async () => {
    using shop = project()
    await using terminal = startInTerminal(['--watch'], { cwd: shop.dir })
    await terminal.sees(/q quits/)
    terminal.type('\u0003')
    expect((await terminal.ended).code).toBe(EXIT.interrupted)
    expect(terminal.raw()).toContain('\u001b[?25h')
  })

  test('--watch --json prints a line for every change', async () => {
    using shop = project()
    const port = await freePort()
    await using watcher = startInTerminal(['--watch', '--json'], { cwd: shop.dir })
    await watcher.sees(/"ports":/)
    await using session = await startSession(shop.dir, `held:web=${port}`)
    await watcher.sees(new RegExp(`"port":${port},`))
    expect(session.process.exitCode).toBeNull()
  })
})

describe('ports who', () => {
  test('tells process, directory and lease', async () => {
    using shop = project()
    const [from] = await freeRange(3)
    await using server = await startStranger(shop.dir, from)
    await using session = await startSession(shop.dir, `held:web=${from + 1}`)
    const args = ['who', String(from), 'web']
    const { ports, code } = await runJson<{ ports: PortView[] }>(args, { cwd: shop.dir })
    expect(code).toBe(EXIT.ok)
    expect(ports[0]).toMatchObject({
      port: from,
      listeners: [{ pid: server.pid, cwd: shop.dir, checkout: shop.dir }],
    })
    expect(ports[0]?.lease).toBeUndefined()
    expect(ports[1]).toMatchObject({
      port: from + 1,
      lease: { service: 'web', state: 'held', pid: session.pid, checkout: shop.dir },
    })
    const text = await runCli(args, { cwd: shop.dir })
    expect(text.stdout).toContain(`${from}  node server.mjs`)
    expect(text.stdout).toContain(`in this checkout (pid ${server.pid})`)
    expect(text.stdout).toContain('leased as "web" of this checkout')
    expect(
      text.stdout.split('\n').filter((line) => line.length > 80 && !line.includes(shop.dir)),
    ).toEqual([])
  })

  test('tells both servers that share a port on two addresses', async () => {
    using shop = project()
    const port = await freePort()
    await using four = await startStranger(shop.dir, port, '127.0.0.1')
    await using six = await startStranger(shop.dir, port, '127.0.0.2')
    const { ports } = await runJson<{ ports: PortView[] }>(['who', String(port)])
    const pids = ports[0]?.listeners.map(({ pid }) => pid)
    expect(new Set(pids)).toEqual(new Set([four.pid, six.pid]))
  })

  test('says nobody with exit code 1, and names the services there are', async () => {
    using shop = project()
    const [from] = await freeRange(2)
    const none = await runCli(['who', String(from)], { cwd: shop.dir })
    expect(none).toMatchObject({ code: EXIT.failed, stdout: `${from}  nobody\n` })
    await using session = await startSession(shop.dir, `held:web=${from + 1}`)
    const unknown = await runCli(['who', 'wbe'], { cwd: shop.dir })
    expect(unknown).toMatchObject({ code: EXIT.failed, stdout: '' })
    expect(unknown.stderr).toContain('It has "web".')
    expect(session.process.exitCode).toBeNull()
  })

  test('names the container that a port belongs to', async () => {
    using shop = project()
    const port = await freePort()
    // A docker CLI of this test's own: what the real one prints, for a port without any listener.
    const line = JSON.stringify({
      Names: 'shop-db-1',
      Image: 'postgres:16',
      Ports: `0.0.0.0:${port}->5432/tcp, [::]:${port}->5432/tcp`,
      Labels: `com.docker.compose.project=shop,com.docker.compose.service=db,com.docker.compose.project.working_dir=${shop.dir}`,
    })
    shop.write({ 'bin/docker': `#!/bin/sh\necho '${line}'\n` })
    const { chmodSync } = await import('node:fs')
    chmodSync(`${shop.dir}/bin/docker`, 0o755)
    const options = { cwd: shop.dir, env: { PATH: `${shop.dir}/bin:${process.env.PATH}` } }
    const { ports, code } = await runJson<{ ports: PortView[] }>(['who', String(port)], options)
    expect(code).toBe(EXIT.ok)
    expect(ports[0]?.container).toEqual({
      name: 'shop-db-1',
      image: 'postgres:16',
      containerPort: 5432,
      compose: { project: 'shop', service: 'db' },
      directory: shop.dir,
    })
    const { stdout } = await runCli(['who', String(port)], options)
    expect(stdout).toContain(`${port}  container shop-db-1 (postgres:16)`)
    expect(stdout).toContain('service db of Compose project shop')
  })
})

describe('ports check', () => {
  test('free, in use and leased; the exit code is the answer', async () => {
    using shop = project()
    const [from] = await freeRange(5)
    const free = await runCli(['check', `${from}-${from + 4}`], { cwd: shop.dir })
    expect(free).toEqual({ code: EXIT.ok, stdout: `${from}-${from + 4}  free\n`, stderr: '' })
    await using busy = await occupy('127.0.0.1', from + 1)
    await using session = await startSession(shop.dir, `leased:db=${from + 3}`)
    const answer = await runJson<{
      free: boolean
      ports: { port: number; free: boolean; reason?: string }[]
    }>(['check', `${from}-${from + 4}`], { cwd: shop.dir })
    expect(answer).toMatchObject({ code: EXIT.failed, free: false })
    expect(answer.ports.map(({ port, free, reason }) => [port, free, reason])).toEqual([
      [from, true, undefined],
      [busy.port, false, 'in-use'],
      [from + 2, true, undefined],
      [from + 3, false, 'leased'],
      [from + 4, true, undefined],
    ])
    const { stdout } = await runCli(['check', `${from}-${from + 4}`], { cwd: shop.dir })
    expect(stdout).toContain(`in use: `)
    expect(stdout).toContain(`pid ${process.pid}`)
    expect(stdout).toContain(`leased: `)
    expect(session.process.exitCode).toBeNull()
  })

  test('a host that is not here', async () => {
    const port = await freePort()
    const literal = await runCli(['check', String(port), '--host', '192.0.2.1'])
    expect(literal).toMatchObject({ code: EXIT.failed, stderr: '' })
    expect(literal.stdout).toBe(`${port}  no such address on this machine\n`)
    const name = await runCli(['check', String(port), '--host', 'nowhere.invalid'])
    expect(name).toMatchObject({ code: EXIT.failed, stdout: '' })
    expect(name.stderr).toContain('nowhere.invalid is no address of this machine')
  })
})

describe('ports wait', () => {
  test('for a service that comes later, and for its end', async () => {
    using shop = project()
    const port = await freePort()
    const waiting = runJson<{ port: number; state: string }>(['wait', 'db'], { cwd: shop.dir })
    await using session = await startSession(shop.dir, `leased:db=${port}`)
    await using server = await startStranger(shop.dir, port)
    expect(await waiting).toMatchObject({ code: EXIT.ok, port, state: 'open' })
    const healthy = await runCli(['wait', 'db', '--healthy'], { cwd: shop.dir })
    expect(healthy).toEqual({ code: EXIT.ok, stdout: '', stderr: '' })
    const gone = runCli(['wait', String(port), '--gone'], { cwd: shop.dir })
    await server.end()
    expect((await gone).code).toBe(EXIT.ok)
    expect(session.process.exitCode).toBeNull()
  })

  test('a port that is only held is not there yet', async () => {
    using shop = project()
    const port = await freePort()
    await using session = await startSession(shop.dir, `held:web=${port}`)
    const { code, stderr } = await runCli(['wait', String(port), '--timeout', '300ms'], {
      cwd: shop.dir,
    })
    expect(code).toBe(EXIT.timeout)
    expect(stderr).toContain('held for its server')
    expect(session.process.exitCode).toBeNull()
  })

  test('a server of another checkout is refused, unless any will do', async () => {
    using shop = project()
    using other = project()
    const port = await freePort()
    await using server = await startStranger(other.dir, port)
    for (const target of [String(port), `http://localhost:${port}/`]) {
      const refused = await runCli(['wait', target], { cwd: shop.dir })
      expect(refused.code).toBe(EXIT.refused)
      expect(refused.stderr).toContain(`(pid ${server.pid})`)
      expect(refused.stderr).toContain('not of this checkout')
    }
    expect((await runCli(['wait', String(port), '--any'], { cwd: shop.dir })).code).toBe(EXIT.ok)
  })

  test('a sick server is not healthy, and the time is kept', async () => {
    using shop = project()
    const port = await freePort()
    await using server = await startStranger(shop.dir, port, 'localhost', '503')
    const url = `http://localhost:${port}/health`
    const answer = await runJson<{ error: { code: string; message: string } }>(
      ['wait', url, '--healthy', '--timeout', '0.4s'],
      { cwd: shop.dir },
    )
    expect(answer).toMatchObject({ code: EXIT.timeout, error: { code: 'PORTS_TIMEOUT' } })
    expect(answer.error.message).toContain('status 503')
    expect(answer.error.message).toContain(`pid ${server.pid}`)
  })
})

describe('ports env', () => {
  test('gives the variables of what runs, in every format', async () => {
    using shop = project()
    const [from] = await freeRange(2)
    await using session = await startSession(shop.dir, `leased:db=${from}`, `held:web=${from + 1}`)
    const expected = {
      DB_PORT: `${from}`,
      DB_URL: `http://localhost:${from}`,
      WEB_PORT: `${from + 1}`,
      WEB_URL: `http://localhost:${from + 1}`,
    }
    const print = async (...flags: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCli(['env', ...flags], { cwd: shop.dir })
      expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: '' })
      return stdout
    }
    expect(parseEnv(await print())).toMatchObject(expected)
    expect(JSON.parse(await print('--format', 'json'))).toMatchObject(expected)
    expect(JSON.parse(await print('--json'))).toMatchObject(expected)
    expect(await print('--format', 'shell')).toContain(`export DB_PORT='${from}'\n`)
    const compose = await print('-f', 'compose')
    expect(compose).toContain(`environment:\n`)
    expect(compose).toContain(`  DB_URL: "http://host.docker.internal:${from}"\n`)
    const vscode = JSON.parse(await print('--format=vscode')) as Record<string, object>
    expect(vscode['terminal.integrated.env.linux']).toMatchObject(expected)
    expect(session.process.exitCode).toBeNull()
  })

  test('leaves out what has stopped, and says so when nothing runs', async () => {
    using shop = project()
    const port = await freePort()
    await using session = await startSession(shop.dir, `leased:db=${port}`)
    await session.end()
    const { code, stdout, stderr } = await until(async () => {
      const result = await runCli(['env'], { cwd: shop.dir })
      return result.code === 0 ? undefined : result
    })
    expect({ code, stdout }).toEqual({ code: EXIT.failed, stdout: '' })
    expect(stderr).toContain('is running now')
  })
})

describe('ports explain', () => {
  test('gives the trace of another process’s choice', async () => {
    using shop = project()
    const [from, to] = await freeRange(3)
    await using busy = await occupy('127.0.0.1', from)
    await using session = await startSession(shop.dir, `held:web=${from}-${to}`)
    const { code, stdout } = await runCli(['explain', 'web'], { cwd: shop.dir })
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain(`web has ${from + 1}: from its range (2 attempts)`)
    expect(stdout).toMatch(new RegExp(`${from} .*held by .*pid ${process.pid}`))
    const { services } = await runJson<{
      services: { service: string; outcome: string; attempts: object[] }[]
    }>(['explain'], { cwd: shop.dir })
    expect(services).toHaveLength(1)
    expect(services[0]).toMatchObject({ service: 'web', outcome: 'allocated', root: shop.dir })
    expect(services[0]?.attempts).toMatchObject([
      { port: busy.port, rejected: 'in-use', holder: { pid: process.pid } },
      { port: from + 1 },
    ])
    expect(session.process.exitCode).toBeNull()
  })

  test('of nothing says so', async () => {
    using shop = project()
    const { code, stderr } = await runCli(['explain'], { cwd: shop.dir })
    expect(code).toBe(EXIT.failed)
    expect(stderr).toContain('is running now')
  })
})
