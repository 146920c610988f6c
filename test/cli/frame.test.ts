import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { cliFile, project, runCli, runJson } from '../_utils/cli.ts'
import { startNode } from '../_utils/children.ts'
import { repo } from '../_utils/temp.ts'

const names = COMMANDS.map(({ name }) => name)

test('the version is the package’s', async () => {
  const { version } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as {
    version: string
  }
  for (const flag of ['--version', '-v']) {
    expect(await runCli([flag])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  }
})

test('the version loads no module but the entry', async () => {
  const trace = `import { registerHooks } from 'node:module'
registerHooks?.({ load: (url, context, next) => (console.error(url), next(url, context)) })`
  await using child = startNode([
    '--import',
    `data:text/javascript,${encodeURIComponent(trace.replace('{ registerHooks }', '* as m').replace('registerHooks?.', 'm.registerHooks?.'))}`,
    cliFile,
    '--version',
  ])
  await child.ended
  const loaded = child.output().match(/^file:.*$/gm) ?? []
  // Node 20 has no such hooks; there the line is simply not seen.
  expect(loaded.filter((url) => !url.endsWith('/dist/cli.mjs'))).toEqual([])
})

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout } = await runCli(['--help'])
    expect(code).toBe(EXIT.ok)
    for (const { name, summary } of COMMANDS) {
      expect(stdout).toContain(`  ${name}`)
      expect(stdout.replace(/\s+/g, ' ')).toContain(summary)
    }
    expect((await runCli(['help'])).stdout).toBe(stdout)
  })

  test.each(names)('of %s fits 80 columns and has examples and exit codes', async (name) => {
    const { code, stdout, stderr } = await runCli([name, '--help'])
    expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    const spec = COMMANDS.find((command) => command.name === name)
    expect(spec?.examples.length).toBeGreaterThan(0)
    for (const [example] of spec?.examples ?? []) expect(stdout).toContain(example)
    for (const [exit] of spec?.exits ?? []) expect(stdout).toMatch(new RegExp(`^  ${exit} `, 'm'))
    for (const flag of Object.keys(spec?.flags ?? {})) expect(stdout).toContain(`--${flag}`)
  })

  test('of a command can be asked for before it and by name', async () => {
    const own = await runCli(['who', '--help'])
    expect(await runCli(['help', 'who'])).toEqual(own)
    expect(await runCli(['who', '-h'])).toEqual(own)
  })
})

describe('a command line that makes no sense', () => {
  const cases: [line: string[], says: RegExp][] = [
    [['whoo'], /Unknown command "whoo"\. Did you mean `ports who`\?/],
    [['frobnicate'], /Unknown command "frobnicate"\. Known: list, dev, who/],
    [['rnu', 'node', 'api.js'], /Did you mean `ports run`\?/],
    [['ls'], /Did you mean `ports list`\?/],
    [['stpo', '3000'], /Did you mean `ports stop`\?/],
    [['evn'], /Did you mean `ports env`\?/],
    [['frobnicate'], /Known: list, dev, who/],
    [['5173'], /Did you mean `ports who 5173`\?/],
    [['help', 'chek'], /Did you mean `ports check`\?/],
    [['list', '--wach'], /Unknown flag --wach\. Did you mean --watch\?/],
    [['who', '80', '-x'], /Unknown flag -x\. Known: --json/],
    [['who', '80', '--__proto__'], /Unknown flag --__proto__/],
    [['who'], /needs <port\|service…>/],
    [['explain', 'a', 'b'], /can't do anything with "b"/],
    [['list', 'x'], /can't do anything with "x"/],
    [['who', '70000'], /"70000" should be a port from 1 to 65535/],
    [['who', '0'], /"0" should be a port/],
    [['check', 'api'], /"api" should be a port/],
    [['check', '3010-3000'], /"3010-3000" should be a port/],
    [['wait', '80', '--timeout', 'soon'], /--timeout should be a time such as 30s.*"soon"/],
    [['wait', '80', '--timeout'], /--timeout needs a value: --timeout <time>/],
    [['wait', '80', '--timeout', '--any'], /--timeout needs a value/],
    [['wait', '80', '--any=yes'], /--any takes no value/],
    [['wait', '80', '--healthy', '--gone'], /opposites/],
    [['wait', 'http://'], /should be a URL/],
    [['env', '--format', 'yaml'], /Unknown format "yaml"/],
    [['env', '--format', 'jsn'], /Did you mean json\?/],
    [['release'], /needs <service\|port…>, or --dynamic/],
    [['release', 'api', '--dynamic'], /finds the ports by itself/],
    [['list', '--watch'], /--watch needs a terminal/],
    [['list', '--cwd', '/no/such/place'], /no directory/],
  ]
  test.each(cases)('%j', async (line, says) => {
    using root = project()
    const { code, stdout, stderr } = await runCli(line, { cwd: root.dir })
    expect(stderr).toMatch(says)
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: '' })
    expect(stderr).toMatch(/See `ports ([a-z]+ )?--help`\.\n$/)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  test('is one document with --json', async () => {
    const answer = await runJson<{ error: { code: string; message: string } }>(['who', '0'])
    expect(answer).toMatchObject({ v: 1, code: EXIT.usage, error: { code: 'PORTS_USAGE' } })
    expect(answer.error.message).toContain('"0" should be a port')
  })
})

test('global flags may stand before the command', async () => {
  using root = project()
  const { code, stdout } = await runCli(['--json', '--cwd', root.dir, 'check', '1-3'])
  expect([0, 1]).toContain(code)
  expect(JSON.parse(stdout)).toHaveProperty('ports')
})

describe('colours', () => {
  const isColoured = async (env: Record<string, string>): Promise<boolean> => {
    const { stdout } = await runCli(['check', '9'], { env })
    return stdout !== stripVTControlCharacters(stdout)
  }
  test('are only for terminals, or where they are asked for', async () => {
    expect(await isColoured({ NO_COLOR: '' })).toBe(false)
    expect(await isColoured({ NO_COLOR: '', CI: 'true' })).toBe(false)
    expect(await isColoured({ NO_COLOR: '', FORCE_COLOR: '1' })).toBe(true)
    expect(await isColoured({ NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
  })
})

test('a reader that goes away is no failure', async () => {
  const child = spawn(process.execPath, [cliFile, 'check', '20000-40000', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = (await once(child, 'close')) as [number]
  expect(errors).toBe('')
  expect([EXIT.ok, EXIT.failed]).toContain(code)
})
