import { relative, resolve } from 'node:path'
import { install, writeChange } from '../../init/carry-out.ts'
import { renderDiff } from '../../init/diff.ts'
import { type FileChange, type InitPlan, installCommand, planInit } from '../../init/plan.ts'
import type { RunCommand } from '../command.ts'
import { confirm } from '../confirm.ts'
import { EXIT } from '../exit-codes.ts'
import type { CommandInput } from '../input.ts'
import type { Io } from '../io.ts'

type Result = 'written' | 'planned' | 'failed' | 'not-asked' | 'declined' | InitPlan['kind']

const CODES: Record<Result, number> = {
  written: EXIT.ok,
  planned: EXIT.ok,
  already: EXIT.ok,
  change: EXIT.failed,
  failed: EXIT.failed,
  paste: EXIT.failed,
  recipe: EXIT.failed,
  unknown: EXIT.failed,
  'not-asked': EXIT.refused,
  declined: EXIT.refused,
}

/** `ports init` */
export const run: RunCommand = async (input, io) => {
  const { cwd } = input.world
  const [named] = input.args
  const plan = await planInit(cwd, named === undefined ? undefined : resolve(cwd, named))
  const isJson = input.has('json')
  if (!isJson) printPlan(plan, cwd, io)
  const problems: string[] = []
  const result = await carryOut(plan, input, io, problems)
  if (isJson) io.json(toJson(plan, result, problems))
  else printResult(plan, result, problems, input, io)
  return CODES[result]
}

async function carryOut(
  plan: InitPlan,
  input: CommandInput,
  io: Io,
  problems: string[],
): Promise<Result> {
  const { kind, installWith } = plan
  if (kind !== 'change') return kind
  if (input.has('dry-run')) return 'planned'
  if (!input.has('yes')) {
    if (!io.canAsk || input.has('json')) return 'not-asked'
    if (!(await confirm('Write this?'))) return 'declined'
  }
  let { changes } = plan
  // Before the config is changed, which without the package would not start any more.
  if (input.has('install') && installWith) {
    const code = await install(installWith, input.world.cwd)
    if (code !== 0) {
      problems.push(`\`${installCommand(installWith)}\` failed, so nothing is changed.`)
      return 'failed'
    }
    // The package manager has just written package.json, too.
    changes = (await planInit(input.world.cwd, plan.config)).changes
  }
  for (const change of changes) {
    const problem = writeChange(change)
    if (problem !== undefined) problems.push(`${change.path} ${problem}.`)
  }
  return problems.length > 0 ? 'failed' : 'written'
}

function printPlan({ bundler, config, changes, why, advice }: InitPlan, cwd: string, io: Io): void {
  if (why !== undefined) io.err(why)
  if (advice !== undefined) io.out(advice)
  if (bundler && config && changes.length > 0) io.out(`${bundler}: ${relative(cwd, config)}`)
  for (const change of changes) printDiff(change, cwd, io)
}

function printDiff({ path, before, after }: FileChange, cwd: string, io: Io): void {
  const name = relative(cwd, path)
  io.out('')
  io.out(io.colors.bold(`${name}${before === undefined ? ' (new)' : ''}`))
  for (const line of renderDiff(before ?? '', after)) {
    const paint = line.startsWith('+')
      ? io.colors.green
      : line.startsWith('@@')
        ? io.colors.cyan
        : io.colors.dim
    io.out(paint(line))
  }
}

function printResult(
  { notes, installWith }: InitPlan,
  result: Result,
  problems: readonly string[],
  input: CommandInput,
  io: Io,
): void {
  for (const problem of problems) io.err(problem)
  const said: Partial<Record<Result, string>> = {
    written: 'Written.',
    planned: 'Nothing is written: --dry-run.',
    declined: 'Nothing is written.',
  }
  const text = said[result]
  if (text !== undefined) io.out(`\n${text}`)
  if (result === 'not-asked') {
    io.err('\nNothing is written: nobody can be asked here; --yes agrees to it.')
  }
  for (const note of notes) io.err(note)
  const toInstall = installWith && !input.has('install') && result !== 'unknown'
  if (toInstall) io.out(`Then install it: ${installCommand(installWith)}`)
}

function toJson(plan: InitPlan, result: Result, problems: readonly string[]): object {
  const { bundler, config, changes, why, advice, notes, installWith } = plan
  return {
    v: 1,
    result,
    ...(bundler && { bundler }),
    ...(config && { config }),
    files: changes.map(({ path, before, after }) => ({
      path,
      created: before === undefined,
      diff: renderDiff(before ?? '', after),
    })),
    ...(why !== undefined && { why }),
    ...(advice !== undefined && { advice }),
    notes: [...notes, ...problems],
    ...(installWith && { install: installCommand(installWith) }),
  }
}
