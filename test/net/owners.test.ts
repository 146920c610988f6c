import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPortOwners } from '../../src/net/owners/index.ts'
import { runTool } from '../../src/net/owners/run-tool.ts'

const canTell = ['linux', 'darwin', 'win32'].includes(process.platform)
const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some((address) => address.family === 'IPv6'),
)
/** A busy machine may need longer than the default, and PowerShell always may. */
const timeoutMs = 20_000

const SERVER = `
import { createServer } from 'node:net'
const server = createServer().listen(0, process.argv[2], () => console.log(server.address().port))
`

/** The worker is given its parent's socket, as a cluster's workers are; it then listens on it too. */
const SHARING = `
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
if (process.argv[2] === 'worker') {
  process.once('message', (_, server) => process.send(server.address().port))
  process.on('disconnect', () => process.exit())
} else {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const worker = fork(import.meta.filename ?? process.argv[1], ['worker'])
    worker.once('message', (port) => console.log(port + ' ' + worker.pid))
    worker.send('socket', server)
  })
}
`

/** Starts `source` in a directory of its own and waits for its first line. */
async function start(source: string, ...args: string[]) {
  const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'ports-owner-')))
  const script = join(cwd, 'some-server.mjs')
  writeFileSync(script, source)
  const child = spawn(process.execPath, [script, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    const ended = child.exitCode === null ? once(child, 'exit') : undefined
    child.kill()
    await ended
    rmSync(cwd, { recursive: true, force: true })
  })
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { pid: child.pid, cwd, numbers: line.split(' ').map(Number) }
}

async function listenHere(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const runNode = (code: string, timeoutMs = 20_000) =>
  runTool(process.execPath, ['-e', code], { timeoutMs })

describe.skipIf(!canTell)('findPortOwners', { timeout: 30_000 }, () => {
  const hosts = ['127.0.0.1', '0.0.0.0', ...(hasIPv6 ? ['::1', '::'] : [])]

  it.each(hosts)('finds a process that listens on %s', async (host) => {
    const startedAfter = Date.now()
    const { pid, cwd, numbers } = await start(SERVER, host)
    const [port = 0] = numbers
    const owners = (await findPortOwners([port], { timeoutMs })).get(port)
    expect(owners).toHaveLength(1)
    expect(owners?.[0]).toMatchObject({
      port,
      pid,
      command: expect.stringContaining('some-server.mjs'),
      ...(process.platform === 'win32' ? {} : { cwd }),
    })
    // The kernel tells its boot time in whole seconds.
    const startedAt = Date.parse(owners?.[0]?.startedAt ?? '')
    expect(Math.abs(startedAt - startedAfter)).toBeLessThan(10_000)
  })

  it('finds this process, and not a port nobody listens on', async () => {
    const [open, closed] = [await listenHere(), await closedPort()]
    const found = await findPortOwners([closed, open, open], { timeoutMs })
    expect([...found.keys()]).toEqual([open])
    expect(found.get(open)).toMatchObject([{ port: open, pid: process.pid }])
  })

  // On Windows a duplicated socket still belongs to the process that made it.
  it.skipIf(process.platform === 'win32')(
    'names the creator of a shared socket before its worker',
    async () => {
      const { pid, numbers } = await start(SHARING)
      const [port = 0, workerPid] = numbers
      const owners = (await findPortOwners([port], { timeoutMs })).get(port)
      expect(owners?.map((owner) => owner.pid)).toEqual([pid, workerPid])
    },
  )

  it('ignores numbers that are no ports', async () => {
    expect(await findPortOwners([0, -1, 65_536, 1.5, Number.NaN], { timeoutMs })).toEqual(new Map())
  })

  it('knows nothing on a platform it cannot ask', async () => {
    const port = await listenHere()
    expect(await findPortOwners([port], { platform: 'aix' })).toEqual(new Map())
  })
})

describe('runTool', { timeout: 30_000 }, () => {
  it('returns the output whatever the exit code', async () => {
    expect(await runNode('console.log("half"); process.exitCode = 1')).toBe('half\n')
  })

  it('ends the input', async () => {
    expect(await runNode('process.stdin.on("end", () => console.log("end")).resume()')).toBe(
      'end\n',
    )
  })

  it('asks for times in UTC and English', async () => {
    expect(await runNode('console.log(process.env.TZ, process.env.LC_TIME)')).toBe('UTC C\n')
  })

  it.each([
    ['takes too long', () => runNode('setInterval(() => {}, 1000)', 100)],
    ['has no time', () => runNode('console.log(1)', 0)],
    ['writes too much', () => runNode('process.stdout.write("x".repeat(5 * 1024 * 1024))')],
    ['does not exist', () => runTool(join(tmpdir(), 'no-such-tool'), [], { timeoutMs })],
    ['cannot be started', () => runTool(process.execPath, ['\0'], { timeoutMs })],
  ])('gives nothing when the tool %s', async (_, run) => {
    expect(await run()).toBeUndefined()
  })
})
