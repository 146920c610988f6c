import type { Finding } from '../finding.ts'

/** A managed block, and what runs. */
export interface BlockFacts {
  /** Absolute path of the env file. */
  readonly file: string
  readonly variables: ReadonlyMap<string, string>
  /** Port of each of them that is about one. */
  readonly ports: ReadonlyMap<string, number>
  /** Live services of that root: variables that they have by default, with the live port. */
  readonly live: ReadonlyMap<string, { readonly service: string; readonly port: number }>
  /** Live ports of that root. */
  readonly own: ReadonlySet<number>
  /** Live ports of other checkouts, and whose they are. */
  readonly others: ReadonlyMap<number, string>
}

/** Variables that lead to a port which is not that service's any more. */
export function checkEnvBlock({ file, ports, live, own, others }: BlockFacts): Finding[] {
  return [...ports].flatMap(([name, port]): Finding[] => {
    const common = { code: 'env-block', severity: 'warning', file, port } as const
    const running = live.get(name)
    if (running && running.port !== port) {
      return [
        {
          ...common,
          service: running.service,
          message: `${name} is ${port} in ${file}, but "${running.service}" runs on ${running.port}.`,
          fix: 'Restart the dev server, which writes it; `ports env` has the values that are true now.',
        },
      ]
    }
    const other = own.has(port) ? undefined : others.get(port)
    if (other === undefined) return []
    return [
      {
        ...common,
        message: `${name} is ${port} in ${file}, which now belongs to ${other}.`,
        fix: 'Start the dev server of this project, which chooses another port and writes it.',
      },
    ]
  })
}
