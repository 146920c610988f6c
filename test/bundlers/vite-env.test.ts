import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { expect, test } from 'vitest'
import { whoHolds } from '../../src/api.ts'
import { startNode } from '../_utils/children.ts'
import { freeRange, occupy } from '../_utils/sockets.ts'
import { linkPackages, repo, tempRoot, type TempRoot } from '../_utils/temp.ts'
import { until } from '../_utils/until.ts'
import { localPort, startVite } from '../_utils/vite.ts'

function app(port: number, options: object = {}): TempRoot {
  const root = tempRoot('vite-app')
  linkPackages(root.dir, { vite: 'vite' })
  root.write({
    'vite.config.mjs': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports(${JSON.stringify(options)})], server: { port: ${port} } }`,
  })
  return root
}

const read = (root: TempRoot, file = '.env.local'): string =>
  readFileSync(join(root.dir, file), 'latin1')

test("the user's own lines stay byte for byte, whatever they look like", async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  const own =
    '\u00ef\u00bb\u00bf# caf\u00e9 \u00ff\r\nSECRET="multi\r\n# >>> unplugin-ports\r\nline"\r\nA=1 # end'
  writeFileSync(join(root.dir, 'real.env'), own, 'latin1')
  symlinkSync('real.env', join(root.dir, '.env.local'))
  chmodSync(join(root.dir, 'real.env'), 0o640)
  await using child = startVite('vite', root.dir)
  expect(await localPort(child)).toBe(port)
  expect(read(root).startsWith(own)).toBe(true)
  expect(read(root)).toContain(`DEV_PORT=${port}\r\n`)
  expect(read(root, 'real.env')).toBe(read(root))
  expect(statSync(join(root.dir, 'real.env')).mode & 0o777).toBe(0o640)
})

test('a file that may not be written: a warning, no loss, and Vite runs', async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  root.write({ '.env.local': 'A=1' })
  chmodSync(join(root.dir, '.env.local'), 0o444)
  await using child = startVite('vite', root.dir)
  expect(await localPort(child)).toBe(port)
  expect(child.output()).toContain('ports: .env.local was not written: it is read-only')
  expect(read(root)).toBe('A=1')
})

test('env: false writes nothing; env.file and prefix say where and how', async () => {
  const [from, to] = await freeRange(2)
  {
    using root = app(from, { env: false })
    await using child = startVite('vite', root.dir)
    await localPort(child)
    expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  }
  using root = app(from, {
    env: { file: '.env.ports', prefix: 'VITE_' },
    services: { api: to },
  })
  root.write({ 'env.js': 'export default import.meta.env.VITE_API_URL' })
  await using child = startVite('vite', root.dir)
  await localPort(child)
  expect(existsSync(join(root.dir, '.env.local'))).toBe(false)
  expect(parseEnv(read(root, '.env.ports'))).toMatchObject({
    API_PORT: String(to),
    VITE_API_PORT: String(to),
    VITE_API_URL: `http://localhost:${to}`,
    VITE_HMR_PORT: String(from),
  })
})

test("a port in the user's env file is a wish; another URL of the user's stays", async () => {
  const [from, to] = await freeRange(3)
  using root = app(from, { services: { api: { preferred: from + 1, proxy: '/api' } } })
  root.write({ '.env': `API_PORT=${to}\nAPI_URL=https://staging.example.com\n` })
  await using child = startVite('vite', root.dir)
  await localPort(child)
  await child.sees(new RegExp(`api +${to} +from API_PORT in .env`))
  expect(child.output()).toContain(
    `ports: API_URL is set in .env:2 and left alone; "api" is at http://localhost:${to}.`,
  )
  expect(parseEnv(read(root))).toMatchObject({
    API_PORT: String(to),
    API_TARGET: `http://localhost:${to}`,
  })
  expect(read(root)).not.toContain('API_URL')
})

test('a wish that cannot be had is shadowed with a warning', async () => {
  const [from, to] = await freeRange(3)
  using root = app(from, { services: { dev: { range: [from + 1, to] } } })
  await using taken = await occupy('127.0.0.1', from)
  root.write({ '.env.local': `DEV_PORT=${taken.port}\n` })
  await using child = startVite('vite', root.dir)
  const port = await localPort(child)
  expect(port).toBe(from + 1)
  expect(child.output()).toContain(
    `ports: DEV_PORT is ${from} in .env.local:1, but "dev" got ${port}: .env.local says so.`,
  )
  expect(parseEnv(read(root)).DEV_PORT).toBe(String(port))
})

test("the last run's block, loaded into the environment, is not mistaken for a wish", async () => {
  const [from] = await freeRange(3)
  using root = app(from)
  {
    await using _taken = await occupy('127.0.0.1', from)
    await using child = startVite('vite', root.dir)
    expect(await localPort(child)).toBe(from + 1)
  }
  const vite = join(repo, 'node_modules/vite/bin/vite.js')
  await using child = startNode(['--env-file=.env.local', vite], { cwd: root.dir })
  expect(await localPort(child)).toBe(from)
  expect(child.output()).toMatch(/dev .*preferred/)
})

test('an equal block is not written again, and a missing ignore rule is pointed out once', async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  execFileSync('git', ['init', '-q', root.dir])
  {
    await using child = startVite('vite', root.dir)
    await localPort(child)
    await child.sees(/git does not ignore \.env\.local/)
  }
  const { mtimeNs } = statSync(join(root.dir, '.env.local'), { bigint: true })
  await using child = startVite('vite', root.dir)
  await child.sees(/hmr +shared/)
  expect(statSync(join(root.dir, '.env.local'), { bigint: true }).mtimeNs).toBe(mtimeNs)
  expect(child.output()).not.toContain('does not ignore')
})

test('with an ignore rule there is nothing to point out', async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  root.write({ '.gitignore': '*.local\n' })
  execFileSync('git', ['init', '-q', root.dir])
  await using child = startVite('vite', root.dir)
  await child.sees(/hmr +shared/)
  // A question to git takes milliseconds; a whole page takes longer.
  await fetch(`http://localhost:${port}/`)
  expect(child.output()).not.toContain('git')
})

test('a variable that is no port is reported and ignored', async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  await using child = startVite('vite', root.dir, [], { PORT: 'auto' })
  expect(await localPort(child)).toBe(port)
  expect(child.output()).toContain(
    'ports: PORT should be a port from 1 to 65535 but is "auto"; ignored for "dev".',
  )
})

test('DEBUG=ports shows the steps, and only then', async () => {
  const [port] = await freeRange(1)
  using root = app(port)
  await using child = startVite('vite', root.dir, [], { DEBUG: 'ports' })
  await child.sees(new RegExp(`ports dev: ${port} \\(preferred\\) chosen \\+\\d+ms`))
  await child.sees(new RegExp(`ports dev: ${port} handed over, 0 waiting`))
})

test('at 60 columns every line of the summary fits', async () => {
  const [from, to] = await freeRange(3)
  await using _taken = await occupy('127.0.0.1', from)
  using root = app(from, { services: { api: to } })
  await using child = startVite('vite', root.dir, [], { COLUMNS: '60' })
  await child.sees(/api +\d+\n/)
  const summary = child.output().slice(child.output().indexOf('Ports:'))
  for (const line of summary.split('\n')) expect(line.length, line).toBeLessThanOrEqual(60)
})

test('a port that this user may not bind is explained', async ({ skip }) => {
  const unprivileged = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (process.getuid?.() !== 0 || unprivileged < 82) skip('needs root, to become somebody else')
  using root = tempRoot()
  await using child = startNode(
    [
      '--input-type=module',
      '-e',
      `process.setgid(65534); process.setuid(65534)
       const { reserve } = await import(${JSON.stringify(join(repo, 'dist/api.mjs'))})
       await reserve({ root: ${JSON.stringify(root.dir)}, services: { web: { preferred: 81, strict: true } } })
         .catch((error) => console.log(error.code, error.message))`,
    ],
    { cwd: '/' },
  )
  await child.ended
  expect(child.output()).toContain('PORTS_DENIED no permission to bind a port for "web"')
  expect(child.output()).toContain('81  not permitted for this user')
})

test('a second session of this checkout shares the API, and inherits its lease', async () => {
  const [from, to] = await freeRange(6)
  const options = { services: { api: { preferred: to, proxy: '/api' } } }
  using root = app(from, options)
  await using first = startVite('vite', root.dir)
  await localPort(first)
  expect(await whoHolds(to)).toMatchObject({ service: 'api', pid: first.pid, state: 'leased' })
  await using second = startVite('vite', root.dir)
  await second.sees(new RegExp(`api +${to} `))
  expect(await whoHolds(to)).toMatchObject({ pid: first.pid })
  await first.end('SIGKILL')
  await until(async () => (await whoHolds(to))?.pid === second.pid)
})
