import { win32 } from 'node:path'
import { runTool, type RunTool } from '../../net/owners/run-tool.ts'
import { systemRootOf } from '../../net/owners/system-root.ts'
import type { Range } from '../../options/resolved.ts'

const TIMEOUT_MS = 3000
/** A row of two ports, in whatever language the words around it are; a `*` stands behind managed ones. */
const ROW = /^\s*(\d{1,5})\s+(\d{1,5})\s*\*?\s*$/gm

/** The TCP ports that Windows keeps for itself; none elsewhere or where it does not say. */
export async function gatherExcludedRanges(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  run: RunTool = runTool,
): Promise<Range[]> {
  if (platform !== 'win32') return []
  const netsh = win32.join(systemRootOf(env), 'System32', 'netsh.exe')
  const families = ['ipv4', 'ipv6']
  const texts = await Promise.all(
    families.map((family) =>
      run(netsh, ['int', family, 'show', 'excludedportrange', 'protocol=tcp'], {
        timeoutMs: TIMEOUT_MS,
      }),
    ),
  )
  const ranges = texts.flatMap((text) => parseExcludedRanges(text ?? ''))
  return [...new Map(ranges.map((range) => [`${range.from}-${range.to}`, range])).values()]
}

/** The ranges in what `netsh` prints. */
export function parseExcludedRanges(text: string): Range[] {
  return Array.from(text.matchAll(ROW), ([, from, to]) => ({
    from: Number(from),
    to: Number(to),
  })).filter(({ from, to }) => from >= 1 && from <= to && to <= 65_535)
}
