import { existsSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { loadOptions } from '../config/load.ts'
import { selfAndParents } from '../utils/checkout.ts'
import { describeFileError } from '../utils/file-error.ts'
import { readText } from '../utils/read-text.ts'
import { addPlugin } from './add-plugin.ts'
import {
  bundlerOfFile,
  findBundlerFiles,
  INIT_BUNDLERS,
  type BundlerFile,
  type InitBundler,
} from './bundler-files.ts'
import { addDevScript } from './dev-script.ts'
import { planIgnoreRule } from './ignore-rule.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { newConfig } from './new-config.ts'
import { findPackageManager, installArguments, type PackageManager } from './package-manager.ts'
import { findRecipe } from './recipes.ts'

/** A file that is to be written. */
export interface FileChange {
  /** Absolute. */
  readonly path: string
  /** `undefined`: it does not exist yet. */
  readonly before: string | undefined
  readonly after: string
}

/** What `ports init` would do in a directory. */
export interface InitPlan {
  /**
   * `'change'`: {@link InitPlan.changes} are to be written. `'already'`: the plugin is there.
   * `'paste'`: the config can't be changed safely. `'recipe'`: no plugin fits, something else does.
   * `'unknown'`: nothing here is known.
   */
  readonly kind: 'change' | 'already' | 'paste' | 'recipe' | 'unknown'
  /** As people write it. */
  readonly bundler?: string
  /** The config file, absolute. */
  readonly config?: string
  readonly changes: readonly FileChange[]
  /** For people: why nothing is changed. */
  readonly why?: string
  /** With `'paste'`: the lines that belong into the config; with `'recipe'`: what to do instead. */
  readonly advice?: string
  /** Things to know besides; one sentence each. */
  readonly notes: readonly string[]
  /** The package manager, where this package is not installed yet. */
  readonly installWith?: PackageManager
}

/**
 * Looks what `ports init` can do in `dir`. Changes nothing.
 *
 * @param named A config file that the user named, absolute; default: the one of the only bundler.
 */
export async function planInit(dir: string, named?: string): Promise<InitPlan> {
  const manifest = readManifest(dir)
  const installWith = isInstalled(dir, manifest) ? undefined : findPackageManager(dir)
  const base = { changes: [], notes: [], ...(installWith && { installWith }) }
  const found = named === undefined ? findBundlerFiles(dir) : filesNamed(named)
  const [file, other] = found
  if (file && !other) return { ...base, ...(await planChange(dir, file, manifest)) }
  if (file) {
    const names = found.map(({ path }) => basename(path)).join(' and ')
    return {
      ...base,
      kind: 'unknown',
      why: `Here are ${names}: say which one, as in \`ports init ${basename(file.path)}\`.`,
    }
  }
  if (named !== undefined) {
    const known = INIT_BUNDLERS.map(({ title }) => title).join(', ')
    const why = `${relative(dir, named)} is no config of a bundler that is known by its name (${known}).`
    return { ...base, kind: 'unknown', why }
  }
  const recipe = manifest && findRecipe(manifest.dependencies)
  if (recipe) {
    const why = `${recipe.title} starts its dev server by itself.`
    return { ...base, kind: 'recipe', bundler: recipe.title, why, advice: recipe.advice }
  }
  const fresh = manifest && newConfig(dir, manifest)
  if (fresh) {
    const { bundler, path, text } = fresh
    const changes = [{ path, before: undefined, after: text }]
    const planned = await withRest(dir, bundler, manifest, changes)
    return { ...base, kind: 'change', bundler: bundler.title, config: path, ...planned }
  }
  return {
    ...base,
    kind: 'unknown',
    why: `${dir} has no config of Vite, webpack, Rspack, Rsbuild or Farm. For any other server: \`ports run --name api <command>\`.`,
  }
}

function filesNamed(path: string): BundlerFile[] {
  const bundler = bundlerOfFile(path)
  return bundler ? [{ bundler, path }] : []
}

type Planned = Omit<InitPlan, 'installWith'>

async function planChange(
  dir: string,
  { bundler, path }: BundlerFile,
  manifest: Manifest | undefined,
): Promise<Planned> {
  const base = { bundler: bundler.title, config: path, changes: [], notes: [] }
  const refuse = (why: string): Planned => ({
    ...base,
    kind: 'paste',
    why: `${relative(dir, path)} is not changed: ${why}.`,
    advice: `import ports from '${bundler.entry}'\n\nplugins: [ports()]`,
  })
  let before: string
  try {
    before = readText(path)
  } catch (error) {
    return refuse(describeFileError(error))
  }
  const added = await addPlugin(before, bundler.entry)
  if ('already' in added) {
    return { ...base, kind: 'already', why: `${relative(dir, path)} has the plugin already.` }
  }
  if ('refused' in added) return refuse(added.refused)
  const changes = [{ path, before, after: added.text }]
  return { ...base, kind: 'change', ...(await withRest(dir, bundler, manifest, changes)) }
}

/** With the dev script that is missing, and the ignore rule. */
async function withRest(
  dir: string,
  { dev }: InitBundler,
  manifest: Manifest | undefined,
  config: readonly FileChange[],
): Promise<Pick<InitPlan, 'changes' | 'notes'>> {
  const script = manifest && (await addDevScript(manifest, dev))
  const path = join(dir, 'package.json')
  const changes =
    manifest && script !== undefined
      ? [...config, { path, before: manifest.text, after: script }]
      : config
  return withIgnoreRule(dir, changes)
}

async function withIgnoreRule(
  dir: string,
  changes: readonly FileChange[],
): Promise<Pick<InitPlan, 'changes' | 'notes'>> {
  const envFile = await envFileOf(dir)
  if (envFile === undefined) return { changes, notes: [] }
  const rule = await planIgnoreRule(join(dir, envFile))
  if (rule.kind === 'nothing') return { changes, notes: [] }
  if (rule.kind === 'add') {
    const { path, before, after } = rule
    return { changes: [...changes, { path, before, after }], notes: [] }
  }
  const note = `git tracks ${envFile}, which will differ in every checkout: \`git rm --cached ${envFile}\`.`
  return { changes, notes: [note] }
}

/** The file that the plugin will write; `undefined` when it writes none. */
async function envFileOf(root: string): Promise<string | undefined> {
  try {
    const { options } = await loadOptions({ root, given: undefined })
    const env = options?.env
    if (env === false) return undefined
    return (typeof env === 'object' ? env.file : undefined) ?? DEFAULT_ENV_FILE
  } catch {
    // A broken ports.config is told of at the next start; nobody asked about it here.
    return DEFAULT_ENV_FILE
  }
}

const DEFAULT_ENV_FILE = '.env.local'

function isInstalled(dir: string, manifest: Manifest | undefined): boolean {
  if (manifest?.dependencies.has('unplugin-ports')) return true
  return [...selfAndParents(dir)].some((place) =>
    existsSync(join(place, 'node_modules/unplugin-ports/package.json')),
  )
}

/** The command line that installs this package. */
export function installCommand(manager: PackageManager): string {
  return [manager, ...installArguments(manager)].join(' ')
}
