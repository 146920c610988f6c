import { statSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { scanEnv } from '../output/env-scan.ts'
import { readEnvText } from '../output/env-file.ts'
import type { Values } from './template.ts'

/** Names in the order in which Compose looks for them. */
const NAMES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
]

/** Whose compose files are wanted. */
export interface ComposeQuery {
  /** Absolute; relative paths count from here. */
  readonly directory: string
  /** Of the process: `COMPOSE_FILE`, `COMPOSE_PROFILES`, and what the files' variables say. */
  readonly env: Values
  /** As with `-f`; relative paths count from the directory. Default: what `COMPOSE_FILE` says, else the usual names. */
  readonly files?: readonly string[]
  /** As with `--profile`, besides `COMPOSE_PROFILES`. */
  readonly profiles?: readonly string[]
  /** As with `--project-directory`: where `.env` lies. Default: that of the first file. */
  readonly projectDirectory?: string
  /** As with `--env-file`, instead of `.env`. */
  readonly envFiles?: readonly string[]
}

/** The files of a project, and what counts in them. */
export interface ComposePlace {
  readonly directory: string
  /** Absolute, the one that wins last. They need not exist when somebody named them. */
  readonly files: readonly string[]
  readonly envFiles: readonly string[]
  /** The environment over the env files. */
  readonly values: Values
  readonly profiles: ReadonlySet<string>
}

/** Finds the compose files as Compose would; `undefined` where there are none. */
export function findComposeFiles(query: ComposeQuery): ComposePlace | undefined {
  const { directory, env } = query
  // `.env` may name the files, and lies beside them when it doesn't.
  const [early] = readValues(envFilesIn(query, directory), env)
  const named = query.files ?? splitFiles(early)
  const files = named ? named.map((file) => resolve(directory, file)) : usualFiles(directory)
  const [first] = files
  if (first === undefined) return undefined
  const project = resolve(directory, query.projectDirectory ?? dirname(first))
  const [values, envFiles] = readValues(envFilesIn(query, project), env)
  const said = (values.COMPOSE_PROFILES ?? '').split(',').map((name) => name.trim())
  const profiles = new Set([...(query.profiles ?? []), ...said].filter(Boolean))
  return { directory: project, files, envFiles, values, profiles }
}

/** Where the files are looked for when nothing but the query names them, there or not. */
export function composePlaces(query: ComposeQuery): string[] {
  const { directory } = query
  const usual = [...NAMES, ...OVERRIDES].map((name) => join(directory, name))
  const files = query.files?.map((file) => resolve(directory, file)) ?? usual
  const project = resolve(directory, query.projectDirectory ?? dirname(files[0] ?? '.'))
  return [...files, ...envFilesIn(query, project)]
}

function envFilesIn({ envFiles, directory }: ComposeQuery, project: string): string[] {
  return envFiles ? envFiles.map((file) => resolve(directory, file)) : [join(project, '.env')]
}

function readValues(files: readonly string[], env: Values): [values: Values, files: string[]] {
  const values: Record<string, string | undefined> = {}
  for (const file of files) {
    // What the last run wrote is nobody's wish, and is left out.
    for (const { name, value } of scanEnv(readEnvText(file) ?? '')) values[name] = value
  }
  const set = Object.entries(env).filter(([, value]) => value !== undefined)
  return [{ ...values, ...Object.fromEntries(set) }, [...files]]
}

function splitFiles({
  COMPOSE_FILE: files,
  COMPOSE_PATH_SEPARATOR: separator = delimiter,
}: Values): string[] | undefined {
  return files ? files.split(separator).filter(Boolean) : undefined
}

function usualFiles(directory: string): string[] {
  const [file] = existing(directory, NAMES)
  const [override] = existing(directory, OVERRIDES)
  return file === undefined ? [] : [file, ...(override === undefined ? [] : [override])]
}

function existing(directory: string, names: readonly string[]): string[] {
  return names
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false)
}
