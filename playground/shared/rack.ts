import { escapeHtml } from './html.ts'

/** A service as `~ports` names it. */
export interface Address {
  readonly port: number
  readonly url: string
}

/** What the page says of a service beside its port. */
export interface Note {
  readonly about: string
  /** `'up'`: it serves. `'shared'`: it rides on another service's port. `'wait'`: not known yet. */
  readonly state: 'up' | 'shared' | 'wait'
  readonly label: string
  /** A person may open the URL. */
  readonly link: boolean
}

/** One cell for each service in the order of `notes`; runs on the server and in the browser. */
export function renderRack(
  services: Readonly<Record<string, Address | undefined>>,
  notes: Readonly<Record<string, Note>>,
): string {
  return Object.entries(notes)
    .map(([name, note]) => {
      const address = services[name]
      return address ? renderPort(name, address, note) : ''
    })
    .join('')
}

function renderPort(name: string, { port, url }: Address, note: Note): string {
  const where = note.link
    ? `<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>`
    : escapeHtml(url.replace(/^http/, 'ws'))
  return [
    `<article class="port" data-service="${escapeHtml(name)}" data-state="${note.state}">`,
    `<header><h2>${escapeHtml(name)}</h2><p class="state">${escapeHtml(note.label)}</p></header>`,
    `<p class="number">${port}</p>`,
    `<p class="about">${escapeHtml(note.about)}</p>`,
    `<p class="where">${where}</p>`,
    `</article>`,
  ].join('')
}
