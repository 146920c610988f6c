import type { RunTool } from './run-tool.ts'
import { MAX_PORT } from '../../options/ranges.ts'
import { stripControls } from '../../utils/strip-controls.ts'

/** A running container that has a port of this machine. */
export interface Container {
  readonly name: string
  readonly image: string
  /** Port inside of the container. */
  readonly containerPort: number
  /** Project and service of Docker Compose, when it started the container. */
  readonly compose?: { readonly project: string; readonly service: string }
  /** Directory of the Compose project. */
  readonly directory?: string
}

/** A daemon that does not answer in this time is not waited for, in milliseconds. */
const TIMEOUT_MS = 1500
const ARGS = ['ps', '--no-trunc', '--format', '{{json .}}']

/** `0.0.0.0:3000-3002->80-82/tcp`, `[::]:5432->5432/tcp`. */
const PUBLISHED = /(?:^|, )\S*?:(\d+)(?:-(\d+))?->(\d+)(?:-\d+)?\/tcp/g

/**
 * The running containers by the port of this machine that they have.
 *
 * @param docker Path of the docker CLI.
 * @returns Nothing when its daemon can't be asked.
 */
export async function findContainers(
  docker: string,
  run: RunTool,
): Promise<Map<number, Container>> {
  return parseDockerPs((await run(docker, ARGS, { timeoutMs: TIMEOUT_MS })) ?? '')
}

/** Each port of a machine is published at most once for each of its addresses; nobody lists more. */
const MAX_PUBLISHED = 4 * MAX_PORT

/** Parses `docker ps --no-trunc --format '{{json .}}'`: one JSON object on each line. */
export function parseDockerPs(output: string): Map<number, Container> {
  const containers = new Map<number, Container>()
  let left = MAX_PUBLISHED
  for (const line of output.split('\n')) {
    const { Names, Image, Ports, Labels } = parseLine(line)
    if (typeof Names !== 'string' || typeof Ports !== 'string') continue
    const facts = {
      name: stripControls(Names.split(',')[0] ?? Names),
      image: typeof Image === 'string' ? stripControls(Image) : '',
      ...composeFacts(typeof Labels === 'string' ? Labels : ''),
    }
    for (const [, from = '', to = from, inside] of Ports.matchAll(PUBLISHED)) {
      const last = Math.min(Number(to), MAX_PORT)
      for (let port = Number(from); port <= last && left > 0; port++, left--) {
        const containerPort = Number(inside) + port - Number(from)
        containers.set(port, { ...facts, containerPort })
      }
    }
  }
  return containers
}

function composeFacts(labels: string): Pick<Container, 'compose' | 'directory'> {
  const label = (name: string): string | undefined => {
    // Values are not escaped; a comma inside of one is followed by no name with an equals sign.
    const start = `${labels},`.match(
      new RegExp(`(?:^|,)com\\.docker\\.compose\\.${name}=(.*?),(?=[\\w./-]+=|$)`),
    )
    return start?.[1] && stripControls(start[1])
  }
  const [project, service, directory] = [
    label('project'),
    label('service'),
    label('project\\.working_dir'),
  ]
  return {
    ...(project && service && { compose: { project, service } }),
    ...(directory && { directory }),
  }
}

function parseLine(line: string): Record<string, unknown> {
  // An empty line, or a warning of the CLI; an error for each would cost more than all the rest.
  if (!line.startsWith('{')) return {}
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    // A warning of the CLI.
    return {}
  }
}
