import type { ServiceOptions } from '../../types.ts'

/** A service that a project seems to have. */
export interface Suggestion {
  readonly name: string
  readonly options: ServiceOptions
  /** What it was seen by, for people: `script "dev" of packages/web`. */
  readonly seenBy: string
  /** Certain enough to be started unasked. */
  readonly sure: boolean
}

/** Finds services in one kind of file. Gives an empty list where there are none; never rejects for files that are not as expected. */
export type ProjectSource = (
  root: string,
  env: Readonly<Record<string, string | undefined>>,
) => Promise<readonly Suggestion[]>

/** What all sources see, each name once: the first source that sees a service has the word. */
export async function suggestServices(
  root: string,
  sources: readonly ProjectSource[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Suggestion[]> {
  const found = new Map<string, Suggestion>()
  for (const source of sources) {
    for (const suggestion of await source(root, env)) {
      if (!found.has(suggestion.name)) found.set(suggestion.name, suggestion)
    }
  }
  return [...found.values()]
}
