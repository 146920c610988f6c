import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { CHECKS } from '../../src/doctor/checks.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { project, runCli, runJson, startSession, startStranger } from '../_utils/cli.ts'
import { initRepo } from '../_utils/git.ts'
import { freePort, freeRange } from '../_utils/sockets.ts'
import { type TempRoot, tempRoot } from '../_utils/temp.ts'

interface Answer {
  readonly ok: boolean
  readonly findings: readonly (Finding & { fixable: boolean; fixed?: string })[]
  readonly checked: readonly string[]
  readonly skipped: readonly unknown[]
}

let state: TempRoot
let env: Record<string, string>

beforeEach(() => {
  state = tempRoot()
  chmodSync(state.dir, 0o700)
  env = { PORTS_STATE_DIR: state.dir }
})
afterEach(() => state[Symbol.dispose]())

/** What it says of the project; leases and addresses are the machine's, and other tests' too. */
async function examine(dir: string, ...args: string[]): Promise<Answer & { code: number | null }> {
  const answer = await runJson<Answer>(['doctor', ...args], { cwd: dir, env })
  const machine = new Set(['leases', 'localhost', 'ipv6', 'ephemeral-range', 'node', 'versions'])
  const findings = answer.findings.filter(({ code }) => !machine.has(code))
  return { ...answer, findings }
}

describe('ports doctor', () => {
  test('makes every check, in a project without a config and in an empty directory', async () => {
    using shop = project()
    using empty = tempRoot()
    for (const { dir } of [shop, empty]) {
      const answer = await examine(dir)
      expect(answer.checked).toEqual(CHECKS.map(({ name }) => name))
      expect(answer.skipped).toEqual([])
      expect(answer.findings).toEqual([])
    }
  })

  test('says what is wrong and what to do, and exits with 1', async () => {
    using shop = project({
      'ports.config.json': '{ "services": { "irc": 6667 } }',
      'src/main.js': "fetch('http://localhost:3000/items')\n",
    })
    const { code, stdout } = await runCli(['doctor'], { cwd: shop.dir, env })
    expect(code).toBe(EXIT.failed)
    expect(stdout).toContain('error  blocked-port\n  services.irc.preferred is 6667')
    expect(stdout).toMatch(
      /warning {2}hard-coded-port\n {2}src\/main\.js:1 says http:\/\/localhost:3000/,
    )
    expect(stdout).toMatch(/^\d+ errors?, \d+ warnings?/m)
  })

  test('knows the ports that a bundler’s config says, unless they are computed or wrong', async () => {
    const config = (argument: string) => ({
      'vite.config.ts': `import ports from 'unplugin-ports/vite'\nexport default { plugins: [ports(${argument})] }\n`,
      'ports.config.json': '{ "services": { "mail": 6665 } }',
    })
    const portsFor = async (argument: string): Promise<unknown> => {
      using shop = project(config(argument))
      return (await examine(shop.dir)).findings.map(({ port }) => port).toSorted()
    }
    expect(await portsFor('{ services: { irc: { preferred: 6667 }, mail: {} } }')).toEqual([
      6665, 6667,
    ])
    expect(await portsFor('{ services: { irc: { preferred: a.port } } }')).toEqual([6665])
    expect(await portsFor('{ services: { irc: { preferred: "x" } } }')).toEqual([6665])
  })

  test('a config that can’t be read is a finding; the other checks are made', async () => {
    using shop = project({
      'ports.config.mjs': 'export default {',
      'src/main.js': "x('ws://localhost:3000')",
    })
    const answer = await examine(shop.dir)
    expect(answer.code).toBe(EXIT.failed)
    expect(answer.findings.map(({ code }) => code)).toEqual(['config', 'hard-coded-port'])
    expect(answer.checked).toContain('versions')
  })

  test('a config that never ends does not keep it', async () => {
    using shop = project({ 'ports.config.mjs': 'export default () => new Promise(() => {})' })
    const answer = await examine(shop.dir)
    expect(answer.findings).toMatchObject([{ code: 'config', severity: 'error' }])
  })

  test('--fix repairs what is safe, says so, and the next time all is well', async () => {
    using shop = project()
    initRepo(shop.dir)
    shop.write({
      '.env.local':
        '# >>> unplugin-ports: written at every start, edits inside are lost\nDEV_PORT=1\n# <<< unplugin-ports\n',
    })
    mkdirSync(join(state.dir, 'roots'))
    const junk = join(state.dir, 'roots', 'junk-0123456789abcdef.json')
    writeFileSync(junk, '{{{')
    chmodSync(state.dir, 0o777)
    const before = await examine(shop.dir)
    expect(before.code).toBe(EXIT.failed)
    expect(before.findings.map(({ code, fixable }) => [code, fixable])).toEqual([
      ['state-directory', true],
      ['memory', true],
      ['env-tracked', true],
    ])
    expect(existsSync(junk)).toBe(true)

    const { stdout } = await runCli(['doctor', '--fix'], { cwd: shop.dir, env })
    expect(stdout.match(/^fixed /gm)).toHaveLength(3)
    expect(stdout).toContain('3 fixed')
    expect((await examine(shop.dir)).findings).toEqual([])
    expect(existsSync(junk)).toBe(false)
    expect(statSync(state.dir).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(shop.dir, '.gitignore'), 'utf8')).toBe('.env.local\n')
  })

  test('a block that says something else than what runs', async () => {
    using shop = project()
    using other = project()
    const [from] = await freeRange(2)
    await using session = await startSession(shop.dir, env, `leased:api=${from}`)
    await using _ = await startSession(other.dir, env, `leased:web=${from + 1}`)
    // The session looks after its own file; this one was copied from somewhere.
    const write = (api: number): void =>
      shop.write({
        '.env.development.local': `# >>> unplugin-ports: written at every start, edits inside are lost\nAPI_PORT=${api}\nWEB_PORT=${from + 1}\n# <<< unplugin-ports\n`,
      })
    write(from)
    const foreign = (await examine(shop.dir)).findings
    expect(foreign).toMatchObject([{ code: 'env-block', port: from + 1 }])
    expect(foreign[0]?.message).toContain(`"web" of ${other.dir}`)
    write(from + 5)
    const stale = (await examine(shop.dir)).findings
    expect(stale[0]?.message).toContain(`"api" runs on ${from}`)
    expect(session.process.exitCode).toBeNull()
  })

  test('a lease on which a stranger’s server stands', async () => {
    using shop = project()
    using other = project()
    const port = await freePort()
    await using _ = await startSession(shop.dir, env, `leased:db=${port}`)
    await using server = await startStranger(other.dir, port)
    const { findings, code } = await runJson<Answer>(['doctor'], { cwd: shop.dir, env })
    expect(code).toBe(EXIT.failed)
    const found = findings.find((finding) => finding.code === 'leases' && finding.port === port)
    expect(found).toMatchObject({ severity: 'error', service: 'db' })
    expect(found?.message).toContain(`pid ${server.pid}`)
  })

  test('notes alone are no failure', async () => {
    using shop = project()
    mkdirSync(join(state.dir, 'roots'))
    shop.write({ 'ports.config.json': '{ "services": { "api": { "host": true } } }' })
    const answer = await examine(shop.dir)
    expect(answer.findings).toMatchObject([{ code: 'open-host', severity: 'note', service: 'api' }])
    const { findings } = await runJson<Answer>(['doctor'], { cwd: shop.dir, env })
    const worse = findings.some(({ severity }) => severity !== 'note')
    expect(answer).toMatchObject({ ok: !worse, code: worse ? EXIT.failed : EXIT.ok })
  })

  test('many findings of one kind are cut short for people', async () => {
    using shop = project({ 'src/main.js': "fetch('http://localhost:3000')\n".repeat(30) })
    const { stdout } = await runCli(['doctor'], { cwd: shop.dir, env })
    expect(stdout.match(/hard-coded-port$/gm)).toHaveLength(10)
    expect(stdout).toContain('… and 20 more of hard-coded-port; --json has all.')
    expect((await examine(shop.dir)).findings).toHaveLength(30)
  })
})
