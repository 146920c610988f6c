import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'

/**
 * The variables in an env file; none when there is no file.
 *
 * Read from the file and not from `process.env`, where a variable of the shell would win over the
 * port that the service really got.
 *
 * @returns {Record<string, string>}
 */
export function readEnvFile(file) {
  try {
    return parseEnv(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return {}
    throw error
  }
}
