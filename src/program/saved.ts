import { PortsOptionError } from '../errors.ts'
import { isJson } from '../options/json.ts'
import { isPlainObject } from '../options/plain-object.ts'
import { showPath } from '../options/show.ts'
import { validateOptions } from '../options/validate.ts'
import { readEnvFile } from '../output/env-read.ts'
import type { Options } from '../types.ts'
import { writeFileAtomicSync } from '../utils/atomic-write.ts'
import { findJsonError } from '../utils/json-place.ts'

/** Name of the file when the caller names none, in the root. */
export const SAVED_FILE = 'ports.saved.json'

/** Says whose the file is, for people as well. */
const FORMAT = 'unplugin-ports/saved'
const VERSION = 1

/**
 * Writes a configuration, atomically. A file that is damaged or not ours is left alone.
 *
 * @throws PortsOptionError when it is, or when an option is nothing that JSON can say.
 */
export function writeSaved(file: string, options: Options): void {
  for (const [path, value] of settingsOf(options)) {
    if (value === undefined || isJson(value)) continue
    throw new PortsOptionError(
      `${showPath(path)}: can't be saved, as JSON can't say it; nothing was written.`,
    )
  }
  readFile(file)
  const content = { format: FORMAT, version: VERSION, options }
  try {
    writeFileAtomicSync(file, Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`))
  } catch (error) {
    throw new PortsOptionError(`${file}: can't be written: ${(error as Error).message}`)
  }
}

/**
 * Reads what {@link writeSaved} wrote.
 *
 * @returns `undefined` when there is no such file.
 * @throws PortsOptionError that names the file, and the line or the option.
 */
export function readSaved(file: string): Options | undefined {
  const options = readFile(file)
  if (options === undefined) return undefined
  try {
    return validateOptions(options)
  } catch (error) {
    if (!(error instanceof PortsOptionError)) throw error
    throw new PortsOptionError(error.message.replaceAll(/^/gm, `${file}: `))
  }
}

function readFile(file: string): unknown {
  const content = readEnvFile(file)
  if ('reason' in content) throw new PortsOptionError(`${file}: can't be read: ${content.reason}.`)
  if (content.text === undefined) return undefined
  const text = Buffer.from(content.text, 'latin1').toString('utf8')
  const place = findJsonError(text)
  if (place) {
    throw new PortsOptionError(
      `${file}:${place.line}:${place.column}: no JSON from here on. Repair or remove the file, or name another.`,
    )
  }
  const saved: unknown = JSON.parse(text)
  if (!isPlainObject(saved) || saved.format !== FORMAT) {
    throw new PortsOptionError(
      `${file}: not a file that save() wrote ("format" is not "${FORMAT}"), so it is left alone. Name another.`,
    )
  }
  if (saved.version !== VERSION) {
    throw new PortsOptionError(
      `${file}: version ${JSON.stringify(saved.version)} of the format, and this package knows ${VERSION}. Update unplugin-ports, or name another file.`,
    )
  }
  if (!isPlainObject(saved.options)) {
    throw new PortsOptionError(`${file}: "options" is missing. Repair or remove the file.`)
  }
  return saved.options
}

/** Every option by its path; services' options one by one. */
function* settingsOf(options: Options): Generator<[path: string[], value: unknown]> {
  for (const [key, value] of Object.entries(options)) {
    if (key !== 'services') yield [[key], value]
  }
  for (const [name, service] of Object.entries(options.services ?? {})) {
    if (!isPlainObject(service)) continue
    for (const [key, value] of Object.entries(service)) yield [['services', name, key], value]
  }
}
