import { stripVTControlCharacters } from 'node:util'
import type { ProcessState, ServiceProcess } from '../types.ts'
import type { Colors } from './terminal.ts'

/** What the keyboard is asked at the moment. */
export type Question = 'restart' | undefined

const MARKS: Record<
  ProcessState,
  readonly [mark: string, color: 'green' | 'yellow' | 'red' | 'dim']
> = {
  waiting: ['○', 'dim'],
  starting: ['◌', 'yellow'],
  running: ['●', 'green'],
  restarting: ['◌', 'yellow'],
  stopping: ['◌', 'dim'],
  stopped: ['○', 'dim'],
  failed: ['✕', 'red'],
  elsewhere: ['●', 'dim'],
}

/** One line with every service and the keys, cut to fit `width` columns. */
export function renderStatusLine(
  processes: readonly Pick<ServiceProcess, 'service' | 'state'>[],
  question: Question,
  width: number,
  colors: Colors,
): string {
  const services = processes.map(({ service, state }, index) => {
    const [mark, color] = MARKS[state]
    const label = question ? `${keyOf(index)} ${service}` : service
    return `${colors[color](mark)} ${label}`
  })
  const keys = question
    ? `${colors.bold('restart which?')} a all, esc none`
    : colors.dim('r restart  o open  s status  q quit')
  const full = ` ${services.join('  ')}  ${keys}`
  if (stripVTControlCharacters(full).length < width) return full
  const marks = processes.map(({ state }) => colors[MARKS[state][1]](MARKS[state][0])).join('')
  const short = question ? full : ` ${marks}  ${keys}`
  if (stripVTControlCharacters(short).length < width) return short
  return stripVTControlCharacters(short).slice(0, Math.max(0, width - 1))
}

/** The key that means the service at that place: 1 to 9, then b, c, and so on. */
export function keyOf(index: number): string {
  // "a" means all of them.
  return index < 9 ? String(index + 1) : String.fromCharCode('b'.charCodeAt(0) + index - 9)
}
