import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { SHELLS } from '../../src/cli/completion/scripts.ts'
import { findProgram } from '../../src/utils/find-program.ts'
import { cliFile, project, runCli, runJson, startSession } from '../_utils/cli.ts'
import { freePort } from '../_utils/sockets.ts'

test.each(SHELLS)('ports completions %s prints a script', async (shell) => {
  const { code, stdout, stderr } = await runCli(['completions', shell])
  expect({ code, stderr }).toEqual({ code: EXIT.ok, stderr: '' })
  expect(stdout).toContain(' complete ')
  expect(await runJson(['completions', shell])).toEqual({ v: 1, code: 0, shell, script: stdout })
})

test('an unknown shell is a mistake', async () => {
  const { code, stderr } = await runCli(['completions', 'fih'])
  expect(code).toBe(EXIT.usage)
  expect(stderr).toContain('Unknown shell "fih". Did you mean fish?')
})

test('the services and ports of this moment are offered, this checkout’s first', async () => {
  using root = project()
  const port = await freePort()
  await using _session = await startSession(root.dir, `held:api=${port}`)
  const { stdout } = await runCli(['complete', '1', '--', 'who', ''], { cwd: root.dir })
  const lines = stdout.trim().split('\n')
  expect(lines[0]).toBe(`api\tport ${port}`)
  expect(lines[1]).toBe(`${port}\tapi`)
  const short = await runCli(['complete', '1', '--', 'explain'], { cwd: root.dir })
  expect(short.stdout).toBe(`api\tport ${port}\n`)
  const { code } = await runCli(['complete', 'x', '--', ''])
  expect(code).toBe(EXIT.usage)
})

describe.skipIf(!findProgram('bash', process.env, process.platform))('in a real bash', () => {
  /** What bash offers for a line with the cursor at its end. */
  function replies(dir: string, line: string, lastWord?: string): string[] {
    const words = line.split(' ')
    if (lastWord !== undefined) words.push(lastWord)
    const script = `
ports() { "${process.execPath}" "${cliFile}" "$@"; }
source <(ports completions bash)
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
COMP_LINE='${line}'
_ports_complete
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p ports`
    const said = execFileSync('bash', ['--norc', '-c', script], { cwd: dir, encoding: 'utf8' })
    const lines = said.trimEnd().split('\n')
    expect(lines.pop()).toBe('complete -F _ports_complete ports')
    return lines.filter(Boolean)
  }

  test('commands, flags, values, directories and other programs are completed', () => {
    using root = project({ 'sub/file.txt': '', 'other/file.txt': '' })
    expect(replies(root.dir, 'ports re')).toEqual(['release', 'reconcile'])
    expect(replies(root.dir, 'ports wait --he')).toEqual(['--healthy', '--help'])
    expect(replies(root.dir, 'ports env --format', '')).toContain('compose')
    expect(replies(root.dir, 'ports --cwd su')).toEqual(['sub'])
    expect(replies(root.dir, 'ports run bas')).toContain('bash')
    expect(replies(root.dir, 'ports run cat package.j')).toEqual(['package.json'])
    expect(replies(root.dir, 'ports list', '')).toEqual([])
  })

  test('what bash-completion knows of other programs is used', () => {
    using root = project()
    const script = `
_command_offset() { COMPREPLY=("from-$1"); }
ports() { "${process.execPath}" "${cliFile}" "$@"; }
source <(ports completions bash)
COMP_WORDS=(ports run --name api git comm) COMP_CWORD=5
_ports_complete
echo "\${COMPREPLY[@]}"`
    const said = execFileSync('bash', ['--norc', '-c', script], { cwd: root.dir, encoding: 'utf8' })
    expect(said).toBe('from-4\n')
  })
})

describe('the other shells', () => {
  const checks = [
    ['zsh', ['zsh', '-n']],
    ['fish', ['fish', '--no-execute']],
  ] as const
  test.each(checks)('%s can read its script', async (shell, [program = '', ...args]) => {
    const path = findProgram(program, process.env, process.platform)
    const { stdout } = await runCli(['completions', shell])
    using root = project({ script: stdout })
    if (path) execFileSync(path, [...args, join(root.dir, 'script')])
    else expect(stdout).toContain(`# ports completions ${shell}`)
  })
})
