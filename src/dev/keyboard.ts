import type { Question } from './status-line.ts'
import { keyOf } from './status-line.ts'

/** What a key asks for. */
export type KeyAction =
  | { readonly do: 'quit' | 'interrupt' | 'open' | 'status' | 'nothing' }
  | { readonly do: 'ask'; readonly question: Question }
  | { readonly do: 'restart'; readonly services: readonly string[] }

/** What `key` means while `question` is asked. */
export function actionFor(key: string, question: Question, services: readonly string[]): KeyAction {
  // In raw mode the terminal makes no signal of it.
  if (key === '\u0003') return { do: 'interrupt' }
  if (question === 'restart') {
    if (key === 'a' || key === 'A') return { do: 'restart', services }
    const chosen = services.find((_, index) => keyOf(index) === key.toLowerCase())
    return chosen === undefined
      ? { do: 'ask', question: undefined }
      : { do: 'restart', services: [chosen] }
  }
  switch (key.toLowerCase()) {
    case 'q':
      return { do: 'quit' }
    case 'o':
      return { do: 'open' }
    case 's':
      return { do: 'status' }
    case 'r':
      return services.length > 1 ? { do: 'ask', question: 'restart' } : { do: 'restart', services }
    default:
      return { do: 'nothing' }
  }
}
