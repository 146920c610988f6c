import type { ChildProcess } from 'node:child_process'
import { LineSplitter, tidyLine } from './line-splitter.ts'

/** Calls `onLine` for every whole line that a process writes; it doesn't keep this process alive. */
export function followStreams(
  child: ChildProcess,
  colors: boolean,
  onLine: (stream: 'stdout' | 'stderr', line: string) => void,
): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name]
    if (!stream) continue
    const lines = new LineSplitter((line) => onLine(name, tidyLine(line, colors)))
    stream.on('data', (chunk: Buffer) => lines.write(chunk))
    stream.on('error', () => {})
    stream.once('close', () => lines.end())
  }
}
