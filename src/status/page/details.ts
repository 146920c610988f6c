import type { ProcessReport, ServiceReport, StatusReport } from '../report.ts'
import { el } from './dom.ts'
import { copyButton } from './parts.ts'
import { historyChart } from './spark.ts'
import { keyOf, type View } from './view.ts'
import { age } from './words.ts'

/** Everything that is known of one service. */
export function details(service: ServiceReport, report: StatusReport, view: View): HTMLElement {
  return el(
    'div',
    { class: 'details' },
    chosen(service, report, view),
    state(service, report),
    variables(service, view),
    commands(service, report, view),
    actions(service),
  )
}

function block(
  title: string,
  ...content: (HTMLElement | string | false | undefined)[]
): HTMLElement {
  return el('div', { class: 'block', 'data-key': title }, el('h4', {}, title), content)
}

/** Why it has its port: every candidate, as soon as that is fetched. */
function chosen(service: ServiceReport, { reader }: StatusReport, view: View): HTMLElement {
  const title = 'How it was chosen'
  const found = view.explanations.get(keyOf(service))
  if (reader === 'remote') {
    return block(
      title,
      el(
        'p',
        {},
        `By "${service.source ?? 'another process'}". The rest is shown at the machine itself.`,
      ),
    )
  }
  if (found === undefined || typeof found === 'string') {
    return block(title, el('p', {}, found ?? service.how ?? ''))
  }
  const rows = found.attempts.map(({ ports, source, text }) =>
    el(
      'tr',
      { class: text === 'chosen' ? 'chosen' : undefined },
      el('th', { scope: 'row' }, el('code', {}, ports)),
      el('td', {}, source),
      el('td', {}, text),
    ),
  )
  const head = ['Port', 'From', 'What came of it'].map((name) => el('th', { scope: 'col' }, name))
  return block(
    title,
    el('p', {}, found.headline),
    rows.length > 0 &&
      el(
        'table',
        { class: 'attempts' },
        el('thead', { class: 'visually-hidden' }, el('tr', {}, head)),
        el('tbody', {}, rows),
      ),
  )
}

function state(
  { owner, since, health, process }: ServiceReport,
  report: StatusReport,
): HTMLElement {
  const { at } = report
  const { pid, command, container } = owner ?? {}
  const facts: [string, string | undefined][] = [
    ['Process', command ?? (pid === undefined ? undefined : 'of another user')],
    ['Pid', pid === undefined ? undefined : String(pid)],
    ['Container', container],
    ['Reserved', since === undefined ? undefined : ago(Date.parse(since), at)],
    ['Started here', process && processText(process, at)],
    ['Last exit', process?.exitCode === undefined ? undefined : `code ${process.exitCode}`],
    ['Restarts', process && process.restarts > 0 ? String(process.restarts) : undefined],
    ['Served by', health?.servedBy],
    ['Health', health && `${health.state}, ${health.reason ?? `since ${ago(health.since, at)}`}`],
  ]
  const known = facts.filter(([, value]) => value !== undefined)
  return block(
    'State',
    known.length > 0
      ? el(
          'dl',
          { class: 'facts' },
          known.map(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]),
        )
      : el('p', {}, 'Nothing is running for it.'),
    health && health.history.length > 0 && historyChart(health.history),
  )
}

function processText({ state, since, reason }: ProcessReport, now: number): string {
  return `${state}, ${reason ?? `since ${ago(since, now)}`}`
}

function ago(then: number, now: number): string {
  const text = age(then, now)
  return text === 'just now' ? text : `${text} ago`
}

function variables({ variables: all }: ServiceReport, view: View): HTMLElement | undefined {
  if (all.length === 0) return undefined
  const lines = all.map(({ name, value }) => `${name}=${value}`)
  return block(
    'Variables',
    el(
      'ul',
      { class: 'lines' },
      all.map(({ name, value }, index) =>
        el(
          'li',
          { 'data-key': name },
          el('code', {}, el('b', {}, name), `=${value}`),
          copyButton(lines[index] ?? '', name, view),
        ),
      ),
    ),
    lines.length > 1
      ? copyButton(`${lines.join('\n')}\n`, 'all variables', view, 'Copy all')
      : undefined,
  )
}

function commands(
  { service, start, state }: ServiceReport,
  { reader }: StatusReport,
  view: View,
): HTMLElement | undefined {
  if (reader === 'remote' || state === 'shared') return undefined
  const all = [start, `npx ports explain ${service}`, `npx ports wait ${service}`]
  return block(
    'Commands',
    el(
      'ul',
      { class: 'lines' },
      all.map((command) =>
        command === undefined
          ? undefined
          : el(
              'li',
              { 'data-key': command },
              el('code', {}, command),
              copyButton(command, 'the command', view),
            ),
      ),
    ),
  )
}

const LABELS = { move: 'Move to another port…', release: 'Release…', restart: 'Restart…' } as const

function actions({ service, port, actions: all }: ServiceReport): HTMLElement | undefined {
  if (all.length === 0) return undefined
  return el(
    'div',
    { class: 'actions', 'data-key': 'actions' },
    all.map((action) =>
      el(
        'button',
        {
          type: 'button',
          class: `button${action === 'release' ? ' danger' : ''}`,
          'data-do': 'ask',
          'data-key': action,
          'data-action': action,
          'data-service': service,
          'data-port': port,
        },
        LABELS[action],
      ),
    ),
  )
}
