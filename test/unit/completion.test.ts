import { array, assert, asyncProperty, constantFrom, oneof, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { complete, type LiveValues } from '../../src/cli/completion/complete.ts'
import { renderScript, SHELLS } from '../../src/cli/completion/scripts.ts'

const LIVE: LiveValues = {
  services: [
    { value: 'api', text: 'port 3000' },
    { value: 'dev', text: 'port 5173' },
  ],
  ports: [
    { value: '3000', text: 'api' },
    { value: '5173', text: 'dev' },
    { value: '5174', text: 'dev in ../shop' },
  ],
}

/** The values that are offered for a line whose last word is being typed. */
async function offered(...words: string[]): Promise<string[] | string> {
  const found = await complete(words, COMMANDS, async () => LIVE)
  if (found.offer === 'directories') return found.offer
  if (found.offer === 'command') return `command ${found.from}`
  return found.offer.map(({ value }) => value)
}

describe('what may stand there', () => {
  const cases: [words: string[], values: string[] | string][] = [
    [['w'], ['who', 'wait']],
    [['-'], ['--json', '--cwd', '--help']],
    [['--json', 'rel'], ['release']],
    [['--cwd', ''], 'directories'],
    [['-C', ''], 'directories'],
    [['help', 'exp'], ['explain']],
    [
      ['who', ''],
      ['api', 'dev', '3000', '5173', '5174'],
    ],
    [
      ['who', 'api', ''],
      ['dev', '3000', '5173', '5174'],
    ],
    [
      ['who', '51'],
      ['5173', '5174'],
    ],
    [
      ['explain', ''],
      ['api', 'dev'],
    ],
    [['explain', 'api', ''], []],
    [['list', ''], []],
    [['list', '--w'], ['--watch']],
    [
      ['wait', '--timeout', ''],
      ['10s', '30s', '1m', '14d'],
    ],
    [['wait', '--timeout', '30s', 'a'], ['api']],
    [
      ['wait', '--healthy', '--'],
      ['--gone', '--timeout', '--any', '--json', '--cwd', '--help'],
    ],
    [
      ['env', '--format', ''],
      ['dotenv', 'shell', 'json', 'compose', 'vscode'],
    ],
    [['env', '--format', '=', 'j'], ['json']],
    [['env', '-f', 'v'], ['vscode']],
    [['completions', 'p'], ['powershell']],
    [['run', '--name', 'a'], ['api']],
    [['run', '--name', 'api', ''], 'command 3'],
    [['run', '--', 'node', '--'], 'command 2'],
    [['run', 'node', '--fl'], 'command 1'],
  ]
  test.each(cases)('%j', async (words, values) => {
    expect(await offered(...words)).toEqual(values)
  })

  test('every command and every flag', async () => {
    const names = COMMANDS.map(({ name }) => name)
    expect(await offered('')).toEqual([...names, 'help'])
    for (const { name, flags } of COMMANDS) {
      const found = await offered(name, '--')
      for (const flag of Object.keys(flags)) expect(found).toContain(`--${flag}`)
    }
  })

  test('whatever is typed, what is offered begins with it', async () => {
    const known = ['who', 'wait', 'run', 'help', '--', '-C', '--timeout', '=', '--json', 'api', '']
    const word = oneof(constantFrom(...known), string({ maxLength: 6 }))
    await assert(
      asyncProperty(array(word, { minLength: 1, maxLength: 6 }), async (words) => {
        const found = await offered(...words)
        if (!Array.isArray(found)) return
        const typed = words.at(-1) === '=' ? '' : (words.at(-1) ?? '')
        expect(found.filter((value) => !value.startsWith(typed))).toEqual([])
      }),
    )
  })

  test('the machine is asked only for what is offered', async () => {
    const never = (): Promise<LiveValues> => Promise.reject(new Error('asked'))
    await expect(complete(['wai'], COMMANDS, never)).resolves.toBeDefined()
    await expect(complete(['list', '--'], COMMANDS, never)).resolves.toBeDefined()
    await expect(complete(['who', ''], COMMANDS, never)).rejects.toThrow('asked')
  })
})

test.each(SHELLS)(
  'the script for %s calls the hidden command and leaves no placeholder',
  (shell) => {
    const script = renderScript(shell)
    expect(script).toContain(' complete ')
    expect(script).toContain(':directories')
    expect(script).not.toMatch(/undefined|\\\$/)
    expect(script.endsWith('\n')).toBe(true)
  },
)
