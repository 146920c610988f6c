import { findEnvBlocks } from './env-block.ts'
import { envStatements } from './env-syntax.ts'

/** A variable that an env file sets. */
export interface EnvAssignment {
  readonly name: string
  /** As `util.parseEnv` reads it, without quotes and comment; decoded as the text was. */
  readonly value: string
  /** Line of the name; the file's first line is 1. */
  readonly line: number
}

/**
 * What the user set in an env file: every assignment outside the managed block, in order. A name
 * may occur more than once; the last one counts. Takes time linear in the length of the text.
 *
 * @param text latin1 decoding of the file
 */
export function scanEnv(text: string): EnvAssignment[] {
  const blocks = findEnvBlocks(text)
  const found: EnvAssignment[] = []
  let next = 0
  for (const { start, line, name, value } of envStatements(text)) {
    let block = blocks[next]
    while (block && block.end <= start) block = blocks[++next]
    const managed = block !== undefined && block.start <= start
    if (!managed && name !== undefined) found.push({ name, value, line })
  }
  return found
}
