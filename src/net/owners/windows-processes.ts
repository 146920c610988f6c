import type { ProcessFacts } from './types.ts'

/** PowerShell for one JSON list of processes, read by {@link parseProcessList}. Without double quotes, which would need escaping. */
export function processQuery(pids: readonly number[]): string {
  const filter = pids.map((pid) => `ProcessId=${pid}`).join(' OR ')
  const startedAt = "@{n='StartedAt';e={$_.CreationDate.ToUniversalTime().ToString('o')}}"
  return [
    // The console's code page would turn names beyond ASCII into question marks.
    '[Console]::OutputEncoding=New-Object Text.UTF8Encoding $false',
    `Get-CimInstance Win32_Process -Filter '${filter}' | Select-Object ProcessId,Name,CommandLine,${startedAt} | ConvertTo-Json -Compress`,
  ].join(';')
}

/** Parses the answer to {@link processQuery} into facts by pid; empty when it is no JSON. */
export function parseProcessList(output: string): Map<number, ProcessFacts> {
  const processes = new Map<number, ProcessFacts>()
  // ConvertTo-Json gives a single process without a list around it.
  for (const entry of [parseJson(output)].flat()) {
    if (typeof entry !== 'object' || entry === null) continue
    const { ProcessId, Name, CommandLine, StartedAt } = entry as Record<string, unknown>
    if (typeof ProcessId !== 'number') continue
    const facts: ProcessFacts = {}
    // Other users' command lines are null, their names are not.
    const command = [CommandLine, Name].find((text) => typeof text === 'string' && text !== '')
    if (typeof command === 'string') facts.command = command.trim()
    const startedAt = new Date(typeof StartedAt === 'string' ? StartedAt : Number.NaN)
    if (!Number.isNaN(startedAt.getTime())) facts.startedAt = startedAt.toISOString()
    processes.set(ProcessId, facts)
  }
  return processes
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}
