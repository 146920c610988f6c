import type { ComposeQuery } from './find-files.ts'

/** A command line of Compose, as far as it says which files count. */
export interface ComposeCall extends Pick<
  ComposeQuery,
  'files' | 'profiles' | 'projectDirectory' | 'envFiles'
> {
  /** `up`, `run`, …; absent when there is none. */
  readonly action?: string
}

/** Flags before the action that take a value, besides those that are read. */
const DOCKER_VALUES = /^(?:-c|--context|-H|--host|--config|-l|--log-level|--tls\w+)$/
const COMPOSE_VALUES = /^(?:-p|--project-name|--ansi|--parallel|--progress)$/
const FILE_FLAGS: Readonly<Record<string, 'files' | 'profiles' | 'envFiles' | 'directory'>> = {
  '-f': 'files',
  '--file': 'files',
  '--profile': 'profiles',
  '--env-file': 'envFiles',
  '--project-directory': 'directory',
}

/** What `docker compose …`, `docker-compose …` or `podman compose …` is about; `undefined` for anything else. */
export function readComposeCall(words: readonly string[]): ComposeCall | undefined {
  const start = afterCompose(words)
  if (start === undefined) return undefined
  const said = { files: [], profiles: [], envFiles: [], directory: [] } as Record<string, string[]>
  let at = start
  for (; at < words.length; at++) {
    const word = words[at] ?? ''
    if (!word.startsWith('-')) break
    const [flag = '', inline] = word.split(/=(.*)/s, 2)
    const kind = FILE_FLAGS[flag]
    if (kind) said[kind]?.push(inline ?? words[++at] ?? '')
    else if (COMPOSE_VALUES.test(flag) && inline === undefined) at++
  }
  const { files = [], profiles = [], envFiles = [], directory = [] } = said
  const action = words[at]
  const projectDirectory = directory.at(-1)
  return {
    ...(files.length > 0 && { files }),
    ...(profiles.length > 0 && { profiles }),
    ...(envFiles.length > 0 && { envFiles }),
    ...(projectDirectory !== undefined && { projectDirectory }),
    ...(action !== undefined && { action }),
  }
}

/** Index of the first word behind the name of Compose. */
function afterCompose(words: readonly string[]): number | undefined {
  const tool = (words[0] ?? '').replace(/^.*[\\/]/, '').replace(/\.exe$/i, '')
  if (tool === 'docker-compose' || tool === 'podman-compose') return 1
  if (tool !== 'docker' && tool !== 'podman') return undefined
  let at = 1
  while (words[at]?.startsWith('-')) at += DOCKER_VALUES.test(words[at] ?? '') ? 2 : 1
  return words[at] === 'compose' ? at + 1 : undefined
}
