import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { recordFileName } from '../../src/memory/record-file.ts'

/** The file in which `root`'s ports are remembered, in the test's own state directory unless said otherwise. */
export function recordFile(root: string, stateDir = process.env.PORTS_STATE_DIR ?? ''): string {
  return join(stateDir, 'roots', recordFileName(root))
}

/** What is remembered for `root`; undefined when nothing is. */
export function recordOf(
  root: string,
  stateDir?: string,
): { v: number; root: string; services: Record<string, Record<string, unknown>> } | undefined {
  const file = recordFile(root, stateDir)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as never) : undefined
}

/** Makes it look as if `root` had last been used that long ago. */
export function age(root: string, ms: number): void {
  const time = (Date.now() - ms) / 1000
  utimesSync(recordFile(root), time, time)
}
