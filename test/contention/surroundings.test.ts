import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reserve, whoHolds } from '../../src/api.ts'
import { type Child, start } from '../_utils/children.ts'
import { cliFile, runCli, runJson } from '../_utils/cli.ts'
import { get } from '../_utils/http.ts'
import { recordFile } from '../_utils/memory.ts'
import { freePort, freeRange, isFree } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'

const fixtures = join(repo, 'test/fixtures')
const RESERVE = join(fixtures, 'programs/reserve.mjs')
const superuser = process.getuid?.() === 0
const NOBODY = 65_534

/** Something of its own for a process, such as its network, can be had here. */
function canUnshare(...words: string[]): boolean {
  if (process.platform !== 'linux' || !superuser) return false
  try {
    execFileSync('unshare', words, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const canHaveNetwork = canUnshare('--net', '--pid', '--fork', 'ip', 'link', 'set', 'lo', 'up')
const canMount = canUnshare('--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt')

/** As in a container with a network and processes of its own, and this state directory. */
function startElsewhere(root: string, args: readonly string[]): Child {
  const script = 'ip link set lo up && exec "$@"'
  const words = ['--net', '--pid', '--fork', '--mount-proc', '--kill-child']
  return start('unshare', [...words, 'sh', '-c', script, 'sh', process.execPath, ...args], {
    cwd: root,
  })
}

interface Listed {
  readonly ports: readonly { port: number; root?: string }[]
}

test.runIf(canHaveNetwork)(
  'two networks with one state directory: each has its own leases, and neither tidies up for the other',
  async () => {
    const port = await freePort()
    using mine = tempRoot()
    using other = tempRoot()
    for (const root of [mine, other]) root.write({ 'package.json': '{}' })
    const services = { web: { preferred: port, range: [port, port] as const } }
    const options = JSON.stringify({ services })
    await using there = startElsewhere(other.dir, [RESERVE, options])
    await there.sees(new RegExp(`got .*"port":${port}`))
    const orders = join(process.env.PORTS_STATE_DIR ?? '', 'orders')
    // Written out of the way of the start.
    const told = await until(() => {
      const names = readdirSync(orders)
      return names.length > 0 ? names : undefined
    })
    const remembered = readFileSync(recordFile(other.dir), 'utf8')

    // Its port is as free here as if nobody had it.
    expect(await whoHolds(port)).toBeUndefined()
    const at = { cwd: mine.dir }
    expect(
      (await runJson<Listed>(['list', '--all'], at)).ports.map((row) => row.port),
    ).not.toContain(port)
    expect((await runCli(['stop', String(port)], at)).code).not.toBe(0)
    expect((await runCli(['clean', '--unused', '1d'], at)).code).toBe(0)
    {
      await using held = await reserve({ root: mine.dir, services })
      expect(held.services.web?.port).toBe(port)
      expect((await whoHolds(port))?.root).toBe(mine.dir)
      // Nor does it see what is held here.
      await using asked = startElsewhere(other.dir, [cliFile, 'list', '--all', '--json'])
      await asked.ended
      expect((JSON.parse(asked.output()) as Listed).ports.map((row) => row.port)).not.toContain(
        port,
      )
    }
    expect(there.process.exitCode).toBeNull()
    expect(readdirSync(orders)).toEqual(expect.arrayContaining(told))
    expect(readFileSync(recordFile(other.dir), 'utf8')).toBe(remembered)
  },
)

test.runIf(canMount)(
  'the memory of a project that another container alone can see is kept',
  async () => {
    using here = tempRoot()
    using mine = tempRoot()
    here.write({ 'a-neighbour': '' })
    mine.write({ 'package.json': '{}' })
    const port = await freePort()
    const script = 'mount -t tmpfs none "$0" && mkdir "$0/app" && cd "$0/app" && exec "$@"'
    const options = JSON.stringify({ services: { web: port } })
    const words = ['--mount', 'sh', '-c', script, here.dir, process.execPath, RESERVE, options]
    await using there = start('unshare', words)
    await there.sees(/^got /m)
    const file = recordFile(join(here.dir, 'app'))
    const remembered = readFileSync(file, 'utf8')
    expect(existsSync(join(here.dir, 'app'))).toBe(false)
    {
      // Where it does not exist it keeps nobody off its port's number, beyond its lease.
      await using _held = await reserve({
        root: mine.dir,
        services: { web: { range: [port, port + 20] } },
      })
    }
    expect((await runCli(['clean'], { cwd: mine.dir })).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(remembered)
  },
)

test.runIf(canMount)(
  'without /proc ports are chosen, handed over and let go all the same',
  async () => {
    const [from, to] = await freeRange(4)
    using root = tempRoot()
    linkPackages(root.dir)
    root.write({
      'package.json': '{ "type": "module" }',
      'server.mjs': `
      import { createServer } from 'node:http'
      createServer((request, response) => response.end('mine')).listen(process.env.PORT, 'localhost', () => console.log('up'))`,
      'both.mjs': `
      import { existsSync } from 'node:fs'
      import { createServer } from 'node:http'
      import { isReserved, reserve, whoHolds } from 'unplugin-ports/api'
      console.log('proc', existsSync('/proc/self'))
      createServer().listen(${from}, '127.0.0.1', async () => {
        const held = await reserve({ services: { web: { preferred: ${from}, range: [${from}, ${to}] } } })
        const { web } = held.services
        web.adoptInto(createServer((request, response) => response.end('hello')))
        console.log('got', web.port, await (await fetch(web.url)).text(), await isReserved(web.port))
        console.log('who', (await whoHolds(web.port))?.service)
        process.exit()
      })`,
    })
    const bare = (...args: string[]): Child =>
      start(
        'unshare',
        [
          '--mount',
          'sh',
          '-c',
          'mount -t tmpfs none /proc && exec "$@"',
          'sh',
          process.execPath,
          ...args,
        ],
        { cwd: root.dir },
      )
    await using program = bare('both.mjs')
    expect((await program.ended).code, program.output()).toBe(0)
    expect(program.output()).toBe(`proc false\ngot ${from + 1} hello true\nwho web\n`)

    await using run = bare(cliFile, 'run', '--port', String(to), process.execPath, 'server.mjs')
    await run.sees(/^up$/m)
    expect((await get(`http://localhost:${to}/`)).text).toBe('mine')
    run.process.kill('SIGTERM')
    expect((await run.ended).code, run.output()).toBe(143)
    expect(await isFree(to)).toBe(true)
  },
)

/** Runs `reserve.mjs` as another user, or as this one where there is no choice. */
function startAsNobody(root: string, options: object, env: Record<string, string>): Child {
  return start(process.execPath, [RESERVE, JSON.stringify(options)], {
    cwd: root,
    env,
    uid: NOBODY,
    gid: NOBODY,
  })
}

test.runIf(superuser && process.platform !== 'win32')(
  'a state directory of another user: ports are had, one warning, and nothing there is touched',
  async () => {
    const [from, to] = await freeRange(4)
    using root = tempRoot()
    using state = tempRoot()
    chmodSync(root.dir, 0o755)
    const services = { web: { preferred: from, range: [from, to] } }
    // This user has run here before, and holds a port.
    const env = { PORTS_STATE_DIR: state.dir }
    await using mine = start(process.execPath, [RESERVE, JSON.stringify({ services })], {
      cwd: root.dir,
      env,
    })
    await mine.sees(/^got /m)
    const files = await until(() => {
      const found = ['roots', 'orders'].flatMap((name) =>
        readdirSync(join(state.dir, name)).map((file) => join(state.dir, name, file)),
      )
      const whole = found.filter((file) => statSync(file).size > 0)
      return whole.length === 2 ? whole : undefined
    })
    const look = (): string[] =>
      files.map((file) => `${statSync(file).ino} ${readFileSync(file, 'utf8')}`)
    const before = look()
    // Closed to others as it is made, and open to them, which somebody may have done.
    for (const mode of [0o700, 0o777]) {
      chmodSync(state.dir, mode)
      chmodSync(join(state.dir, 'roots'), mode)
      await using theirs = startAsNobody(root.dir, { services }, env)
      const [, port] = await theirs.sees(/^got .*"port":(\d+)/m)
      expect(Number(port)).toBeGreaterThan(from)
      await theirs.end('SIGTERM')
      expect(theirs.output().match(/PortsWarning: .*/g), theirs.output()).toHaveLength(1)
      expect(theirs.output()).toMatch(
        /PortsWarning: ports are not remembered: .*(permission denied|another user)/,
      )
      expect(look()).toEqual(before)
    }
  },
)

test.runIf(superuser && process.platform !== 'win32')(
  'a home that cannot be written to: ports are had, with one warning that says what to do',
  async () => {
    const [from, to] = await freeRange(2)
    using root = tempRoot()
    using home = tempRoot()
    chmodSync(root.dir, 0o755)
    chmodSync(home.dir, 0o555)
    const env = { PORTS_STATE_DIR: '', XDG_STATE_HOME: '', HOME: home.dir }
    const options = { services: { web: { preferred: from, range: [from, to] } } }
    for (let times = 0; times < 2; times++) {
      await using child = startAsNobody(root.dir, options, env)
      await child.sees(new RegExp(`^got .*"port":${from}`, 'm'))
      await child.end('SIGTERM')
      expect(child.output().match(/PortsWarning: .*/g)).toHaveLength(1)
      expect(child.output()).toMatch(/not remembered: .*permission denied.*PORTS_STATE_DIR/)
    }
    expect(readdirSync(home.dir)).toEqual([])
  },
)

test.runIf(canMount)(
  'a full disk under the project: Vite starts, the env file is as it was',
  async () => {
    const port = await freePort()
    using base = tempRoot()
    const own = 'MINE=1\n'
    const script = `
    mount -t tmpfs -o size=64k none "$0" && cd "$0" && mkdir node_modules && ln -s "$1" node_modules/unplugin-ports && ln -s "$1/node_modules/vite" node_modules/vite &&
    printf 'MINE=1\\n' > .env.local && echo '{ "type": "module" }' > package.json && echo '<h1>app</h1>' > index.html &&
    cat > life.mjs <<'END'
import { readFileSync, readdirSync } from 'node:fs'
import ports from 'unplugin-ports/vite'
import { createServer } from 'vite'
const vite = await createServer({ configFile: false, cacheDir: process.env.PORTS_STATE_DIR, plugins: [ports({ services: { dev: ${port} } })] })
await vite.listen()
console.log('page', (await (await fetch('http://localhost:${port}/')).text()).includes('<h1>app</h1>'))
await vite.close()
console.log('left', JSON.stringify([readFileSync('.env.local', 'utf8'), readdirSync('.').filter((name) => name.startsWith('.env'))]))
END
    { head -c 100000 /dev/zero > filler 2>/dev/null; exec "$2" life.mjs; }`
    await using child = start('unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      base.dir,
      repo,
      process.execPath,
    ])
    expect((await child.ended).code, child.output()).toBe(0)
    expect(child.output()).toMatch(/^page true$/m)
    expect(child.output()).toContain(`left ${JSON.stringify([own, ['.env.local']])}`)
    expect(child.output()).toMatch(/disk is full/)
    expect(existsSync(join(base.dir, 'life.mjs'))).toBe(false)
  },
)
