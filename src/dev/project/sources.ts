import { basename, join } from 'node:path'
import { findComposeFiles } from '../../compose/find-files.ts'
import { readText } from '../../utils/read-text.ts'
import { packageDirectories } from './workspace.ts'
import { readManifest } from './manifest.ts'
import { nameOfScript, scriptServices } from './package-services.ts'
import type { ProjectSource, Suggestion } from './suggestion.ts'

/** Every package of a workspace with a script that starts a server. */
const workspacePackages: ProjectSource = async (root) => {
  const found: Suggestion[] = []
  for (const place of await packageDirectories(root)) {
    const manifest = readManifest(join(root, place))
    const services = manifest ? scriptServices(join(root, place), manifest) : []
    for (const [index, service] of services.entries()) {
      const own = serviceName(basename(place))
      found.push({
        name: index === 0 ? own : `${own}-${nameOfScript(service)}`,
        options: { ...service.options, cwd: place },
        seenBy: `script "${service.script}" of ${place}`,
        sure: service.sure,
      })
    }
  }
  return found
}

/** The scripts of the directory's own package. */
const ownScripts: ProjectSource = async (root) => {
  const manifest = readManifest(root)
  if (!manifest) return []
  return scriptServices(root, manifest).map((service) => ({
    name: nameOfScript(service),
    options: service.options,
    seenBy: `script "${service.script}"`,
    sure: service.sure,
  }))
}

const SERVER_FILES = ['server', 'api', 'app', 'index'].flatMap((name) =>
  ['js', 'mjs', 'cjs', 'ts', 'mts'].flatMap((extension) => [
    `${name}.${extension}`,
    `src/${name}.${extension}`,
    `server/${name}.${extension}`,
  ]),
)

/** A file that listens, in a project without a script for it. */
const serverFile: ProjectSource = async (root) => {
  const file = SERVER_FILES.find((name) => /\.listen\(|\bserve\(/.test(textOf(join(root, name))))
  if (file === undefined) return []
  const command = file.endsWith('ts') ? `tsx ${file}` : `node ${file}`
  return [{ name: 'api', options: { command }, seenBy: file, sure: true }]
}

/** Databases and the like in containers. Compose's own module is loaded only where it has a file. */
const composeFiles: ProjectSource = async (root, env) => {
  if (!findComposeFiles({ directory: root, env })) return []
  const { composeSuggestions } = await import('./compose-services.ts')
  return composeSuggestions(root, env)
}

/** Where `ports dev` looks for services when no config says any, the most telling first. */
export const PROJECT_SOURCES: readonly ProjectSource[] = [
  workspacePackages,
  ownScripts,
  serverFile,
  composeFiles,
]

function serviceName(directory: string): string {
  return directory.replace(/[^\w.-]/g, '-')
}

function textOf(file: string): string {
  try {
    return readText(file)
  } catch {
    return ''
  }
}
