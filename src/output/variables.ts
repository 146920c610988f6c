import type { FileVariable } from '../options/wishes.ts'
import type { ResolvedEnvNames } from '../options/resolved.ts'
import type { Protocol } from '../types.ts'

/** An allocation as the env block sees it. */
export interface PublishedService {
  readonly service: string
  readonly port: number
  readonly protocol?: Protocol
  /** Instead of the port. */
  readonly path?: string | undefined
  readonly url: string
  readonly env: ResolvedEnvNames
}

/** The block's variables, and what people should know about their own ones. */
export interface BlockVariables {
  readonly variables: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
}

/** Name and value of every variable of one service, before prefixes. */
export function serviceVariables(service: PublishedService): [name: string, value: string][] {
  const { env, port, path, url } = service
  return [
    ...env.port.map((name): [string, string] => [name, path ?? String(port)]),
    ...env.url.map((name): [string, string] => [name, url]),
    ...env.target.map((name): [string, string] => [name, url]),
  ]
}

/**
 * What the managed block should say.
 *
 * A port that the user set elsewhere is in the block too, with the port that was really had; a URL
 * or target that the user set elsewhere is the user's and stays out of the block. Both are reported
 * when they differ.
 *
 * @param blockFile Name of the file that has the block, for people.
 */
export function blockVariables(
  services: readonly PublishedService[],
  prefix: string | undefined,
  users: readonly FileVariable[],
  blockFile: string,
): BlockVariables {
  const variables = new Map<string, string>()
  const warnings: string[] = []
  for (const service of services) {
    for (const [name, value] of serviceVariables(service)) {
      const own = users.findLast((variable) => variable.name === name)
      const isPort = service.env.port.includes(name)
      if (own && own.value !== value) {
        warnings.push(
          isPort
            ? `${name} is ${own.value} in ${own.file}:${own.line}, but "${service.service}" got ${value}: ${blockFile} says so.`
            : `${name} is set in ${own.file}:${own.line} and left alone; "${service.service}" is at ${value}.`,
        )
        if (!isPort) continue
      }
      variables.set(name, value)
      // The prefix is for code in the browser, which can't open a socket's path.
      if (prefix && service.path === undefined && !name.startsWith(prefix))
        variables.set(prefix + name, value)
    }
  }
  return { variables, warnings }
}
