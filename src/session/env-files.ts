import { isAbsolute, join, relative, resolve } from 'node:path'
import type { FileVariable } from '../options/wishes.ts'
import { readEnvBlock } from '../output/env-block.ts'
import { readEnvText } from '../output/env-file.ts'
import { scanEnv } from '../output/env-scan.ts'

/** What the env files of a root say at the start of a run. */
export interface EnvFiles {
  /** The file with the managed block; absent when none is written. */
  readonly blockFile: string | undefined
  /** Its name for people, relative to the root. */
  readonly blockName: string | undefined
  /** Where they are, or would be; absolute, the one that wins last. */
  readonly paths: readonly string[]
  /** Variables that people set, the one that wins last. */
  readonly users: readonly FileVariable[]
  /** Variables that the last run wrote. */
  readonly block: ReadonlyMap<string, string>
}

/**
 * @param names Env files that the bundler reads, in its order.
 * @param blockName File for the managed block, relative to `directory`.
 */
export function readEnvFiles(
  root: string,
  directory: string,
  names: readonly string[],
  blockName: string | undefined,
): EnvFiles {
  const blockFile = blockName === undefined ? undefined : resolve(directory, blockName)
  const files = names.map((name) => join(directory, name))
  // A file that the bundler doesn't read counts least.
  if (blockFile && !files.includes(blockFile)) files.unshift(blockFile)
  let block: ReadonlyMap<string, string> = new Map()
  const users: FileVariable[] = []
  for (const path of files) {
    const text = readEnvText(path)
    if (text === undefined) continue
    const file = nameFor(path, root)
    for (const { name, value, line } of scanEnv(text)) users.push({ name, value, file, line })
    if (path === blockFile) block = readEnvBlock(text)
  }
  const shownName = blockFile && nameFor(blockFile, root)
  return { blockFile, blockName: shownName, paths: files, users, block }
}

function nameFor(path: string, root: string): string {
  const name = relative(root, path)
  return name && !name.startsWith('..') && !isAbsolute(name) ? name : path
}
