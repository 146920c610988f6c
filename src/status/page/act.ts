import type { ActionResult } from '../actions.ts'
import type { ActionName } from '../report.ts'
import { el } from './dom.ts'

/** What is about to be done. */
interface Plan {
  readonly action: ActionName
  readonly service: string
  readonly port: number
}

const TEXTS: Record<ActionName, (plan: Plan) => { title: string; text: string; verb: string }> = {
  move: ({ service, port }) => ({
    title: `Move ${service} to another port?`,
    text: `It leaves ${port}. Variables and proxies follow at once; a server that listens there already has to be started again.`,
    verb: 'Move',
  }),
  release: ({ service, port }) => ({
    title: `Release the port of ${service}?`,
    text: `${port || 'It'} is free for everybody then, until this server starts again. Nothing is stopped.`,
    verb: 'Release',
  }),
  restart: ({ service }) => ({
    title: `Restart ${service}?`,
    text: 'Its process is ended and started again. Requests that come meanwhile wait.',
    verb: 'Restart',
  }),
}

/** Asks whether it is meant, and does it. `say` tells what came of it. */
export function ask(plan: Plan, say: (text: string, ok: boolean) => void): void {
  const { title, text, verb } = TEXTS[plan.action](plan)
  const dialog = el(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'ask-title', 'aria-describedby': 'ask-text' },
    el(
      'form',
      { method: 'dialog' },
      el('h2', { id: 'ask-title' }, title),
      el('p', { id: 'ask-text' }, text),
      plan.action === 'move' &&
        el(
          'label',
          {},
          'New port ',
          el('input', {
            name: 'port',
            type: 'number',
            min: 1,
            max: 65_535,
            inputmode: 'numeric',
            placeholder: 'the next free one',
          }),
        ),
      el(
        'div',
        { class: 'dialog-buttons' },
        el('button', { class: 'button', value: '', formnovalidate: true }, 'Cancel'),
        el(
          'button',
          { class: 'button strong', value: 'yes', autofocus: plan.action !== 'release' },
          verb,
        ),
      ),
    ),
  ) as HTMLDialogElement
  document.body.append(dialog)
  dialog.addEventListener('close', () => {
    const typed = dialog.querySelector('input')?.value
    const sure = dialog.returnValue === 'yes'
    dialog.remove()
    if (!sure) return
    const port = plan.action === 'release' ? plan.port : Number(typed) || undefined
    void perform(plan, port || undefined).then(({ text, ok }) => say(text, ok))
  })
  dialog.showModal()
}

async function perform({ action, service }: Plan, port: number | undefined): Promise<ActionResult> {
  try {
    let response = await post(action, { service, port }, token())
    // The server may be a newer one than the page.
    if (response.status === 403)
      response = await post(action, { service, port }, await freshToken())
    const isJson = response.headers.get('content-type')?.includes('json')
    if (isJson) return (await response.json()) as ActionResult
    return { ok: false, text: (await response.text()).trim() }
  } catch {
    return { ok: false, text: 'The server did not answer.' }
  }
}

function post(action: ActionName, body: object, token: string): Promise<Response> {
  return fetch(`./actions/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-ports-token': token },
    body: JSON.stringify(body),
  })
}

function token(page: Document = document): string {
  return page.querySelector<HTMLMetaElement>('meta[name="ports-token"]')?.content ?? ''
}

async function freshToken(): Promise<string> {
  const text = await (await fetch('./')).text()
  const found = token(new DOMParser().parseFromString(text, 'text/html'))
  const own = document.querySelector<HTMLMetaElement>('meta[name="ports-token"]')
  if (own) own.content = found
  return found
}
