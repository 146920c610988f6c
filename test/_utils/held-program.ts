import { join } from 'node:path'
import type { Allocation, Options } from '../../src/types.ts'
import { type Child, startNode } from './children.ts'
import { repo } from './temp.ts'

/** A process that holds the services of one root. */
export interface Program extends Child {
  /** What it got, by service. */
  got(): Promise<Record<string, Pick<Allocation, 'port' | 'source' | 'attempts'>>>
}

/** Starts a program that reserves `options` with the directory as its root, and keeps that until its end. */
export function startProgram(
  root: string,
  options: Options,
  env: Record<string, string> = {},
): Program {
  const file = join(repo, 'test/fixtures/programs/reserve.mjs')
  const child = startNode([file, JSON.stringify(options)], { cwd: root, env })
  return Object.assign(child, {
    got: async () => JSON.parse((await child.sees(/^got (.*)$/m))[1] ?? '') as never,
  })
}
