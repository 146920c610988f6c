import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { processFacts } from '../../src/net/owners/process-facts.ts'
import { withPort } from '../../src/child/placeholders.ts'
import { cliFile, project, runCli, runJson, startSession } from '../_utils/cli.ts'
import { type Child, startNode } from '../_utils/children.ts'
import { rivalOf } from '../_utils/held-program.ts'
import { get } from '../_utils/http.ts'
import { freePort, freeRange, isFree, occupy } from '../_utils/sockets.ts'
import { repo, type TempRoot } from '../_utils/temp.ts'
import { startInTerminal } from '../_utils/terminal.ts'
import { until } from '../_utils/until.ts'

const node = process.execPath
const server = join(repo, 'test/fixtures/servers/http.mjs')

let shop: TempRoot
beforeEach(() => {
  shop = project()
  return () => shop[Symbol.dispose]()
})
const startRun = (args: readonly string[], env: Record<string, string> = {}): Child =>
  startNode([cliFile, 'run', ...args], { cwd: shop.dir, env })
const printEnv = ['-e', 'console.log("env " + JSON.stringify(process.env))']

/** The variables that a command got. */
async function variables(
  args: readonly string[],
  env?: Record<string, string>,
): Promise<NodeJS.ProcessEnv> {
  await using child = startRun([...args, node, ...printEnv], env)
  const [, text = ''] = await child.sees(/^env (.*)$/m)
  return JSON.parse(text) as NodeJS.ProcessEnv
}

/** Answers as soon as its server does. */
const textAt = (port: number): Promise<string> =>
  until(async () => (await get(`http://localhost:${port}/`)).text)

describe('the port', () => {
  test('is in PORT and the service’s own variables, with those of siblings', async () => {
    const [from] = await freeRange(2)
    await using session = await startSession(shop.dir, `held:web=${from}`)
    const env = await variables(['--name', 'api', '--port', String(from + 1)])
    expect(env).toMatchObject({
      PORT: String(from + 1),
      API_PORT: String(from + 1),
      API_URL: `http://localhost:${from + 1}`,
      WEB_PORT: String(from),
      WEB_URL: `http://localhost:${from}`,
    })
    expect(session.process.exitCode).toBeNull()
  })

  test('that is taken is passed over, and that is said', async () => {
    const [from, to] = await freeRange(2)
    await using busy = await occupy('127.0.0.1', from)
    await using child = startRun([
      '--port',
      String(from),
      '--range',
      `${from}-${to}`,
      node,
      ...printEnv,
    ])
    await child.sees(new RegExp(`"PORT":"${to}"`))
    await child.sees(
      new RegExp(`ports: app on http://localhost:${to} \\(${busy.port} held by .*${process.pid}`),
    )
    expect((await child.ended).code).toBe(0)
  })

  test('that the environment names is respected; what is typed wins over it', async () => {
    const [from] = await freeRange(3)
    const given = { PORT: String(from), CONDUCTOR_PORT: String(from + 1) }
    expect((await variables([], given)).PORT).toBe(String(from))
    expect((await variables([], { ...given, PORT: '' })).PORT).toBe(String(from + 1))
    expect((await variables(['--port', String(from + 2)], given)).PORT).toBe(String(from + 2))
    const url = 'http://app.localhost:1355'
    expect((await variables([], { ...given, PORTLESS_URL: url })).APP_URL).toBe(url)
  })

  test('stands where {port} does, and in the flag of tools that ignore PORT', () => {
    const at = { port: 4000, host: 'localhost', url: 'http://localhost:4000' }
    const line = (...words: string[]): string => {
      const [command = '', ...args] = words
      const filled = withPort({ command, args }, at)
      return [filled.command, ...(filled.args ?? [])].join(' ')
    }
    expect(line('x', '--at={host}:{port}', '{url}/', '{other}')).toBe(
      'x --at=localhost:4000 http://localhost:4000/ {other}',
    )
    expect(line('npx', 'astro', 'dev')).toBe('npx astro dev --port 4000')
    expect(line('/usr/bin/uvicorn', 'main:app')).toBe('/usr/bin/uvicorn main:app --port 4000')
    expect(line('flask', 'run', '-p', '1')).toBe('flask run -p 1')
    expect(line('ng', 'build')).toBe('ng build')
    expect(line('node', 'api.js')).toBe('node api.js')
  })
})

describe('a server', () => {
  test('of Node has the held socket: the port is never free, and a rival never wins', async () => {
    const port = await freePort()
    await using child = startRun(['--name', 'api', '--port', String(port), node, server])
    await child.sees(/ports: api on/)
    await using rival = await rivalOf(port)
    expect(await textAt(port)).toMatch(/^http\.mjs \d+$/)
    expect(rival.output()).not.toContain('won')
    const { ports } = await runJson<{ ports: { port: number; state: string; command: string }[] }>(
      [],
      {
        cwd: shop.dir,
      },
    )
    expect(ports.find((row) => row.port === port)).toMatchObject({
      state: 'serving',
      service: 'api',
    })
  })

  test('runs through npm run and a shell’s line', async () => {
    const port = await freePort()
    shop.write({
      'package.json': JSON.stringify({
        type: 'module',
        scripts: { start: `"${node}" "${server}"` },
      }),
    })
    for (const line of [['npm', 'run', '--silent', 'start'], [`true && npm run --silent start`]]) {
      await using child = startRun(['--port', String(port), ...line])
      expect(await textAt(port)).toMatch(/^http\.mjs/)
      child.process.kill('SIGTERM')
      await child.ended
      await until(() => isFree(port))
    }
  })

  test('of Python binds the port by itself', async () => {
    const port = await freePort()
    shop.write({ 'index.html': 'from python' })
    const line = ['python3', '-m', 'http.server', '--bind', '127.0.0.1', '{port}']
    await using child = startRun(['--port', String(port), '--host', '127.0.0.1', '--', ...line])
    expect(await textAt(port)).toBe('from python')
    expect((await runCli(['wait', 'app', '--healthy'], { cwd: shop.dir })).code).toBe(EXIT.ok)
    expect((await runCli(['stop', 'app'], { cwd: shop.dir })).code).toBe(EXIT.ok)
    await child.ended
    await until(() => isFree(port))
  })

  test('that was started is ended by `ports stop` without a question, the whole tree', async () => {
    const port = await freePort()
    await using child = startRun([
      '--name',
      'api',
      '--port',
      String(port),
      `"${node}" "${server}"; true`,
    ])
    const [, pid = ''] = /(\d+)$/.exec(await textAt(port)) ?? []
    const { code, stdout } = await runCli(['stop', 'api'], { cwd: shop.dir })
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain('stopped')
    await child.ended
    // Not by a signal: one that nobody has reaped yet would count as alive.
    expect(await processFacts(Number(pid))).toBeUndefined()
    expect(await isFree(port)).toBe(true)
  })

  test('that another checkout runs is not ended without a question', async () => {
    using other = project()
    const port = await freePort()
    await using child = startRun(['--port', String(port), node, server])
    await textAt(port)
    const { code } = await runCli(['stop', String(port)], { cwd: other.dir })
    expect(code).toBe(EXIT.refused)
    expect(await textAt(port)).toMatch(/^http\.mjs/)
    expect(child.process.exitCode).toBeNull()
  })
})

describe('the command', () => {
  test.each([
    [[node, '-e', 'process.exit(7)'], 7],
    [['exit 5 ; true'], 5],
    [['no-such-command-anywhere'], 127],
    [[node, '-e', 'process.kill(process.pid, "SIGKILL")'], 137],
  ] as const)('%j ends with %d', async (line, code) => {
    const result = await runCli(['run', '--quiet', ...line], { cwd: shop.dir })
    expect(result.code).toBe(code)
    expect(result.stdout).toBe('')
  })

  test('keeps its flags, and its stdin and output', async () => {
    await using child = startNode(
      [
        cliFile,
        'run',
        '-q',
        '--',
        node,
        '-e',
        'process.stdin.pipe(process.stdout)',
        '--',
        '--help',
      ],
      { cwd: shop.dir, stdio: ['pipe', 'pipe', 'pipe'] },
    )
    child.process.stdin?.end('through and through')
    expect((await child.ended).code).toBe(0)
    expect(child.output()).toBe('through and through')
    const help = await runCli(['run', '-q', node, '-p', '1', '--help'], { cwd: shop.dir })
    expect(help.stdout).toContain('Usage: node')
  })

  test('gets signals, and says how it ended', async () => {
    await using child = startRun([
      node,
      '-e',
      'process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1000); console.log("up")',
    ])
    await child.sees(/up/)
    child.process.kill('SIGTERM')
    expect((await child.ended).code).toBe(3)
  })

  test('has the terminal, and Ctrl-C once', async () => {
    shop.write({
      'tty.mjs': `let count = 0
process.on('SIGINT', () => { count++; setTimeout(() => { console.log('got ' + count); process.exit(4) }, 300) })
setInterval(() => {}, 1000)
console.log('terminal ' + process.stdout.isTTY)`,
    })
    await using terminal = startInTerminal(['run', '-q', node, 'tty.mjs'], { cwd: shop.dir })
    await terminal.sees(/terminal true/)
    terminal.type('\u0003')
    await terminal.sees(/got 1/)
    expect((await terminal.ended).code).toBe(4)
  })

  test('is left alone with PORTS=0', async () => {
    const env = await variables([], { PORTS: '0', PORT: '' })
    expect(env.PORT).toBe('')
    expect(env.APP_PORT).toBeUndefined()
    expect(env.NODE_OPTIONS ?? '').not.toContain('preload')
    const { code } = await runCli(['run', node, '-e', 'process.exit(9)'], {
      cwd: shop.dir,
      env: { PORTS: '0' },
    })
    expect(code).toBe(9)
  })

  test.skipIf(process.platform !== 'linux')(
    'leaves no orphan when ports itself is killed',
    async () => {
      const port = await freePort()
      await using child = startRun(['--port', String(port), node, server])
      const [, pid = ''] = /(\d+)$/.exec(await textAt(port)) ?? []
      await child.end('SIGKILL')
      await until(() => {
        try {
          return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
        } catch {
          return true
        }
      })
      await until(() => isFree(port))
    },
  )
})

describe('a bundler’s plugin inside', () => {
  test('has the port that is held for it, in the server, the block and the summary', async () => {
    const port = await freePort()
    shop.write({
      'vite.config.js': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports({ services: { api: {} } })] }`,
      'index.html': '<p>inside</p>',
    })
    const vite = join(repo, 'node_modules/vite/bin/vite.js')
    await using child = startRun(['--port', String(port), node, vite])
    await child.sees(/dev +http:[^]*api/)
    expect(child.output()).toContain(`Local:   http://localhost:${port}/`)
    expect(child.output()).toMatch(new RegExp(`dev +http://localhost:${port}/ +from PORT`))
    expect(await textAt(port)).toContain('inside')
    const { DEV_PORT } = parseEnv(readFileSync(join(shop.dir, '.env.local'), 'utf8'))
    expect(DEV_PORT).toBe(String(port))
    // A restart of the server inside keeps the port, whoever else wants it.
    await using rival = await rivalOf(port)
    shop.write({
      'vite.config.js': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports({ services: { api: {}, db: {} } })] }`,
    })
    await child.sees(/server restarted/)
    await until(async () => (await get(`http://localhost:${port}/`)).text.includes('inside'))
    expect(child.output()).not.toContain('was faster')
    expect(rival.output()).not.toContain('won')
  })
})

describe('a bundler’s plugin that another tool starts', () => {
  test.each([
    ['PORT', {}],
    ['CONDUCTOR_PORT', {}],
    ['PORT', { PORTLESS_URL: 'https://shop.localhost' }],
  ])('uses %s with %j, and says so', async (variable, more) => {
    const port = await freePort()
    shop.write({
      'vite.config.js': `import ports from 'unplugin-ports/vite'
export default { plugins: [ports()] }`,
      'index.html': '<p>inside</p>',
    })
    const env = { PORT: '', CONDUCTOR_PORT: '', [variable]: String(port), ...more }
    await using child = startNode([join(repo, 'node_modules/vite/bin/vite.js')], {
      cwd: shop.dir,
      env: { ...env, COLUMNS: '120' },
    })
    await child.sees(/Ports:[^]*hmr/)
    const url = 'PORTLESS_URL' in more ? 'https://shop.localhost' : `http://localhost:${port}`
    const before = 'PORTLESS_URL' in more ? `; PORTLESS_URL is before port ${port}` : ''
    expect(child.output()).toContain(`dev   ${url}/   from ${variable} (1 attempt)${before}`)
    expect(parseEnv(readFileSync(join(shop.dir, '.env.local'), 'utf8'))).toMatchObject({
      DEV_PORT: String(port),
      DEV_URL: url,
    })
    expect(await textAt(port)).toContain('inside')
  })
})

test('a command line that makes no sense', async () => {
  const lines: [string[], RegExp][] = [
    [['run'], /needs <command…>/],
    [['run', '--port', 'x', 'true'], /--port should be a port/],
    [['run', '--range', '9-1', 'true'], /--range should be a range/],
    [['run', '--prt', '1', 'true'], /Did you mean --port\?/],
  ]
  for (const [line, says] of lines) {
    const { code, stderr } = await runCli(line, { cwd: shop.dir })
    expect(code).toBe(EXIT.usage)
    expect(stderr).toMatch(says)
  }
})
