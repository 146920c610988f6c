import { services } from '~ports'
import { formatMs } from '../../shared/format.ts'
import { escapeHtml } from '../../shared/html.ts'
import { type Note, renderRack } from '../../shared/rack.ts'
import type { Facts } from './facts.ts'

// Change a word below and save: the browser shows it without a reload, and so does the next response.
const HEADLINE = 'Early is fine.'

const NOTES: Record<string, Note> = {
  web: { about: 'A Node server, Vite inside', state: 'up', label: 'serving', link: true },
  hmr: { about: 'Hot updates, on a port of their own', state: 'up', label: 'serving', link: false },
}

/** The page's changing part, from the same facts on the server and in the browser. */
export function renderView({ viteMs, adoptedMs, early }: Facts): string {
  const steps = [
    [0, 'The port is reserved: a socket is bound, and connections may come.'],
    [early.sentMs, 'A request comes. There is no server yet, so it waits in the socket.'],
    [viteMs, 'Vite is loaded. Its hot updates have a port of their own.'],
    [adoptedMs, 'The server adopts the socket, and with it everybody who waits.'],
    [early.answeredMs, `The request is answered: ${early.status}.`],
  ] as const
  return [
    `<section class="hero"><h1>${escapeHtml(HEADLINE)}</h1>`,
    `<p>This server's port was bound before the server was loaded. Whoever came in the meantime waited instead of failing.</p></section>`,
    `<section class="rack" aria-label="Services">${renderRack(services, NOTES)}</section>`,
    `<div class="panels"><section class="panel wide" aria-labelledby="early-title">`,
    `<h2 id="early-title">Asked before there was a server</h2>`,
    `<p class="figure"><strong>${formatMs(early.answeredMs - early.sentMs)}</strong> from asking to the answer</p>`,
    `<ol class="steps">${steps.map(([ms, text]) => step(ms, text)).join('')}</ol></section>`,
    `<section class="panel slim" aria-labelledby="twice-title">`,
    `<h2 id="twice-title">Rendered twice</h2>`,
    `<p>The server wrote this part of the page with the ports from <code>~ports</code>. Then the browser rendered it again and compared.</p>`,
    `<dl class="facts"><div><dt>On the server</dt><dd data-field="server">–</dd></div>`,
    `<div><dt>In the browser</dt><dd data-field="browser">–</dd></div></dl></section></div>`,
  ].join('')
}

function step(ms: number, text: string): string {
  return `<li><span class="when">+ ${ms} ms</span><p>${escapeHtml(text)}</p></li>`
}
