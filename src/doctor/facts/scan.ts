import { type Dirent, readdirSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { findEnvBlocks } from '../../output/env-block.ts'
import { readText } from '../../utils/read-text.ts'
import type { ScannedFile } from '../checks/hard-coded.ts'

/** Bounds of a look through a project: it must be quick in any. */
export interface ScanLimits {
  /** Files that are read. @default 2000 */
  readonly files?: number
  /** Time for all of it, in milliseconds. @default 2000 */
  readonly ms?: number
}

/** What was read. */
export interface Scan {
  readonly files: readonly ScannedFile[]
  /** No limit was met. */
  readonly complete: boolean
}

/** Longer files were written by a program. */
const MAX_BYTES = 256 * 1024
const CODE = new Set([
  '.js',
  '.mjs',
  '.cjs',
  '.ts',
  '.mts',
  '.cts',
  '.jsx',
  '.tsx',
  '.vue',
  '.svelte',
  '.astro',
])
/** Built, installed, or only about how something is tested. */
const SKIPPED = new Set([
  'node_modules',
  'bower_components',
  'vendor',
  'dist',
  'build',
  'out',
  'output',
  'coverage',
  'target',
  'public',
  'docs',
  'examples',
  'fixtures',
  '__fixtures__',
  '__tests__',
  '__mocks__',
  'test',
  'tests',
])
const TEST_FILE = /\.(?:test|spec|stories|d|min)\.\w+$/

/** Reads configs, env files and code below `root`, what lies higher first. Never throws. */
export async function scanFiles(
  root: string,
  { files: maxFiles = 2000, ms = 2000 }: ScanLimits = {},
): Promise<Scan> {
  const end = performance.now() + ms
  const files: ScannedFile[] = []
  const queue = [root]
  for (const dir of queue) {
    for (const entry of entriesOf(dir)) {
      if (files.length >= maxFiles || performance.now() > end) return { files, complete: false }
      const path = join(dir, entry.name)
      if (entry.isDirectory() && !isSkipped(entry.name)) queue.push(path)
      // Links are passed over: they may lead in circles, or out of the project.
      if (!entry.isFile() || !isOfInterest(entry.name)) continue
      const text = await textOf(path)
      if (text !== undefined) files.push({ path, text })
    }
  }
  return { files, complete: true }
}

function isSkipped(name: string): boolean {
  return name.startsWith('.') || SKIPPED.has(name)
}

/** Whether a file of that name is read. */
export function isOfInterest(name: string): boolean {
  if (name === 'package.json' || /^\.env(?:\.|$)/.test(name))
    return !/\.(?:example|sample|template)$/.test(name)
  // What says which ports there are may say ports.
  if (name.startsWith('ports.config.')) return false
  return CODE.has(extname(name)) && !TEST_FILE.test(name)
}

function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch {
    return []
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > MAX_BYTES) return undefined
    const text = readText(path, MAX_BYTES)
    return basename(path).startsWith('.env') ? withoutBlocks(text) : text
  } catch {
    // Gone meanwhile, too long, or not ours to read.
    return undefined
  }
}

/** The same lines, those of the managed block empty. */
function withoutBlocks(text: string): string {
  return findEnvBlocks(text).reduce((rest, { start, end }) => {
    const lines = rest.slice(start, end).replaceAll(/[^\n]/g, '')
    return rest.slice(0, start) + lines + ' '.repeat(end - start - lines.length) + rest.slice(end)
  }, text)
}
